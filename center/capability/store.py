"""Every query about capabilities and their versions."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from capability_sdk.contracts.packages import PackageDigests, PartDigests
from center.capability.domain import LISTED, CapabilityVersion, Stage, precedence, skeleton
from center.capability.errors import CapabilityNotFound, IllegalStage, LookAlikeName, VersionExists
from center.capability.rows import (
    CapabilityRow,
    CapabilityVersionRow,
    conditions_json,
    to_row,
    to_version,
)
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


@dataclass(frozen=True, slots=True)
class Released:
    """What a province needs of a version that it may run.

    Attributes:
        release: Compact JWS of the release statement.
    """

    digests: PackageDigests
    release: str
    parts: PartDigests | None = None


EVERYTHING = Sight(everything=True)


class CapabilityStore:
    """Capabilities and versions of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def owner_of(self, name: str) -> str | None:
        """Return the organisation that owns a name."""
        row = self._session.get(CapabilityRow, name)
        return row.owner if row else None

    def require_seen(self, name: str, sight: Sight) -> str:
        """Return the organisation that owns a capability.

        Raises:
            CapabilityNotFound: No version of it is in this sight.
        """
        row = CapabilityVersionRow
        owner = self._session.scalar(
            select(CapabilityRow.owner)
            .join(row, row.capability == CapabilityRow.name)
            .where(CapabilityRow.name == name, sight.clause())
            .limit(1)
        )
        if owner is None:
            raise CapabilityNotFound(f"{name} is not in the store.")
        return owner

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
        row = CapabilityRow(name=name, skeleton=skeleton(name), owner=owner, created_at=at)
        try:
            with self._session.begin_nested():
                self._session.add(row)
        except IntegrityError as error:
            raise LookAlikeName(f"{name}, or a name that looks like it, is being taken.") from error

    def add(self, item: CapabilityVersion) -> None:
        """Keep a new version.

        Raises:
            VersionExists: The number was used before.
        """
        row = self._session.get(CapabilityVersionRow, (item.name, item.version))
        if row is not None:
            raise _exists(item, row.package_digest)
        try:
            with self._session.begin_nested():
                self._session.add(to_row(item))
        except IntegrityError as error:
            raise _exists(item, None) from error

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

    def foremost(self, name: str, sight: Sight) -> CapabilityVersion:
        """Return the version that stands for a capability: published before any other.

        Raises:
            CapabilityNotFound: There is none in this sight.
        """
        return max(self.versions(name, sight), key=_standing)

    def page_versions(self, name: str, sight: Sight, paging: Paging) -> Page[CapabilityVersion]:
        """Return a page of a capability's versions in this sight, newest upload first.

        Raises:
            CapabilityNotFound: There is none.
        """
        row = CapabilityVersionRow
        statement = select(row).where(row.capability == name, sight.clause())
        key = [row.uploaded_at, row.version]
        page = fetch_page(self._session, statement, paging, key=key, descending=True)
        if page.total == 0:
            raise CapabilityNotFound(f"{name} is not in the store.")
        return map_page(page, to_version)

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
                conditions=conditions_json(item.review.conditions),
                review_requested_at=item.review.requested_at,
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

    def released(self, names: Collection[str]) -> dict[tuple[str, str], Released]:
        """Return every version of these capabilities that may run, by name and version."""
        row = CapabilityVersionRow
        statement = select(
            *(row.capability, row.version, row.package_digest, row.code_digest),
            *(row.weights_digest, row.parts, row.release),
        ).where(row.capability.in_(names), row.stage.in_(sorted(LISTED)))
        return {
            (name, version): Released(
                PackageDigests(package=package, code=code, weights=weights),
                release,
                None if parts is None else PartDigests.model_validate(parts),
            )
            for name, version, package, code, weights, parts, release in self._session.execute(
                statement
            )
            if release is not None
        }

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


def _exists(item: CapabilityVersion, existing: str | None) -> VersionExists:
    return VersionExists(
        f"{item.name} {item.version} exists; give your package the next version.",
        existing_digest=existing,
    )


def _standing(item: CapabilityVersion) -> tuple[bool, tuple[int, int, int]]:
    # A deprecated version does not stand in front of a published one, whatever its number.
    return item.stage is Stage.PUBLISHED, precedence(item.version)
