"""Every query about plans."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Double, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.errors import Conflict
from center.columns import BigCount, Key, Line, UtcDateTime
from center.database import Base
from center.subscription.errors import PlanUnknown
from center.subscription.plans import Plan, PlanApproval


class PlanRow(Base):
    """A named offer."""

    __tablename__ = "subscription_plan"

    name: Mapped[str] = mapped_column(Key, primary_key=True)
    title_zh: Mapped[str] = mapped_column(Line)
    title_en: Mapped[str] = mapped_column(Line)
    approval: Mapped[str] = mapped_column(Key)
    daily_quota: Mapped[int] = mapped_column(BigCount)
    rate_per_second: Mapped[float] = mapped_column(Double)
    concurrency: Mapped[int]
    longest_days: Mapped[int | None]
    price_label: Mapped[str] = mapped_column(Line, default="")
    is_open: Mapped[bool] = mapped_column(default=True)
    revision: Mapped[int] = mapped_column(BigCount)
    updated_by: Mapped[str] = mapped_column(Key)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PlanStore:
    """Plans of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def all(self) -> list[Plan]:
        """Return every plan, smallest first."""
        row = PlanRow
        found = self._session.scalars(select(row).order_by(row.daily_quota, row.name))
        return [_to_plan(item) for item in found]

    def find(self, name: str, *, lock: bool = False) -> Plan | None:
        """Return a plan."""
        row = self._session.get(PlanRow, name, with_for_update=lock or None)
        return None if row is None else _to_plan(row)

    def get(self, name: str) -> Plan:
        """Return a plan.

        Raises:
            PlanUnknown: There is none of this name.
        """
        found = self.find(name)
        if found is None:
            names = [plan.name for plan in self.all()]
            raise PlanUnknown(f"There is no plan {name}.", plans=names)
        return found

    def put(self, plan: Plan, by: str, at: datetime) -> None:
        """Keep a plan that is locked, or new.

        Raises:
            Conflict: Somebody else made it at the same moment.
        """
        row = self._session.get(PlanRow, plan.name)
        if row is None:
            row = PlanRow(name=plan.name)
            self._session.add(row)
        row.title_zh, row.title_en = plan.title_zh, plan.title_en
        row.approval = plan.approval
        row.daily_quota, row.rate_per_second = plan.daily_quota, plan.rate_per_second
        row.concurrency = plan.concurrency
        row.longest_days = None if plan.longest is None else plan.longest.days
        row.price_label, row.is_open, row.revision = plan.price_label, plan.is_open, plan.revision
        row.updated_by, row.updated_at = by, at
        try:
            self._session.flush()
        except IntegrityError as error:
            raise Conflict(f"Somebody else made the plan {plan.name} just now.") from error

    def introduce(self, plans: Iterable[Plan], by: str, at: datetime) -> None:
        """Keep these where there is no plan at all yet."""
        if self._session.scalar(select(func.count()).select_from(PlanRow)):
            return
        for plan in plans:
            self.put(plan, by, at)


def _to_plan(row: PlanRow) -> Plan:
    return Plan(
        name=row.name,
        title_zh=row.title_zh,
        title_en=row.title_en,
        approval=PlanApproval(row.approval),
        daily_quota=row.daily_quota,
        rate_per_second=row.rate_per_second,
        concurrency=row.concurrency,
        longest=None if row.longest_days is None else timedelta(days=row.longest_days),
        price_label=row.price_label,
        is_open=row.is_open,
        revision=row.revision,
    )
