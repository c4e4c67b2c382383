"""What goes up: records of five kinds, each applied exactly once.

A record is keyed ``(edge, stream, epoch, seq)``. Within a stream and epoch, sequence numbers start
at 1 and have no gaps; the center applies them in order and answers how far it has come.
"""

from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from capability_sdk.contracts.model import (
    CapabilityName,
    Count,
    Digest,
    Identifier,
    SemanticVersion,
    UtcTime,
    Versioned,
    Wire,
)
from capability_sdk.contracts.nodes import InstanceStatus, NodeMetadata
from capability_sdk.contracts.scaling import BoostOutcome

MAX_BATCH = 2000
"""Records of one batch, at most."""


class RecordKind(StrEnum):
    """What a stream may carry."""

    USAGE = "usage"
    PROFILE = "profile"
    QUALITY = "quality"
    HEALTH = "health"
    ISSUANCE = "issuance"


class UsageRecord(Wire):
    """One answered call, in the spool before its answer is released; or calls that were turned away.

    Those are too many to be written down one by one: a gateway counts them, and at most once a second
    it writes one record for each subscription whose limits turned calls away.
    """

    request_id: Identifier
    at: UtcTime
    application: Identifier
    subscription: Identifier
    capability: CapabilityName
    version: SemanticVersion | None
    """None where no version was reached, as with calls that were turned away."""
    status: Annotated[int, Field(ge=100, le=599)]
    units: Annotated[int, Field(ge=0, le=1)]
    """1 where the call counts against the quota, which is every answer below 500."""
    trial: bool = False
    """Whether somebody tried the capability; ``subscription`` is then the trial token's id."""
    latency_us: Count
    request_bytes: Count
    response_bytes: Count
    turned_away: Annotated[int, Field(ge=0, le=10**9)] = 0
    """Calls refused for the subscription's limits, which this record stands for; 0 for an answer."""

    @property
    def calls(self) -> int:
        """How many calls this record stands for."""
        return self.turned_away or 1

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> Self:
        reached = self.units or self.latency_us or self.trial or self.version is not None
        if self.turned_away and (reached or self.status != HTTPStatus.TOO_MANY_REQUESTS):
            raise ValueError("calls turned away have status 429, no version, no unit, no latency")
        return self


class ProfileEnvelope(Versioned):
    """Anchored counts of one capability version over a part of one hour.

    ``profile`` is a serialized whylogs profile, Base64, whose only metric is the anchored counts;
    envelopes of the same window add up.
    """

    capability: CapabilityName
    version: SemanticVersion
    window: UtcTime
    """Start of the hour, UTC."""
    rows: Annotated[int, Field(gt=0)]
    anchors: Identifier
    """Digest of the anchors that the counts refer to."""
    profile: str


class ConfusionCell(Wire):
    """How often a class was predicted where another was true."""

    predicted: Annotated[int, Field(ge=0)]
    """Index into the manifest's labels; ``len(labels)`` stands for every undeclared class."""
    actual: Annotated[int, Field(ge=0)]
    count: Annotated[int, Field(gt=0)]


class QualityCounts(Versioned):
    """Counts of the feedback join, by hour of prediction; deltas that add up."""

    capability: CapabilityName
    version: SemanticVersion
    window: UtcTime
    """Start of the hour of prediction, UTC."""
    predictions: Count = 0
    """Rows predicted, with or without feedback: the denominator of label coverage."""
    confusion: list[ConfusionCell] = []


class VersionContent(Wire):
    """What of a version lies on the province's disk, as it was read there; None for nothing."""

    capability: CapabilityName
    version: SemanticVersion
    code: Digest | None = None
    weights: Digest | None = None
    overlay: Digest | None = None
    parse_rule: Digest | None = None
    anchors: Digest | None = None


class HealthReport(Versioned):
    """What a province runs now."""

    at: UtcTime
    state_revision: Annotated[int, Field(ge=0)]
    nodes: list[NodeMetadata] = []
    instances: list[InstanceStatus] = []
    backlog: dict[str, Count] = {}
    """Records that wait in each stream."""
    contents: list[VersionContent] = []
    """Of each version that shall run."""
    boosts: list[BoostOutcome] = []
    """Boosts in force, and since when the objective holds."""


class IssuedToken(Wire):
    """An access token that a province's delegated issuer signed while the center was away."""

    at: UtcTime
    application: Identifier
    scope: Annotated[str, Field(max_length=8192)]
    jti: Identifier
    kid: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
    expires_at: UtcTime


class TelemetryRecord(Wire):
    """One record of a batch; ``body`` is a model of this module, by ``kind``."""

    seq: Annotated[int, Field(ge=1, le=2**53)]
    kind: RecordKind
    body: dict[str, Any]


class LostRecords(Wire):
    """Records that the edge can no longer read: named, so that the stream can go on behind them."""

    first: Annotated[int, Field(ge=1)]
    last: Annotated[int, Field(ge=1, lt=2**63)]
    reason: Annotated[str, Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.last < self.first:
            raise ValueError("last is less than first")
        return self


class TelemetryBatch(Versioned):
    """Body of ``POST /api/v1/edges/{edge}/telemetry``."""

    stream: Identifier
    epoch: Annotated[int, Field(ge=1, le=2**53)]
    records: Annotated[list[TelemetryRecord], Field(max_length=MAX_BATCH)] = []
    lost: LostRecords | None = None
    """In place of records."""

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> Self:
        if bool(self.records) == (self.lost is not None):
            raise ValueError("a batch holds records, or names lost ones")
        return self


class TelemetryAnswer(Wire):
    """How far the center has applied the stream; the edge goes on from there."""

    applied_through: Annotated[int, Field(ge=0)]
