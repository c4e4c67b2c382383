"""What the gateways say of calls, turned into present rates and latencies."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from capability_sdk.contracts.scaling import LATENCY_BOUNDS, TrafficReport, VersionTraffic
from capability_sdk.kit.clock import Clock
from scheduler.scaling.rules import quantile_seconds

_FRESH = timedelta(seconds=10)
"""A gateway that has not reported for so long has no calls in flight that we know of."""
_CLASSES = len(LATENCY_BOUNDS) + 1

Name = tuple[str, str]
"""Capability and version."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one report added.

    Attributes:
        arrivals: Calls that came: answered ones, and what more is on its way than before.
        latencies: Answered calls by class.
        seconds: Sum of their latencies.
    """

    at: datetime
    arrivals: int
    latencies: tuple[int, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Summary:
    """A version's traffic over a while.

    Attributes:
        calls: Answered ones.
        p99_seconds: NaN where there are none.
        mean_seconds: NaN likewise.
    """

    calls: int
    p99_seconds: float
    mean_seconds: float


@dataclass(frozen=True, slots=True)
class Pulse:
    """How something is called now.

    Attributes:
        rate: Calls a second over the window.
        in_flight: Calls that wait for an answer of an instance.
        waiting: Calls that are held until a first replica is ready.
        last_call: When one came last, as far as this process has seen.
    """

    rate: float
    in_flight: int
    waiting: int
    last_call: datetime | None


@dataclass(slots=True)
class _Gateway:
    epoch: int
    at: datetime
    versions: dict[Name, VersionTraffic] = field(default_factory=dict)


class TrafficBoard:
    """Belongs to one event loop. Counts of gateways grow, so a report that is lost costs nothing."""

    def __init__(self, clock: Clock, window: timedelta = timedelta(minutes=1)) -> None:
        """Prepare.

        Args:
            clock: What time it is.
            window: Calls of how long make up the present rate.
        """
        self._clock = clock
        self._window = window
        self._gateways: dict[str, _Gateway] = {}
        self._seen: dict[Name, deque[Seen]] = {}
        self._totals: dict[str, int] = {}
        self._last_call: dict[Name, datetime] = {}

    def take(self, report: TrafficReport) -> None:
        """Take a worker's counts; those of a worker that started before count for nothing."""
        now = self._clock()
        known = self._gateways.get(report.gateway)
        if known is not None and known.epoch > report.epoch:
            return
        versions = {(item.capability, item.version): item for item in report.versions}
        self._gateways[report.gateway] = _Gateway(report.epoch, now, versions)
        for name, item in versions.items():
            before = _before(known, report.epoch, name, item)
            self._add(name, _difference(before, item, now))

    def pulse(self, capability: str, version: str | None = None) -> Pulse:
        """Describe how a capability, or one version of it, is called now."""
        names = [
            name for name in self._last_call if name[0] == capability and version in (None, name[1])
        ]
        fresh = [item for name, item in self._fresh() if name in names]
        arrivals = sum(item.arrivals for name in names for item in self._recent(name))
        return Pulse(
            rate=arrivals / self._window.total_seconds(),
            in_flight=sum(item.in_flight for item in fresh),
            waiting=sum(item.waiting for item in fresh),
            last_call=max((self._last_call[name] for name in names), default=None),
        )

    def summary(self, name: Name, since: datetime) -> Summary:
        """Describe the latencies of a version's calls since a moment, at most of the window."""
        seen = [item for item in self._recent(name) if item.at >= since]
        counts = [0] * _CLASSES
        for item in seen:
            for place, count in enumerate(item.latencies):
                counts[place] += count
        calls = sum(counts)
        mean = sum(item.seconds for item in seen) / calls if calls else float("nan")
        return Summary(calls, quantile_seconds(counts, LATENCY_BOUNDS, 0.99), mean)

    def take_totals(self) -> dict[str, int]:
        """Return how often each capability was called since this was asked last."""
        totals, self._totals = self._totals, dict.fromkeys(self._totals, 0)
        return totals

    def _add(self, name: Name, seen: Seen) -> None:
        if not seen.arrivals and not any(seen.latencies):
            return
        self._recent(name).append(seen)
        self._totals[name[0]] = self._totals.get(name[0], 0) + seen.arrivals
        self._last_call[name] = seen.at

    def _recent(self, name: Name) -> deque[Seen]:
        seen = self._seen.setdefault(name, deque())
        oldest = self._clock() - self._window
        while seen and seen[0].at < oldest:
            seen.popleft()
        return seen

    def _fresh(self) -> Iterable[tuple[Name, VersionTraffic]]:
        oldest = self._clock() - _FRESH
        for gateway in self._gateways.values():
            if gateway.at >= oldest:
                yield from gateway.versions.items()


def _before(
    known: _Gateway | None, epoch: int, name: Name, item: VersionTraffic
) -> VersionTraffic | None:
    """Return the counts that a report's grew from; None where they began at 0 meanwhile."""
    if known is None:
        # What the worker counted before this process asked says nothing of the last minute.
        return item.model_copy(update={"in_flight": 0, "waiting": 0})
    return known.versions.get(name) if known.epoch == epoch else None


def _difference(before: VersionTraffic | None, item: VersionTraffic, now: datetime) -> Seen:
    latencies = tuple(item.latencies)
    seconds, on_the_way = item.seconds, item.in_flight + item.waiting
    if before is not None:
        earlier = before.latencies
        latencies = tuple(max(n - o, 0) for n, o in zip(item.latencies, earlier, strict=True))
        seconds = max(seconds - before.seconds, 0.0)
        on_the_way -= before.in_flight + before.waiting
    return Seen(now, max(sum(latencies) + on_the_way, 0), latencies, seconds)
