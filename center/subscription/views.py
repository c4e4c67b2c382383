"""What HTTP shows of subscriptions, and what it takes."""

from typing import Annotated, Self

from pydantic import Field

from capability_sdk.contracts.model import CapabilityName, Identifier, Strict, UtcTime, Wire
from center.subscription.domain import Status, Subscription, Terms


class SubscriptionRequest(Strict):
    """Body of ``POST /subscriptions``."""

    application: Identifier
    capability: CapabilityName
    plan: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")] = "standard"
    daily_quota: Annotated[int, Field(ge=1, le=1_000_000_000, description="Calls a day.")]
    rate_per_second: Annotated[float, Field(gt=0, le=100_000, description="Calls a second.")]
    concurrency: Annotated[int, Field(ge=1, le=10_000, description="Calls at the same time.")]
    purpose: Annotated[str, Field(min_length=3, max_length=2000)]

    @property
    def terms(self) -> Terms:
        """The asked terms as a value."""
        return Terms(self.plan, self.daily_quota, self.rate_per_second, self.concurrency)


class SubscriptionView(Wire):
    """One subscription as its readers see it."""

    id: str
    application: str
    province: str
    capability: str
    plan: str
    daily_quota: int
    rate_per_second: float
    concurrency: int
    purpose: str
    status: Status
    requested_by: str
    requested_at: UtcTime
    decided_by: str | None = None
    decided_at: UtcTime | None = None
    reason: str = ""

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
            status=item.status,
            requested_by=item.requested_by,
            requested_at=item.requested_at,
            decided_by=item.decided_by,
            decided_at=item.decided_at,
            reason=item.reason,
        )


class Explanation(Strict):
    """Body of ``:decline``."""

    reason: Annotated[str, Field(min_length=3, max_length=2000)]
