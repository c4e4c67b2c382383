"""Every query about work orders."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from center.columns import BigCount, Json, Key, Line, LongText, Serial, UtcDateTime
from center.database import Base
from center.paging import Page, Paging, fetch_page, map_page
from center.work_order.domain import LIVING, Entry, Step, WorkOrder, WorkOrderKind, WorkOrderState
from center.work_order.errors import WorkOrderNotFound


class WorkOrderRow(Base):
    """One request."""

    __tablename__ = "work_order"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(Key, index=True)
    title: Mapped[str] = mapped_column(Line)
    subject: Mapped[str] = mapped_column(Line)
    # Like the subject while somebody waits, then NULL: the engine admits one living order of each.
    open_subject: Mapped[str | None] = mapped_column(Key, unique=True)
    province: Mapped[str | None] = mapped_column(Key, index=True)
    organisation: Mapped[str] = mapped_column(Key)
    requested_by: Mapped[str] = mapped_column(Key, index=True)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    state: Mapped[str] = mapped_column(Key, index=True)
    assignee: Mapped[str | None] = mapped_column(Key, index=True)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revision: Mapped[int] = mapped_column(BigCount)


class WorkOrderEntryRow(Base):
    """One line of an order's history."""

    __tablename__ = "work_order_entry"

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    work_order: Mapped[str] = mapped_column(Key, ForeignKey(WorkOrderRow.id), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(Key)
    step: Mapped[str] = mapped_column(Key)
    text: Mapped[str] = mapped_column(LongText)
    detail: Mapped[dict[str, Any] | None] = mapped_column(Json)


class Queue(StrEnum):
    """A way to look at the orders."""

    MINE = "mine"
    REQUESTED = "requested"
    UNASSIGNED = "unassigned"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Sight:
    """Which orders somebody may see.

    Attributes:
        name: Who looks: what they asked for or work on is always theirs to see.
        everything: Whether orders of the whole platform are.
        provinces: Whose orders are; None for every province's.
        is_narrowed: Whether those of the provinces are all, even of what is theirs.
    """

    name: str
    everything: bool
    provinces: Collection[str] | None
    is_narrowed: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which orders are asked for; None asks for all."""

    queue: Queue | None = None
    kind: WorkOrderKind | None = None
    state: WorkOrderState | None = None
    province: str | None = None


class WorkOrderStore:
    """Work orders of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, item: WorkOrder, first: Entry) -> None:
        """Keep a new order and the first line of its history."""
        row = WorkOrderRow(
            id=item.id,
            kind=item.kind,
            title=item.title,
            subject=item.subject,
            open_subject=item.subject or None,
            province=item.province,
            organisation=item.organisation,
            requested_by=item.requested_by,
            requested_at=item.requested_at,
            due_at=item.due_at,
            state=item.state,
            revision=item.revision,
        )
        self._session.add(row)
        self._session.flush()
        self.note(item.id, first)

    def get(self, order: str, sight: Sight, *, lock: bool = False) -> WorkOrder:
        """Return an order within sight, locked until the transaction ends if asked.

        Raises:
            WorkOrderNotFound: There is none.
        """
        statement = select(WorkOrderRow).where(WorkOrderRow.id == order, _seen(sight))
        row = self._session.scalar(statement.with_for_update() if lock else statement)
        if row is None:
            raise WorkOrderNotFound(f"There is no work order {order}.")
        return _order(row)

    def find_living(self, subject: str) -> WorkOrder | None:
        """Return the order about a subject that somebody waits for, locked."""
        row = self._session.scalar(
            select(WorkOrderRow).where(WorkOrderRow.open_subject == subject).with_for_update()
        )
        return None if row is None else _order(row)

    def put(self, item: WorkOrder, entry: Entry) -> None:
        """Keep an order that is locked, and what was done."""
        row = self._session.get_one(WorkOrderRow, item.id)
        row.state, row.assignee, row.due_at = item.state, item.assignee, item.due_at
        row.closed_at, row.revision = item.closed_at, item.revision
        if item.state not in LIVING:
            row.open_subject = None
        self.note(item.id, entry)

    def note(self, order: str, entry: Entry) -> None:
        """Add a line to an order's history."""
        self._session.add(
            WorkOrderEntryRow(
                work_order=order,
                at=entry.at,
                by=entry.by,
                step=entry.step,
                text=entry.text,
                detail=None if entry.detail is None else dict(entry.detail),
            )
        )

    def history(self, order: str) -> list[Entry]:
        """Return an order's history, oldest first."""
        row = WorkOrderEntryRow
        lines = select(row).where(row.work_order == order).order_by(row.id)
        return [
            Entry(line.at, line.by, Step(line.step), line.text, line.detail)
            for line in self._session.scalars(lines)
        ]

    def page(self, sight: Sight, wanted: Wanted, paging: Paging, now: datetime) -> Page[WorkOrder]:
        """Return a page of orders, what is due first coming first."""
        conditions = [_seen(sight), *_conditions(sight, wanted, now)]
        statement = select(WorkOrderRow).where(*conditions)
        key = [WorkOrderRow.due_at, WorkOrderRow.id]
        return map_page(fetch_page(self._session, statement, paging, key=key), _order)


def _seen(sight: Sight) -> ColumnElement[bool]:
    row = WorkOrderRow
    if sight.everything:
        return row.id.is_not(None)
    own = or_(row.requested_by == sight.name, row.assignee == sight.name)
    if sight.provinces is None:
        return own
    within = row.province.in_(sorted(sight.provinces))
    return within if sight.is_narrowed else or_(own, within)


def _conditions(sight: Sight, wanted: Wanted, now: datetime) -> list[ColumnElement[bool]]:
    row = WorkOrderRow
    living = row.state.in_(sorted(LIVING))
    found: list[ColumnElement[bool]] = []
    if wanted.queue is Queue.MINE:
        found += [row.assignee == sight.name, living]
    elif wanted.queue is Queue.REQUESTED:
        found.append(row.requested_by == sight.name)
    elif wanted.queue is Queue.UNASSIGNED:
        found += [row.assignee.is_(None), living]
    elif wanted.queue is Queue.OVERDUE:
        found += [row.due_at < now, living]
    for column, value in (
        (row.kind, wanted.kind),
        (row.state, wanted.state),
        (row.province, wanted.province),
    ):
        if value is not None:
            found.append(column == value)
    return found


def _order(row: WorkOrderRow) -> WorkOrder:
    return WorkOrder(
        id=row.id,
        kind=WorkOrderKind(row.kind),
        title=row.title,
        subject=row.subject,
        province=row.province,
        organisation=row.organisation,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        due_at=row.due_at,
        state=WorkOrderState(row.state),
        assignee=row.assignee,
        closed_at=row.closed_at,
        revision=row.revision,
    )
