"""What HTTP shows of usage."""

from pydantic import BaseModel, ConfigDict, Field

from capability_sdk.contracts.model import UtcTime
from center.paging import Page


class UsageView(BaseModel):
    """One group; a member that was not grouped by is null."""

    province: str | None = None
    capability: str | None = None
    version: str | None = None
    """Empty where no version was reached."""
    application: str | None = None
    organisation: str | None = None
    """Of the application; empty where it is known no more."""
    cost_centre: str | None = None
    """Of the organisation; empty where none is set."""
    hour: UtcTime | None = None
    calls: int
    units: int
    """Calls that count against the quota."""
    errors: int
    """Calls answered with 400 or more."""
    failures: int
    """Those answered with 500 or more."""
    throttled: int
    """Those answered with 429."""
    p50_ms: float | None
    """Estimated from counts in cells; null where no latency was kept."""
    p99_ms: float | None
    daily_quota: int | None
    """Of the active subscriptions; null where groups are finer or coarser than these."""


class UsagePage(Page[UsageView]):
    """One page of groups, and which hours they hold."""

    begins: UtcTime | None = Field(alias="from")
    """Hours from here on: as asked, else 30 days before the end."""
    ends: UtcTime | None = Field(alias="to")
    """Hours before this; null where there is no end."""


class CallView(BaseModel):
    """One call that was counted, or as many as were turned away within a second."""

    model_config = ConfigDict(from_attributes=True)

    edge: str
    request_id: str
    """What the caller got as `x-request-id`."""
    province: str
    capability: str
    version: str
    """Empty where no version was reached."""
    application: str
    at: UtcTime
    """When it was answered, by the province's clock."""
    received_at: UtcTime
    hour: UtcTime
    """Start of the hour that it is counted in."""
    status: int
    units: int
    calls: int
    """How many it stands for: more than 1 only where the gateway turned them away."""
