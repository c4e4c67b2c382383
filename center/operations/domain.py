"""Usage by the hour, and how far each stream of an edge has been applied."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from capability_sdk.contracts.telemetry import (
    HealthReport,
    IssuedToken,
    LostRecords,
    ProfileEnvelope,
    QualityCounts,
    RecordKind,
    UsageRecord,
)
from center.operations.errors import TelemetryGap, TelemetryRefused
from center.operations.latency import LATENCY_CELLS, cell_of

_FIRST_ERROR = 400
_FIRST_FAILURE = 500
_TOO_MANY = 429

USAGE_SPAN = timedelta(days=30)
"""How far usage reaches back where nobody says from when."""

SLOT = timedelta(minutes=5)
"""Length of a slot of recent usage."""

SLOTS_KEPT = timedelta(hours=24)

Body = UsageRecord | ProfileEnvelope | QualityCounts | HealthReport | IssuedToken
"""What a record says."""

KINDS: dict[type[Body], RecordKind] = {
    UsageRecord: RecordKind.USAGE,
    ProfileEnvelope: RecordKind.PROFILE,
    QualityCounts: RecordKind.QUALITY,
    HealthReport: RecordKind.HEALTH,
    IssuedToken: RecordKind.ISSUANCE,
}


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a stream, understood."""

    seq: int
    body: Body


