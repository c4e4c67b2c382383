"""Plans: what one gets for which name, and whether somebody looks before it is given."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from center.subscription.errors import BadPeriod, BeyondPlan, PlanClosed


class PlanApproval(StrEnum):
    """Who says yes."""

    SELF = "self"
    """The plan itself, at once, to whoever asks for no more than it gives."""
    REVIEWED = "reviewed"
    """An admin of the center."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How much an application may call.

    Attributes:
        plan: Name of the plan that it was asked under.
        daily_quota: Calls a day of the province's zone.
        rate_per_second: Calls a second, smoothed.
        concurrency: Calls at the same time.
    """

    plan: str
    daily_quota: int
    rate_per_second: float
    concurrency: int


@dataclass(frozen=True, slots=True)
class Asked:
    """The terms that somebody names; None leaves a figure to the plan."""

    plan: str
    daily_quota: int | None = None
    rate_per_second: float | None = None
    concurrency: int | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """From when until when; None begins at once, or goes on until somebody ends it."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def require_sense(self, now: datetime) -> None:
        """Refuse a period that is over, or ends before it begins.

        Raises:
            BadPeriod: It does.
        """
        begins = max(now, self.starts_at or now)
        if self.ends_at is not None and self.ends_at <= begins:
            raise BadPeriod("The end lies before the start, or in the past.")

    def has_begun(self, now: datetime) -> bool:
        """Tell whether its start is past."""
        return self.starts_at is None or self.starts_at <= now


@dataclass(frozen=True, slots=True)
class Wish:
    """A subscription that somebody asks for.

    Attributes:
        asked: Plan and figures.
        cost_centre: Who pays, in the province's own books.
    """

    application: str
    capability: str
    asked: Asked
    period: Period
    purpose: str
    cost_centre: str = ""


@dataclass(frozen=True, slots=True)
class WishedChange:
    """What somebody asks to have instead."""

    asked: Asked
    ends_at: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A named offer.

    Attributes:
        daily_quota: Calls a day; like the other figures the most that a self-approved plan gives,
            and what a reviewed plan gives where nothing else is asked for.
        longest: How long a subscription may last; None without end. A self-approved one that
            names no end gets this.
        price_label: What it costs, in words; billing is done elsewhere.
        is_open: Whether it takes new subscriptions.
        revision: Counts up with each change.
    """

    name: str
    title_zh: str
    title_en: str
    approval: PlanApproval
    daily_quota: int
    rate_per_second: float
    concurrency: int
    longest: timedelta | None = None
    price_label: str = ""
    is_open: bool = True
    revision: int = 1

    def terms(self, asked: Asked) -> Terms:
        """Fill in what was not named.

        Raises:
            BeyondPlan: A self-approved plan does not give as much.
        """
        terms = Terms(
            self.name,
            asked.daily_quota or self.daily_quota,
            asked.rate_per_second or self.rate_per_second,
            asked.concurrency or self.concurrency,
        )
        if self.approval is PlanApproval.SELF:
            self._require_within(terms)
        return terms

    def period(self, asked: Period, now: datetime) -> Period:
        """Return the period that a subscription gets, measured from ``now`` or its start.

        Raises:
            BadPeriod: It makes no sense, or is longer than the plan allows.
        """
        asked.require_sense(now)
        if self.longest is None:
            return asked
        last = max(now, asked.starts_at or now) + self.longest
        if asked.ends_at is not None and asked.ends_at > last:
            raise BadPeriod(
                f"Plan {self.name} lasts at most {self.longest.days} days.",
                longest_days=self.longest.days,
            )
        return Period(asked.starts_at, asked.ends_at or last)

    def require_open(self) -> None:
        """Refuse a new subscription to a closed plan.

        Raises:
            PlanClosed: It is closed.
        """
        if not self.is_open:
            raise PlanClosed(f"Plan {self.name} takes no new subscriptions.")

    def _require_within(self, terms: Terms) -> None:
        for name in ("daily_quota", "rate_per_second", "concurrency"):
            limit = getattr(self, name)
            if getattr(terms, name) > limit:
                raise BeyondPlan(
                    f"Plan {self.name} gives {name} {limit}.", member=name, limit=limit
                )


SHIPPED = (
    Plan(
        name="trial",
        title_zh="试用",
        title_en="Trial",
        approval=PlanApproval.SELF,
        daily_quota=1_000,
        rate_per_second=5.0,
        concurrency=4,
        longest=timedelta(days=30),
    ),
    Plan(
        name="standard",
        title_zh="标准",
        title_en="Standard",
        approval=PlanApproval.REVIEWED,
        daily_quota=100_000,
        rate_per_second=100.0,
        concurrency=32,
    ),
    Plan(
        name="critical",
        title_zh="关键业务",
        title_en="Critical",
        approval=PlanApproval.REVIEWED,
        daily_quota=10_000_000,
        rate_per_second=2_000.0,
        concurrency=256,
    ),
)
"""What a new center offers, until its admins decide otherwise."""
