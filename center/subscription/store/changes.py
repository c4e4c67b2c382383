"""Every query about changes asked of subscriptions."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Double, ForeignKey, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from center.capability.rows import CapabilityRow
from center.columns import BigCount, Key, LongText, UtcDateTime
from center.database import Base
from center.paging import Page, Paging, fetch_page, map_page
from center.subscription.denials import Denial
from center.subscription.domain import Change, ChangeStatus
from center.subscription.errors import ChangeNotFound, ChangePending, IllegalStatus
from center.subscription.plans import Terms


class SubscriptionChangeRow(Base):
    """Other terms that somebody asks for."""

    __tablename__ = "subscription_change"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    subscription: Mapped[str] = mapped_column(Key, ForeignKey("subscription.id"), index=True)
    # The subscription while it waits, then NULL: the engine admits one open at a time.
    open_for: Mapped[str | None] = mapped_column(Key, unique=True)
    application: Mapped[str] = mapped_column(Key)
    province: Mapped[str] = mapped_column(Key, index=True)
    capability: Mapped[str] = mapped_column(Key, index=True)
    plan: Mapped[str] = mapped_column(Key)
    daily_quota: Mapped[int] = mapped_column(BigCount)
    rate_per_second: Mapped[float] = mapped_column(Double)
    concurrency: Mapped[int]
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    why: Mapped[str] = mapped_column(LongText)
    requested_by: Mapped[str] = mapped_column(Key)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(Key, index=True)
    decided_by: Mapped[str | None] = mapped_column(Key)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(LongText, default="")
    denial: Mapped[str | None] = mapped_column(Key)


@dataclass(frozen=True, slots=True)
class WantedChanges:
    """Which changes are asked for; None asks for all.

    Attributes:
        owner: Only of capabilities that this organisation owns.
        provinces: Those within reach, `province` among them.
    """

    province: str | None = None
    subscription: str | None = None
    status: ChangeStatus | None = None
    owner: str | None = None
    provinces: Collection[str] | None = None


class ChangeStore:
    """Changes of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, item: Change) -> None:
        """Keep a new change.

        Raises:
            ChangePending: The subscription has one that waits.
        """
        try:
            with self._session.begin_nested():
                self._session.add(_to_row(item))
        except IntegrityError as error:
            raise ChangePending(f"A change of {item.subscription} is waiting.") from error

    def get(self, change: str) -> Change:
        """Return a change.

        Raises:
            ChangeNotFound: There is none of this id.
        """
        row = self._session.get(SubscriptionChangeRow, change)
        if row is None:
            raise ChangeNotFound(f"There is no change {change}.")
        return _to_change(row)

    def put(self, item: Change) -> None:
        """Keep the decision on a change that waited, if nobody else decided meanwhile.

        Raises:
            IllegalStatus: It waits no longer.
        """
        row = SubscriptionChangeRow
        decided = self._session.execute(
            update(row)
            .where(row.id == item.id, row.status == ChangeStatus.REQUESTED)
            .values(
                open_for=None,
                status=item.status,
                decided_by=item.decided_by,
                decided_at=item.decided_at,
                reason=item.reason,
                denial=item.denial,
            )
        )
        if decided.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE's result has it
            raise IllegalStatus(f"Change {item.id} waits no longer; look again.")

    def drop_waiting(self, subscription: str, at: datetime) -> None:
        """Withdraw what waits for a subscription that has ended."""
        row = SubscriptionChangeRow
        self._session.execute(
            update(row)
            .where(row.open_for == subscription)
            .values(open_for=None, status=ChangeStatus.WITHDRAWN, decided_at=at)
        )

    def page(self, wanted: WantedChanges, paging: Paging) -> Page[Change]:
        """Return a page of changes, the longest waiting first."""
        row = SubscriptionChangeRow
        statement = select(row)
        if wanted.provinces is not None:
            statement = statement.where(row.province.in_(sorted(wanted.provinces)))
        if wanted.subscription is not None:
            statement = statement.where(row.subscription == wanted.subscription)
        if wanted.status is not None:
            statement = statement.where(row.status == wanted.status)
        if wanted.owner is not None:
            owned = select(CapabilityRow.name).where(CapabilityRow.owner == wanted.owner)
            statement = statement.where(row.capability.in_(owned))
        page = fetch_page(self._session, statement, paging, key=[row.requested_at, row.id])
        return map_page(page, _to_change)


def _to_row(item: Change) -> SubscriptionChangeRow:
    waits = item.status is ChangeStatus.REQUESTED
    return SubscriptionChangeRow(
        id=item.id,
        subscription=item.subscription,
        open_for=item.subscription if waits else None,
        application=item.application,
        province=item.province,
        capability=item.capability,
        plan=item.terms.plan,
        daily_quota=item.terms.daily_quota,
        rate_per_second=item.terms.rate_per_second,
        concurrency=item.terms.concurrency,
        ends_at=item.ends_at,
        why=item.why,
        requested_by=item.requested_by,
        requested_at=item.requested_at,
        status=item.status,
        decided_by=item.decided_by,
        decided_at=item.decided_at,
        reason=item.reason,
    )


def _to_change(row: SubscriptionChangeRow) -> Change:
    return Change(
        id=row.id,
        subscription=row.subscription,
        application=row.application,
        province=row.province,
        capability=row.capability,
        terms=Terms(row.plan, row.daily_quota, row.rate_per_second, row.concurrency),
        ends_at=row.ends_at,
        why=row.why,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        status=ChangeStatus(row.status),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason=row.reason,
        denial=None if row.denial is None else Denial(row.denial),
    )
