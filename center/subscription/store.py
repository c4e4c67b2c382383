"""Every query about subscriptions."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Double, ForeignKey, Select, String, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from center.capability.rows import CapabilityRow
from center.columns import BigCount, Key, LongText, UtcDateTime
from center.database import Base
from center.paging import Page, Paging, fetch_page, map_page
from center.subscription.domain import FINAL, GRANTED, Status, Subscription, Terms
from center.subscription.errors import IllegalStatus, SubscriptionExists, SubscriptionNotFound


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


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which subscriptions are asked for; None asks for all.

    Attributes:
        owner: Only of capabilities that this organisation owns.
        provinces: Those within reach, `province` among them.
    """

    province: str | None = None
    capability: str | None = None
    status: Status | None = None
    owner: str | None = None
    provinces: Collection[str] | None = None


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

    def page(self, wanted: Wanted, paging: Paging) -> Page[Subscription]:
        """Return a page of subscriptions, newest first."""
        row = SubscriptionRow
        page = fetch_page(
            self._session,
            _matching(wanted),
            paging,
            key=[row.requested_at, row.id],
            descending=True,
        )
        return map_page(page, _to_subscription)

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
    if wanted.status is not None:
        statement = statement.where(SubscriptionRow.status == wanted.status)
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
    )