@dataclass(frozen=True, slots=True)
class Uncounted:
    """Records that no total holds: of what the center does not know, or lost at the edge.

    Attributes:
        kind: What they are; None where they were lost.
        body: The one record's own content; None where it was lost.
    """

    province: str
    edge: str
    stream: str
    epoch: int
    first: int
    last: int
    why: str
    received_at: datetime
    kind: str | None = None
    body: dict[str, Any] | None = None

    @property
    def place(self) -> tuple[str, str, int, int]:
        """Edge, stream, epoch and first number: there is one of it."""
        return self.edge, self.stream, self.epoch, self.first


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one stream and epoch, in order and without a gap; or those that were lost."""

    stream: str
    epoch: int
    records: tuple[Record, ...]
    lost: LostRecords | None = None

    @property
    def first(self) -> int:
        """Number of the first record."""
        return self.lost.first if self.lost is not None else self.records[0].seq

    def beyond(self, applied_through: int) -> tuple[Record, ...]:
        """Return the records that were not applied yet.

        Raises:
            TelemetryGap: The batch begins later than the next record that is wanted.
        """
        if self.first > applied_through + 1:
            raise TelemetryGap(
                f"{self.stream} epoch {self.epoch} is applied through {applied_through}; the batch"
                f" begins at {self.first}.",
                applied_through=applied_through,
            )
        return tuple(record for record in self.records if record.seq > applied_through)


def require_order(records: Iterable[Record]) -> None:
    """Refuse a batch whose own records leave a gap, repeat or run backwards.

    Raises:
        TelemetryRefused: A record's number is not one more than that of the record before.
    """
    last: int | None = None
    for record in records:
        if last is not None and record.seq != last + 1:
            raise TelemetryRefused(f"Record {record.seq} follows record {last}.", seq=record.seq)
        last = record.seq


class UsageDimension(StrEnum):
    """What usage can be grouped by."""

    PROVINCE = "province"
    CAPABILITY = "capability"
    VERSION = "version"
    APPLICATION = "application"
    ORGANISATION = "organisation"
    COST_CENTRE = "cost_centre"
    HOUR = "hour"


@dataclass(frozen=True, slots=True, order=True)
class UsageKey:
    """What usage is added up by; ``version`` is empty where no version was reached."""

    hour: datetime
    province: str
    capability: str
    version: str
    application: str


@dataclass(slots=True)
class UsageSum:
    """A sum under way.

    Attributes:
        calls: Answered calls, and those that the gateway turned away.
        units: Calls that count against the quota.
        errors: Calls answered with 400 or more.
        failures: Those answered with 500 or more, which are not the caller's doing.
        throttled: Those answered with 429.
        latency_us: Sum of latencies in microseconds.
        latency: Answered calls in each cell of `latency`.
    """

    calls: int = 0
    units: int = 0
    errors: int = 0
    failures: int = 0
    throttled: int = 0
    latency_us: int = 0
    latency: list[int] = field(default_factory=lambda: [0] * LATENCY_CELLS)

    def add(self, record: UsageRecord) -> None:
        """Count the calls of one record; only an answer took its time."""
        calls = record.calls
        self.calls += calls
        self.units += record.units
        self.errors += calls if record.status >= _FIRST_ERROR else 0
        self.failures += calls if record.status >= _FIRST_FAILURE else 0
        self.throttled += calls if record.status == _TOO_MANY else 0
        if not record.turned_away:
            self.latency_us += record.latency_us
            self.latency[cell_of(record.latency_us)] += 1

    def merge(self, other: "UsageSum") -> None:
        """Add the calls of another sum."""
        self.calls += other.calls
        self.units += other.units
        self.errors += other.errors
        self.failures += other.failures
        self.throttled += other.throttled
        self.latency_us += other.latency_us
        self.latency = [a + b for a, b in zip(self.latency, other.latency, strict=True)]


@dataclass(frozen=True, slots=True, order=True)
class SlotKey:
    """What recent usage is added up by; ``slot`` is the start of its five minutes."""

    slot: datetime
    province: str
    capability: str
    application: str


@dataclass(frozen=True, slots=True)
class CountedCall:
    """One call that was counted, as its province reported it, or calls that were turned away.

    Attributes:
        hour: Start of the hour that it is counted in.
        version: Empty where no version was reached.
        calls: How many it stands for; more than 1 only where the gateway turned them away.
    """

    edge: str
    request_id: str
    province: str
    capability: str
    version: str
    application: str
    at: datetime
    received_at: datetime
    hour: datetime
    status: int
    units: int
    calls: int


@dataclass(frozen=True, slots=True)
class CallsAsked:
    """Which counted calls are asked for; None asks for all."""

    province: str | None
    capability: str | None
    application: str | None
    begins: datetime | None
    ends: datetime | None


def booked_at(claimed: datetime, received: datetime) -> datetime:
    """Return the moment that a record counts for.

    A province's clock may be wrong. Nothing happens after it was reported: a later time counts as
    the moment of receipt. An earlier one is believed, since a cut-off province reports days late.
    """
    return min(claimed, received)


def hour_of(moment: datetime) -> datetime:
    """Return the start of the hour, UTC."""
    return moment.replace(minute=0, second=0, microsecond=0)


def default_begin(ends: datetime) -> datetime:
    """Return from which hour on usage is shown up to a moment, where nobody says."""
    first = datetime.min.replace(tzinfo=UTC)
    return hour_of(ends - USAGE_SPAN) if ends - first > USAGE_SPAN else first


def sum_usage(
    province: str, records: Iterable[UsageRecord], received: datetime
) -> dict[UsageKey, UsageSum]:
    """Add calls up by hour, capability, version and application."""
    sums: dict[UsageKey, UsageSum] = {}
    for record in records:
        key = UsageKey(
            hour_of(booked_at(record.at, received)),
            province,
            record.capability,
            record.version or "",
            record.application,
        )
        sums.setdefault(key, UsageSum()).add(record)
    return sums


def slot_of(moment: datetime) -> datetime:
    """Return the start of the slot, UTC."""
    minute = moment.minute - moment.minute % (SLOT // timedelta(minutes=1))
    return moment.replace(minute=minute, second=0, microsecond=0)


def sum_recent(
    province: str, records: Iterable[UsageRecord], received: datetime
) -> dict[SlotKey, UsageSum]:
    """Add those calls up by slot that are recent enough for one to be kept."""
    sums: dict[SlotKey, UsageSum] = {}
    for record in records:
        slot = slot_of(booked_at(record.at, received))
        if slot > received - SLOTS_KEPT:
            key = SlotKey(slot, province, record.capability, record.application)
            sums.setdefault(key, UsageSum()).add(record)
    return sums


@dataclass(frozen=True, slots=True)
class ProvinceHealth:
    """What a province said last about itself, and when the center heard it."""

    province: str
    edge: str
    received_at: datetime
    report: HealthReport
