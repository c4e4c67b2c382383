"""Every query about subscriptions."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Double, ForeignKey, Select, String, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from center.capability.rows import CapabilityRow
from center.columns import BigCount, Key, LongText, UtcDateTime
from center.database import Base
from center.paging import Page, Paging, fetch_page, map_page
from center.subscription.denials import Denial
from center.subscription.domain import FINAL, GRANTED, TIMED, Status, Subscription
from center.subscription.errors import IllegalStatus, SubscriptionExists, SubscriptionNotFound
from center.subscription.plans import Period, Terms

_DUE_AT_ONCE = 200
"""Subscriptions that one round of the worker takes; the next ones follow at once."""


class SubscriptionRow(Base):
    """One application's right to call one capability."""

    __tablename__ = "subscription"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    application: Mapped[str] = mapped_column(Key, ForeignKey("application.client_id"), index=True)
    province: Mapped[str] = mapped_column(Key, index=True)
    capability: Mapped[str] = mapped_column(Key, ForeignKey(CapabilityRow.name), index=True)
    # "application capability" until the end, then NULL: the engine admits one open at a time.
    open_pair: Mapped[str | None] = mapped_column(String(170), unique=True)
    plan: Mapped[str] = mapped_column(Key)
    daily_quota: Mapped[int] = mapped_column(BigCount)
    rate_per_second: Mapped[float] = mapped_column(Double)
    concurrency: Mapped[int]
    purpose: Mapped[str] = mapped_column(LongText)
    requested_by: Mapped[str] = mapped_column(Key)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(Key, index=True)
    decided_by: Mapped[str | None] = mapped_column(Key)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(LongText, default="")
    denial: Mapped[str | None] = mapped_column(Key)
    cost_centre: Mapped[str] = mapped_column(Key, default="", server_default="")
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    warned_of_end: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The end that its people were warned of."""
    warned_of_quota: Mapped[str | None] = mapped_column(Key)
    """The day and share of the quota that its people were warned of last."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which subscriptions are asked for; None asks for all.

    Attributes:
        owner: Only of capabilities that this organisation owns.
        provinces: Those within reach, `province` among them.
    """

    province: str | None = None
    capability: str | None = None
    application: str | None = None
    status: Status | None = None
    owner: str | None = None
    provinces: Collection[str] | None = None
    plan: str | None = None


class SubscriptionStore:
    """Subscriptions of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, item: Subscription) -> None:
        """Keep a new request.

        Raises:
            SubscriptionExists: The application has one for the capability that is not over.
        """
        pair = f"{item.application} {item.capability}"
        found = self._session.scalar(
            select(SubscriptionRow).where(SubscriptionRow.open_pair == pair)
        )
        if found is not None:
            raise _exists(item, found.id)
        try:
            with self._session.begin_nested():
                self._session.add(_to_row(item, pair))
        except IntegrityError as error:
            raise _exists(item, None) from error

    def get(self, subscription: str) -> Subscription:
        """Return a subscription.

        Raises:
            SubscriptionNotFound: There is none of this id.
        """
        row = self._session.get(SubscriptionRow, subscription)
        if row is None:
            raise SubscriptionNotFound(f"There is no subscription {subscription}.")
        return _to_subscription(row)

    def put(self, item: Subscription, was: Status) -> None:
        """Keep a subscription's next status, if nobody else moved it meanwhile.

        Raises:
            IllegalStatus: It is no longer ``was``.
        """
        changes: dict[str, object] = {
            "status": item.status,
            "decided_by": item.decided_by,
            "decided_at": item.decided_at,
            "reason": item.reason,
            "denial": item.denial,
        }
        if item.status in FINAL:
            changes["open_pair"] = None
        moved = self._session.execute(
            update(SubscriptionRow)
            .where(SubscriptionRow.id == item.id, SubscriptionRow.status == was)
            .values(changes)
        )
        if moved.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE's result has it
            raise IllegalStatus(f"Subscription {item.id} is no longer {was}; look again.")

    def put_terms(self, item: Subscription) -> None:
        """Keep other terms and another end of a granted subscription.

        Raises:
            IllegalStatus: It has ended meanwhile.
        """
        row = SubscriptionRow
        changed = self._session.execute(
            update(row)
            .where(row.id == item.id, row.status.in_(sorted(TIMED)))
            .values(
                plan=item.terms.plan,
                daily_quota=item.terms.daily_quota,
                rate_per_second=item.terms.rate_per_second,
                concurrency=item.terms.concurrency,
                ends_at=item.period.ends_at,
            )
        )
        if changed.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE's result has it
            raise IllegalStatus(f"Subscription {item.id} has ended; look again.")

    def page(
        self, wanted: Wanted, paging: Paging, *, oldest_first: bool = False
    ) -> Page[Subscription]:
        """Return a page of subscriptions, newest request first unless asked otherwise."""
        row = SubscriptionRow
        page = fetch_page(
            self._session,
            _matching(wanted),
            paging,
            key=[row.requested_at, row.id],
            descending=not oldest_first,
        )
        return map_page(page, _to_subscription)

    def by_plan(self, wanted: Wanted) -> dict[str, int]:
        """Count what is granted or asked for, by plan; what is over counts no more."""
        found = _matching(wanted).where(SubscriptionRow.open_pair.is_not(None)).subquery()
        statement = select(found.c.plan, func.count()).group_by(found.c.plan)
        return {plan: int(count) for plan, count in self._session.execute(statement)}

    def of_capability(self, capability: str) -> list[Subscription]:
        """Return the granted subscriptions of a capability, by province and application."""
        row = SubscriptionRow
        statement = select(row).where(row.capability == capability, row.status.in_(sorted(TIMED)))
        ordered = statement.order_by(row.province, row.application)
        return [_to_subscription(found) for found in self._session.scalars(ordered)]

    def to_begin(self, now: datetime) -> list[Subscription]:
        """Return those whose start has come."""
        row = SubscriptionRow
        return self._due(row.status == Status.SCHEDULED, row.starts_at <= now)

    def to_expire(self, now: datetime) -> list[Subscription]:
        """Return those whose end has come."""
        row = SubscriptionRow
        return self._due(row.status.in_(sorted(TIMED)), row.ends_at <= now)

    def to_warn_of_end(self, before: datetime) -> list[Subscription]:
        """Return those that end before a moment, and whose people do not know of this end."""
        row = SubscriptionRow
        unknown = or_(row.warned_of_end.is_(None), row.warned_of_end != row.ends_at)
        return self._due(row.status.in_(sorted(GRANTED)), row.ends_at <= before, unknown)

    def active_in(self, provinces: Collection[str]) -> list[tuple[Subscription, str | None]]:
        """Return what is active in some provinces, each with its last warning of the quota."""
        row = SubscriptionRow
        statement = select(row).where(row.province.in_(provinces), row.status == Status.ACTIVE)
        return [
            (_to_subscription(found), found.warned_of_quota)
            for found in self._session.scalars(statement)
        ]

    def note_warned_of_end(self, item: Subscription) -> None:
        """Keep which end its people were warned of."""
        self._session.get_one(SubscriptionRow, item.id).warned_of_end = item.period.ends_at

    def note_warned_of_quota(self, item: Subscription, mark: str) -> None:
        """Keep which day and share its people were warned of."""
        self._session.get_one(SubscriptionRow, item.id).warned_of_quota = mark

    def newest_of(self, application: str, capability: str) -> Subscription | None:
        """Return an application's last subscription of a capability, whatever became of it."""
        row = SubscriptionRow
        found = self._session.scalar(
            select(row)
            .where(row.application == application, row.capability == capability)
            .order_by(row.requested_at.desc(), row.id.desc())
            .limit(1)
        )
        return None if found is None else _to_subscription(found)

    def _due(self, *conditions: ColumnElement[bool]) -> list[Subscription]:
        row = SubscriptionRow
        statement = select(row).where(*conditions).order_by(row.id).limit(_DUE_AT_ONCE)
        return [_to_subscription(found) for found in self._session.scalars(statement)]

    def granted_in(self, province: str) -> list[Subscription]:
        """Return what a province's gateway must know: active and suspended, by id."""
        row = SubscriptionRow
        statement = select(row).where(row.province == province, row.status.in_(sorted(GRANTED)))
        return [
            _to_subscription(found) for found in self._session.scalars(statement.order_by(row.id))
        ]

    def active_capabilities(self, application: str) -> frozenset[str]:
        """Return the capabilities that an application may call now."""
        row = SubscriptionRow
        statement = select(row.capability).where(
            row.application == application, row.status == Status.ACTIVE
        )
        return frozenset(self._session.scalars(statement))


