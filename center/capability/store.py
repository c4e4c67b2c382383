"""Every query about capabilities and their versions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select, true, update
from sqlalchemy.orm import Session

from center.capability.domain import LISTED, CapabilityVersion, Stage, precedence, skeleton
from center.capability.errors import CapabilityNotFound, IllegalStage, LookAlikeName, VersionExists
from center.capability.rows import CapabilityRow, CapabilityVersionRow, to_row, to_version
from center.paging import Page, Paging, fetch_page, map_page


@dataclass(frozen=True, slots=True)
class Sight:
    """Which versions somebody may see besides the listed ones.

    Attributes:
        everything: A reviewer sees every stage.
        organisation: An engineer sees every stage of the own organisation.
    """

    everything: bool = False
    organisation: str | None = None

    def clause(self) -> ColumnElement[bool]:
        """Return the condition that every query for this person carries."""
        if self.everything:
            return true()
        listed = CapabilityVersionRow.stage.in_(sorted(LISTED))
        if self.organisation is None:
            return listed
        return or_(listed, CapabilityVersionRow.organisation == self.organisation)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search asks for; empty members ask for everything.

    Attributes:
        words: Each must occur in name, titles or summary.
        domain: The exact domain.
        stage: The exact stage.
    """

    words: tuple[str, ...] = ()
    domain: str | None = None
    stage: Stage | None = None

    def clause(self) -> ColumnElement[bool]:
        """Return the condition of this search."""
        parts: list[ColumnElement[bool]] = [
            CapabilityVersionRow.search_text.contains(word.casefold(), autoescape=True)
            for word in self.words
        ]
        if self.domain is not None:
            parts.append(CapabilityVersionRow.domain == self.domain)
        if self.stage is not None:
            parts.append(CapabilityVersionRow.stage == self.stage)
        return and_(true(), *parts)


EVERYTHING = Sight(everything=True)


class CapabilityStore:
    """Capabilities and versions of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def owner_of(self, name: str) -> str | None:
        """Return the organisation that owns a name."""
        row = self._session.get(CapabilityRow, name)
        return row.owner if row else None

    def claim(self, name: str, owner: str, at: datetime) -> None:
        """Give a new name to an organisation.

        Raises:
            LookAlikeName: A name with the same skeleton exists.
        """
        alike = self._session.scalar(
            select(CapabilityRow.name).where(CapabilityRow.skeleton == skeleton(name))
        )
        if alike is not None:
            raise LookAlikeName(f"{name} looks like {alike}, which exists.", existing=alike)
        self._session.add(
            CapabilityRow(name=name, skeleton=skeleton(name), owner=owner, created_at=at)
        )
        self._session.flush()

    def add(self, item: CapabilityVersion) -> None:
        """Keep a new version.

        Raises:
            VersionExists: The number was used before.
        """
        if self._session.get(CapabilityVersionRow, (item.name, item.version)) is not None:
            raise VersionExists(
                f"{item.name} {item.version} exists; give your package the next version."
            )
        self._session.add(to_row(item))
        self._session.flush()

    def get(self, name: str, version: str, sight: Sight = EVERYTHING) -> CapabilityVersion:
        """Return a version.

        Raises:
            CapabilityNotFound: There is none, or not in this sight.
        """
        row = self._session.scalar(
            select(CapabilityVersionRow).where(
                CapabilityVersionRow.capability == name,
                CapabilityVersionRow.version == version,
                sight.clause(),
            )
        )
        if row is None:
            raise CapabilityNotFound(f"{name} {version} is not in the store.")
        return to_version(row)

    def versions(self, name: str, sight: Sight) -> list[CapabilityVersion]:
        """Return a capability's versions in this sight, newest number first.

        Raises:
            CapabilityNotFound: There is none.
        """
        found = self._by_name([name], sight.clause())
        if not found:
            raise CapabilityNotFound(f"{name} is not in the store.")
        return found[name]

    def put(self, item: CapabilityVersion, was: Stage) -> None:
        """Keep a version's next stage, if nobody else moved it meanwhile.

        Raises:
            IllegalStage: It is no longer at ``was``.
        """
        moved = self._session.execute(
            update(CapabilityVersionRow)
            .where(
                CapabilityVersionRow.capability == item.name,
                CapabilityVersionRow.version == item.version,
                CapabilityVersionRow.stage == was,
            )
            .values(
                stage=item.stage,
                comment=item.review.comment,
                reviewer=item.review.reviewer,
                release=item.review.release,
                published_at=item.review.published_at,
                withdrawn_reason=item.review.withdrawn_reason,
            )
        )
        if moved.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE's result has it
            raise IllegalStage(f"{item.name} {item.version} is no longer {was}; look again.")

    def search(self, sight: Sight, wanted: Wanted, paging: Paging) -> Page[CapabilityVersion]:
        """Return a page of capabilities by name, each by its foremost matching version."""
        condition = and_(sight.clause(), wanted.clause())
        matching = select(CapabilityVersionRow.capability).where(condition)
        page = fetch_page(
            self._session,
            select(CapabilityRow).where(CapabilityRow.name.in_(matching)),
            paging,
            key=[CapabilityRow.name],
        )
        found = self._by_name([row.name for row in page.items], condition)
        return map_page(page, lambda row: max(found[row.name], key=_standing))

    def in_review(self, paging: Paging) -> Page[CapabilityVersion]:
        """Return a page of the versions that wait for a decision."""
        row = CapabilityVersionRow
        page = fetch_page(
            self._session,
            select(row).where(row.stage == Stage.IN_REVIEW),
            paging,
            key=[row.capability, row.version],
        )
        return map_page(page, to_version)

    def has_archive(self, archive_digest: str) -> bool:
        """Tell whether any version needs an archive."""
        return (
            self._session.scalar(
                select(CapabilityVersionRow.version)
                .where(CapabilityVersionRow.archive_digest == archive_digest)
                .limit(1)
            )
            is not None
        )

    def _by_name(
        self, names: Iterable[str], condition: ColumnElement[bool]
    ) -> dict[str, list[CapabilityVersion]]:
        found: dict[str, list[CapabilityVersion]] = {}
        statement = select(CapabilityVersionRow).where(
            CapabilityVersionRow.capability.in_(names), condition
        )
        for row in self._session.scalars(statement):
            found.setdefault(row.capability, []).append(to_version(row))
        for versions in found.values():
            versions.sort(key=lambda item: precedence(item.version), reverse=True)
        return found


def _standing(item: CapabilityVersion) -> tuple[bool, tuple[int, int, int]]:
    # A deprecated version does not stand in front of a published one, whatever its number.
    return item.stage is Stage.PUBLISHED, precedence(item.version)
