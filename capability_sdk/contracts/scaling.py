"""How many replicas a version may have, what calls ask of it, and what is lent meanwhile."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from capability_sdk.contracts.model import (
    CapabilityName,
    Count,
    Identifier,
    SemanticVersion,
    UtcTime,
    Versioned,
    Wire,
)

LATENCY_BOUNDS = (
    *(0.001, 0.0015, 0.002, 0.003, 0.004, 0.005, 0.007),
    *(0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.07),
    *(0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7),
    *(1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 20.0),
)
"""Upper bounds, in seconds, of the classes in which gateways count latencies; one more is open."""

MAX_REPLICAS = 1000

Replicas = Annotated[int, Field(ge=0, le=MAX_REPLICAS)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class ScalingRule(Wire):
    """Within which bounds the scheduler of a province chooses a version's replicas."""

    min: Replicas = 1
    """0 lets the version sleep while nobody calls its capability."""
    max: Annotated[int, Field(ge=1, le=MAX_REPLICAS)]
    budget_millicores: Annotated[int, Field(ge=1)] | None = None
    """Thousandths of a core that all its replicas may reserve together; None does not limit."""
    target_p99_ms: Annotated[float, Field(gt=0)] | None = None
    """Objective that replicas are chosen for; the manifest's where None."""

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is more than max {self.max}")
        return self


class Boost(Wire):
    """A person's word that each version with traffic has at least so many replicas for a time."""

    id: Identifier
    replicas: Annotated[int, Field(ge=1, le=MAX_REPLICAS)]
    by: str
    reason: Reason
    begun_at: UtcTime
    until: UtcTime


class BoostOutcome(Wire):
    """When the objective of a boosted capability held again; None while it does not."""

    id: Identifier
    recovered_at: UtcTime | None = None


class VersionTraffic(Wire):
    """What one gateway worker has seen of one version; counts grow from the worker's start."""

    capability: CapabilityName
    version: SemanticVersion
    in_flight: Count = 0
    """Calls that wait for an answer now."""
    waiting: Count = 0
    """Calls that are held now until a first replica is ready."""
    latencies: Annotated[
        list[Count], Field(min_length=len(LATENCY_BOUNDS) + 1, max_length=len(LATENCY_BOUNDS) + 1)
    ]
    """Answered calls by class of `LATENCY_BOUNDS`."""
    seconds: Annotated[float, Field(ge=0)] = 0.0
    """Sum of their latencies."""


class TrafficReport(Versioned):
    """Body of the scheduler's ``PUT /api/v1/traffic/{gateway}``; a lost one loses nothing."""

    gateway: Identifier
    epoch: Annotated[int, Field(ge=1, le=2**63)]
    """Start of the worker; its counts begin at 0 with it."""
    versions: Annotated[list[VersionTraffic], Field(max_length=10_000)] = []


class ScalingView(Wire):
    """How many replicas a version has, and why."""

    capability: CapabilityName
    version: SemanticVersion
    replicas: int
    ready: int
    reason: str
    min: int
    max: int
    calls_per_second: float
    expected_calls_per_second: float
    """The most that the forecast sees within the next minutes."""
    waiting: int
    p99_ms: float | None = None
    """Of the last minute; None where too few calls came."""
    target_p99_ms: float
    boost: Boost | None = None
    recovered_at: UtcTime | None = None


class ScalingChange(Wire):
    """One change of a version's replicas."""

    at: UtcTime
    capability: CapabilityName
    version: SemanticVersion
    before: int
    after: int
    reason: str


class LoanState(StrEnum):
    """Where a loan is in its life."""

    ACTIVE = "active"
    RECALLED = "recalled"
    """Inference needs it: the borrower has until ``ends_at`` to stop."""


class LoanRenewal(Wire):
    """Body of the scheduler's ``POST /api/v1/loans/{id}:renew``."""

    seconds: Annotated[int, Field(ge=1, le=86_400)] = 3600


class LoanRequest(LoanRenewal):
    """Body of the scheduler's ``POST /api/v1/loans``: spare capacity for training or ETL work."""

    holder: Identifier
    purpose: Reason
    cpu_millicores: Annotated[int, Field(ge=1, le=4_000_000)]
    memory_mib: Annotated[int, Field(ge=1, le=64_000_000)]


class Loan(LoanRequest):
    """Capacity of one node, lent until ``ends_at``; what is lent counts as reserved."""

    id: Identifier
    node: Identifier
    state: LoanState = LoanState.ACTIVE
    begun_at: UtcTime
    ends_at: UtcTime
    detail: str = ""


class SpareCapacity(Wire):
    """What a node could lend."""

    node: Identifier
    cpu_millicores: int
    memory_mib: int


class LendingView(Wire):
    """The lending account of a province."""

    loans: list[Loan]
    spare: list[SpareCapacity]
    """By node, after reservations and loans."""
    held_back_cpu_millicores: int
    """Of that, kept for the replicas that the forecast sees within the next hour."""
    held_back_memory_mib: int
