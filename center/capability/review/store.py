"""Every query about checklists, comments and retirements."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from center.capability.domain import Stage
from center.capability.review.checklist import Tick
from center.capability.review.domain import Anchor, Comment, Place, Retirement
from center.capability.rows import CapabilityVersionRow
from center.columns import Key, Line, LongText, UtcDateTime
from center.database import Base
from center.paging import Page, Paging, fetch_page, map_page

_OF_VERSION = [CapabilityVersionRow.capability, CapabilityVersionRow.version]


class ReviewTickRow(Base):
    """One ticked item of a version's checklist."""

    __tablename__ = "review_tick"
    __table_args__ = (ForeignKeyConstraint(["capability", "version"], _OF_VERSION),)

    capability: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[str] = mapped_column(Key, primary_key=True)
    item: Mapped[str] = mapped_column(Key, primary_key=True)
    ticked_by: Mapped[str] = mapped_column(Key)
    ticked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReviewCommentRow(Base):
    """What somebody wrote about a version in its review."""

    __tablename__ = "review_comment"
    __table_args__ = (ForeignKeyConstraint(["capability", "version"], _OF_VERSION),)

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    capability: Mapped[str] = mapped_column(Key, index=True)
    version: Mapped[str] = mapped_column(Key)
    anchor: Mapped[str] = mapped_column(Key)
    path: Mapped[str | None] = mapped_column(Line)
    line: Mapped[int | None]
    check_name: Mapped[str | None] = mapped_column(Key)
    body: Mapped[str] = mapped_column(LongText)
    author: Mapped[str] = mapped_column(Key)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class RetirementRow(Base):
    """The announced end of a version."""

    __tablename__ = "retirement"
    __table_args__ = (ForeignKeyConstraint(["capability", "version"], _OF_VERSION),)

    capability: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[str] = mapped_column(Key, primary_key=True)
    retires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    reason: Mapped[str] = mapped_column(LongText)
    successor_capability: Mapped[str | None] = mapped_column(Key)
    successor_version: Mapped[str | None] = mapped_column(Key)
    announced_by: Mapped[str] = mapped_column(Key)
    announced_at: Mapped[datetime] = mapped_column(UtcDateTime)
    was: Mapped[str] = mapped_column(Key)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReviewStore:
    """Ticks and comments of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ticks(self, capability: str, version: str) -> dict[str, Tick]:
        """Return the ticks of a version, by item."""
        row = ReviewTickRow
        statement = select(row).where(row.capability == capability, row.version == version)
        return {
            found.item: Tick(found.item, found.ticked_by, found.ticked_at)
            for found in self._session.scalars(statement)
        }

    def tick(
        self, capability: str, version: str, items: Collection[str], by: str, at: datetime
    ) -> None:
        """Tick items that nobody ticked before.

        The version is locked first: a tick refers to it, and a decision that begins with ticks would else
        wait for another one that waits for it.
        """
        of = CapabilityVersionRow
        self._session.execute(
            select(of.version)
            .where(of.capability == capability, of.version == version)
            .with_for_update()
        )
        known = self.ticks(capability, version)
        self._session.add_all(
            ReviewTickRow(
                capability=capability, version=version, item=item, ticked_by=by, ticked_at=at
            )
            for item in items
            if item not in known
        )
        self._session.flush()

    def untick(self, capability: str, version: str, item: str) -> None:
        """Take a tick back; one that is not there is fine."""
        row = self._session.get(ReviewTickRow, (capability, version, item))
        if row is not None:
            self._session.delete(row)
            self._session.flush()

    def add_comment(self, item: Comment) -> None:
        """Keep a comment."""
        place = item.place
        self._session.add(
            ReviewCommentRow(
                id=item.id,
                capability=item.capability,
                version=item.version,
                anchor=place.anchor,
                path=place.path,
                line=place.line,
                check_name=place.check,
                body=item.body,
                author=item.author,
                at=item.at,
            )
        )
        self._session.flush()

    def comments(self, capability: str, version: str, paging: Paging) -> Page[Comment]:
        """Return a page of a version's comments, oldest first."""
        row = ReviewCommentRow
        statement = select(row).where(row.capability == capability, row.version == version)
        page = fetch_page(self._session, statement, paging, key=[row.at, row.id])
        return map_page(page, _to_comment)


class RetirementStore:
    """Announced ends of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, capability: str, version: str) -> Retirement | None:
        """Return what was announced for a version."""
        row = self._session.get(RetirementRow, (capability, version))
        return None if row is None else _to_retirement(row)

    def of(self, names: Collection[str]) -> dict[tuple[str, str], Retirement]:
        """Return what was announced for some capabilities, by name and version."""
        statement = select(RetirementRow).where(RetirementRow.capability.in_(names))
        found = [_to_retirement(row) for row in self._session.scalars(statement)]
        return {(item.capability, item.version): item for item in found}

    def put(self, item: Retirement) -> None:
        """Keep an announcement, in place of an earlier one."""
        self._session.merge(
            RetirementRow(
                capability=item.capability,
                version=item.version,
                retires_at=item.retires_at,
                reason=item.reason,
                successor_capability=item.successor_capability,
                successor_version=item.successor_version,
                announced_by=item.announced_by,
                announced_at=item.announced_at,
                was=item.was,
                done_at=None,
            )
        )
        self._session.flush()

    def drop(self, item: Retirement) -> None:
        """Forget an announcement."""
        row = self._session.get(RetirementRow, (item.capability, item.version))
        self._session.delete(row)
        self._session.flush()

    def due(self, now: datetime) -> list[Retirement]:
        """Return the announcements whose day has come."""
        row = RetirementRow
        statement = select(row).where(row.done_at.is_(None), row.retires_at <= now)
        return [_to_retirement(found) for found in self._session.scalars(statement)]

    def note_done(self, item: Retirement, at: datetime) -> None:
        """Keep that a version was retired."""
        row = RetirementRow
        self._session.execute(
            update(row)
            .where(row.capability == item.capability, row.version == item.version)
            .values(done_at=at)
        )


def _to_comment(row: ReviewCommentRow) -> Comment:
    return Comment(
        id=row.id,
        capability=row.capability,
        version=row.version,
        place=Place(Anchor(row.anchor), row.path, row.line, row.check_name),
        body=row.body,
        author=row.author,
        at=row.at,
    )


def _to_retirement(row: RetirementRow) -> Retirement:
    return Retirement(
        capability=row.capability,
        version=row.version,
        retires_at=row.retires_at,
        reason=row.reason,
        announced_by=row.announced_by,
        announced_at=row.announced_at,
        was=Stage(row.was),
        successor_capability=row.successor_capability,
        successor_version=row.successor_version,
        done_at=row.done_at,
    )
