"""What HTTP shows of subscriptions, their changes and plans, and what it takes."""

from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field

from capability_sdk.contracts.manifest import Titles
from capability_sdk.contracts.model import CapabilityName, Identifier, Strict, UtcTime, Wire
from center.subscription.denials import DECLINING, Denial, cure_of
from center.subscription.domain import (
    Change,
    ChangeStatus,
    Status,
    Subscription,
    SubscriptionEventKind,
)
from center.subscription.plans import Asked, Period, Plan, PlanApproval, Wish, WishedChange
from center.subscription.service.usage import QuotaUse
from center.subscription.store.events import SubscriptionEvent

PlanName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
DailyQuota = Annotated[int, Field(ge=1, le=1_000_000_000, description="Calls a day.")]
Rate = Annotated[float, Field(gt=0, le=100_000, description="Calls a second.")]
Concurrency = Annotated[int, Field(ge=1, le=10_000, description="Calls at the same time.")]
Words = Annotated[str, Field(min_length=3, max_length=2000)]
_BEGINS = "When it begins; at once if null."
_ENDS = "When it ends; the plan's own limit if null."


class SubscriptionRequest(Strict):
    """Body of ``POST /subscriptions``; figures that are left out are the plan's."""

    application: Identifier
    capability: CapabilityName
    plan: PlanName = "standard"
    daily_quota: DailyQuota | None = None
    rate_per_second: Rate | None = None
    concurrency: Concurrency | None = None
    purpose: Words
    cost_centre: Annotated[str, Field(max_length=100, description="Who pays.")] = ""
    starts_at: UtcTime | None = Field(default=None, description=_BEGINS)
    ends_at: UtcTime | None = Field(default=None, description=_ENDS)

    @property
    def wish(self) -> Wish:
        """The request as a value."""
        asked = Asked(self.plan, self.daily_quota, self.rate_per_second, self.concurrency)
        period = Period(self.starts_at, self.ends_at)
        return Wish(
            self.application, self.capability, asked, period, self.purpose, self.cost_centre
        )


class DenialView(Wire):
    """Why something was denied, and what would cure it."""

    reason: Denial
    cure: str
    words: str = Field(default="", description="What the one who decided wrote.")

    @classmethod
    def of(cls, denial: Denial | None, words: str) -> Self | None:
        """Show a denial, where there is one."""
        return None if denial is None else cls(reason=denial, cure=cure_of(denial), words=words)


class TermsView(Wire):
    """How much may be called, and under which plan."""

    plan: str
    daily_quota: int
    rate_per_second: float
    concurrency: int


class SubscriptionView(TermsView):
    """One subscription as its readers see it."""

    id: str
    application: str
    province: str
    capability: str
    purpose: str
    cost_centre: str = ""
    status: Status
    since: UtcTime = Field(description="Since when it has this status.")
    starts_at: UtcTime | None = None
    ends_at: UtcTime | None = None
    requested_by: str
    requested_at: UtcTime
    decided_by: str | None = Field(
        default=None, description="Who acted last; `plan:NAME` where a plan approved by itself."
    )
    decided_at: UtcTime | None = None
    reason: str = ""
    denial: DenialView | None = None

    @classmethod
    def of(cls, item: Subscription) -> Self:
        """Show a subscription."""
        return cls(
            id=item.id,
            application=item.application,
            province=item.province,
            capability=item.capability,
            plan=item.terms.plan,
            daily_quota=item.terms.daily_quota,
            rate_per_second=item.terms.rate_per_second,
            concurrency=item.terms.concurrency,
            purpose=item.purpose,
            cost_centre=item.cost_centre,
            status=item.status,
            since=item.since,
            starts_at=item.period.starts_at,
            ends_at=item.period.ends_at,
            requested_by=item.requested_by,
            requested_at=item.requested_at,
            decided_by=item.decided_by,
            decided_at=item.decided_at,
            reason=item.reason,
            denial=DenialView.of(item.denial, item.reason),
        )


class ChangeRequest(Strict):
    """Body of ``POST /subscriptions/{id}/changes``; what is left out stays or is the plan's."""

    plan: PlanName
    daily_quota: DailyQuota | None = None
    rate_per_second: Rate | None = None
    concurrency: Concurrency | None = None
    ends_at: UtcTime | None = Field(default=None, description=_ENDS)
    why: Words

    @property
    def wish(self) -> WishedChange:
        """The request as a value."""
        asked = Asked(self.plan, self.daily_quota, self.rate_per_second, self.concurrency)
        return WishedChange(asked, self.ends_at, self.why)