def _matching(wanted: Wanted) -> Select[SubscriptionRow]:
    statement = select(SubscriptionRow)
    if wanted.provinces is not None:
        statement = statement.where(SubscriptionRow.province.in_(sorted(wanted.provinces)))
    if wanted.capability is not None:
        statement = statement.where(SubscriptionRow.capability == wanted.capability)
    if wanted.application is not None:
        statement = statement.where(SubscriptionRow.application == wanted.application)
    if wanted.status is not None:
        statement = statement.where(SubscriptionRow.status == wanted.status)
    if wanted.plan is not None:
        statement = statement.where(SubscriptionRow.plan == wanted.plan)
    if wanted.owner is not None:
        owned = select(CapabilityRow.name).where(CapabilityRow.owner == wanted.owner)
        statement = statement.where(SubscriptionRow.capability.in_(owned))
    return statement


def _exists(item: Subscription, existing: str | None) -> SubscriptionExists:
    return SubscriptionExists(
        f"{item.application} has a subscription of {item.capability} that is not over.",
        existing=existing,
    )


def _to_row(item: Subscription, pair: str) -> SubscriptionRow:
    return SubscriptionRow(
        id=item.id,
        application=item.application,
        province=item.province,
        capability=item.capability,
        open_pair=pair,
        plan=item.terms.plan,
        daily_quota=item.terms.daily_quota,
        rate_per_second=item.terms.rate_per_second,
        concurrency=item.terms.concurrency,
        purpose=item.purpose,
        requested_by=item.requested_by,
        requested_at=item.requested_at,
        status=item.status,
        cost_centre=item.cost_centre,
        starts_at=item.period.starts_at,
        ends_at=item.period.ends_at,
    )


def _to_subscription(row: SubscriptionRow) -> Subscription:
    return Subscription(
        id=row.id,
        application=row.application,
        province=row.province,
        capability=row.capability,
        terms=Terms(row.plan, row.daily_quota, row.rate_per_second, row.concurrency),
        purpose=row.purpose,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        status=Status(row.status),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason=row.reason,
        denial=None if row.denial is None else Denial(row.denial),
        cost_centre=row.cost_centre,
        period=Period(row.starts_at, row.ends_at),
    )
