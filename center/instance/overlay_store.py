"""Every query about what provinces chose of the settings of capabilities."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.errors import Conflict
from capability_sdk.contracts.settings import Overlay, Value, canonical, digest_of
from center.capability.rows import CapabilityRow
from center.columns import Key, Line, LongText, UtcDateTime
from center.database import Base
from center.paging import Page, Paging, fetch_page, map_page


class OverlayRow(Base):
    """One version of a province's choice; written once, the highest version is in force."""

    __tablename__ = "overlay"

    province: Mapped[str] = mapped_column(Key, primary_key=True)
    capability: Mapped[str] = mapped_column(Key, ForeignKey(CapabilityRow.name), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[str] = mapped_column(LongText)
    """Values in the form that is digested: no engine may write a number another way."""
    digest: Mapped[str] = mapped_column(Key)
    reason: Mapped[str] = mapped_column(Line)
    changed_by: Mapped[str] = mapped_column(Key)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a province chose at one time; without values all is as the package has it."""

    province: str
    capability: str
    version: int
    values: dict[str, Value]
    reason: str
    changed_by: str
    changed_at: datetime

    @property
    def digest(self) -> str:
        """Digest of the values."""
        return digest_of(canonical(self.values))


class OverlayStore:
    """Choices of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def newest(self, province: str, capability: str) -> Choice | None:
        """Return the choice in force."""
        row = OverlayRow
        found = self._session.scalar(
            select(row)
            .where(row.province == province, row.capability == capability)
            .order_by(row.version.desc())
            .limit(1)
        )
        return None if found is None else _choice(found)

    def find(self, province: str, capability: str, version: int) -> Choice | None:
        """Return a choice of the past."""
        row = self._session.get(OverlayRow, (province, capability, version))
        return None if row is None else _choice(row)

    def page(self, province: str, capability: str, paging: Paging) -> Page[Choice]:
        """Return a page of the choices for a deployment, newest first."""
        row = OverlayRow
        mine = select(row).where(row.province == province, row.capability == capability)
        found = fetch_page(self._session, mine, paging, key=[row.version], descending=True)
        return map_page(found, _choice)

    def in_force(self, province: str) -> dict[str, Overlay]:
        """Return what a province has chosen, by capability; nothing where it has no values."""
        row = OverlayRow
        newest = (
            select(row.capability, func.max(row.version).label("version"))
            .where(row.province == province)
            .group_by(row.capability)
            .subquery()
        )
        statement = select(row.capability, row.version, row.content, row.digest).join(
            newest,
            (row.capability == newest.c.capability) & (row.version == newest.c.version),
        )
        found = self._session.execute(statement.where(row.province == province))
        return {
            capability: Overlay(version=version, values=values, digest=digest)
            for capability, version, content, digest in found
            if (values := json.loads(content))
        }

    def add(self, item: Choice) -> None:
        """Keep a new choice, which is in force from now on.

        Raises:
            Conflict: Somebody else chose at the same moment.
        """
        self._session.add(
            OverlayRow(
                province=item.province,
                capability=item.capability,
                version=item.version,
                content=canonical(item.values).decode(),
                digest=item.digest,
                reason=item.reason,
                changed_by=item.changed_by,
                changed_at=item.changed_at,
            )
        )
        try:
            self._session.flush()
        except IntegrityError as error:
            raise Conflict("Somebody else changed the settings at the same moment.") from error


def _choice(row: OverlayRow) -> Choice:
    return Choice(
        province=row.province,
        capability=row.capability,
        version=row.version,
        values=json.loads(row.content),
        reason=row.reason,
        changed_by=row.changed_by,
        changed_at=row.changed_at,
    )