class ChangeView(TermsView):
    """Other terms that somebody asked for."""

    id: str
    subscription: str
    application: str
    province: str
    capability: str
    ends_at: UtcTime | None = None
    why: str
    status: ChangeStatus
    requested_by: str
    requested_at: UtcTime
    decided_by: str | None = None
    decided_at: UtcTime | None = None
    denial: DenialView | None = None

    @classmethod
    def of(cls, item: Change) -> Self:
        """Show a change."""
        return cls(
            id=item.id,
            subscription=item.subscription,
            application=item.application,
            province=item.province,
            capability=item.capability,
            plan=item.terms.plan,
            daily_quota=item.terms.daily_quota,
            rate_per_second=item.terms.rate_per_second,
            concurrency=item.terms.concurrency,
            ends_at=item.ends_at,
            why=item.why,
            status=item.status,
            requested_by=item.requested_by,
            requested_at=item.requested_at,
            decided_by=item.decided_by,
            decided_at=item.decided_at,
            denial=DenialView.of(item.denial, item.reason),
        )


class EventView(Wire):
    """One event of a subscription's history."""

    at: UtcTime
    kind: SubscriptionEventKind
    actor: str
    detail: dict[str, Any]

    @classmethod
    def of(cls, event: SubscriptionEvent) -> Self:
        """Show an event."""
        return cls(at=event.at, kind=event.kind, actor=event.actor, detail=event.detail)


class PlanBody(Strict):
    """Body of ``PUT /subscription-plans/{plan}``."""

    titles: Titles
    approval: PlanApproval
    daily_quota: DailyQuota
    rate_per_second: Rate
    concurrency: Concurrency
    longest_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    price_label: Annotated[str, Field(max_length=200)] = ""
    is_open: bool = True

    def named(self, name: str) -> Plan:
        """The plan as a value."""
        longest = None if self.longest_days is None else timedelta(days=self.longest_days)
        return Plan(
            name=name,
            title_zh=self.titles.zh,
            title_en=self.titles.en,
            approval=self.approval,
            daily_quota=self.daily_quota,
            rate_per_second=self.rate_per_second,
            concurrency=self.concurrency,
            longest=longest,
            price_label=self.price_label,
            is_open=self.is_open,
        )


class PlanView(Wire):
    """A plan as its readers see it."""

    name: str
    titles: Titles
    approval: PlanApproval
    daily_quota: int
    rate_per_second: float
    concurrency: int
    longest_days: int | None = None
    price_label: str = ""
    is_open: bool
    revision: int
    subscriptions: int = Field(
        description="Granted or asked for on it, among those that you see; they keep their terms."
    )

    @classmethod
    def of(cls, plan: Plan, subscriptions: int) -> Self:
        """Show a plan."""
        return cls(
            subscriptions=subscriptions,
            name=plan.name,
            titles=Titles(zh=plan.title_zh, en=plan.title_en),
            approval=plan.approval,
            daily_quota=plan.daily_quota,
            rate_per_second=plan.rate_per_second,
            concurrency=plan.concurrency,
            longest_days=None if plan.longest is None else plan.longest.days,
            price_label=plan.price_label,
            is_open=plan.is_open,
            revision=plan.revision,
        )


class PlanList(Wire):
    """Every plan; there are a handful."""

    items: list[PlanView]
    total: int


class Explanation(Strict):
    """Body of an act that may say why."""

    reason: Annotated[str, Field(max_length=2000)] = ""


def _declining(denial: Denial) -> Denial:
    if denial not in DECLINING:
        raise ValueError(f"choose one of {', '.join(sorted(DECLINING))}")
    return denial


class Refusal(Strict):
    """Body of ``:decline``: the reason in words, and for programs."""

    reason: Words
    denial: Annotated[Denial, AfterValidator(_declining)] = Denial.OTHER


class DayCalls(Wire):
    """Calls of one day in the province's zone."""

    day: str
    calls: int


class SubscriptionUsage(Wire):
    """What was called of the quota."""

    daily_quota: int
    zone: str = Field(description="Time zone whose days the quota counts.")
    used_today: int
    resets_at: UtcTime
    days: list[DayCalls] = Field(description="The last days, oldest first; today is the last.")

    @classmethod
    def of(cls, use: QuotaUse) -> Self:
        """Show what was used."""
        days = [DayCalls(day=day.isoformat(), calls=calls) for day, calls in use.days]
        return cls(
            daily_quota=use.daily_quota,
            zone=use.zone,
            used_today=days[-1].calls,
            resets_at=use.resets_at,
            days=days,
        )
