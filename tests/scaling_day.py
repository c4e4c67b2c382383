"""A simulated day for the autoscaler: calls by a curve, replicas that take time to start, no sleeping."""

import math
import random
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from capability_sdk.contracts.scaling import (
    LATENCY_BOUNDS,
    ScalingRule,
    TrafficReport,
    VersionTraffic,
)
from capability_sdk.contracts.scheduling import LocalDeployment
from scheduler.database import Database
from scheduler.scaling.autoscaler import Autoscaler, ScalingLimits
from scheduler.scaling.store import ScalingStore
from scheduler.scaling.traffic import TrafficBoard
from tests.integration.scheduler_world import deployment

DAY = 86_400
NAME = ("digit-recognition", "1.0.0")
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
CLASSES = len(LATENCY_BOUNDS) + 1

Curve = Callable[[int], float]
"""Calls a second at a second."""


def wanted(rule: ScalingRule, service_seconds: float | None = None) -> LocalDeployment:
    """Describe a deployment that scales; with what a call takes by its passport."""
    requests = [] if service_seconds is None else [_request(service_seconds)]
    described = deployment(Path("/packages/p"), passport={"requests": requests}, replicas=1)
    return LocalDeployment.model_validate({**described, "scaling": rule.model_dump()})


def _request(service_seconds: float) -> dict[str, float]:
    return {
        "rows": 1,
        "connections": 1,
        "latency_p50_ms": service_seconds * 1000,
        "latency_p99_ms": service_seconds * 1000 * math.log(100),  # exponential, as in `Farm`
        "requests_per_second": 1 / service_seconds,
        "cpu_microseconds_per_request": service_seconds * 1e6,
    }


class Rule(Protocol):
    """Chooses replicas at each tick."""

    async def choose(self, second: int, ready: int, seen: "Tick") -> int:
        """Return the replicas that there shall be."""
        ...


@dataclass(slots=True)
class Tick:
    """What happened in one tick.

    Attributes:
        calls: That arrived.
        busy: Share of the ready replicas' time, 0 to 1.
        latencies: Seconds from arrival to answer, of each call.
    """

    calls: int = 0
    busy: float = 0.0
    latencies: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Farm:
    """Replicas with one queue before them; each answers one call at a time.

    Attributes:
        free_at: When each ready replica is free.
        starting: When each of those that start will be ready.
    """

    service_seconds: float
    start_seconds: float
    chance: random.Random
    free_at: list[float] = field(default_factory=list)
    starting: deque[float] = field(default_factory=deque)

    def scale(self, second: float, replicas: int) -> None:
        """Start what is missing; end what is surplus, what only starts first."""
        while len(self.free_at) + len(self.starting) < replicas:
            self.starting.append(second + self.start_seconds)
        while len(self.free_at) + len(self.starting) > replicas:
            if self.starting:
                self.starting.pop()
            else:
                self.free_at.remove(min(self.free_at))

    def serve(self, second: int, seconds: int, rate: float) -> Tick:
        """Let calls come for some seconds (Poisson), and answer them."""
        while self.starting and self.starting[0] <= second:
            self.free_at.append(self.starting.popleft())
        tick, busy, at = Tick(), 0.0, float(second)
        while rate > 0 and (at := at + self.chance.expovariate(rate)) < second + seconds:
            tick.calls += 1
            if not self.free_at:
                tick.latencies.append(float(seconds))
                continue
            place = min(range(len(self.free_at)), key=self.free_at.__getitem__)
            took = self.chance.expovariate(1 / self.service_seconds)
            begins = max(at, self.free_at[place])
            self.free_at[place] = begins + took
            tick.latencies.append(begins + took - at)
            busy += took
        tick.busy = min(busy / max(len(self.free_at) * seconds, 1), 1.0)
        return tick


class Ours:
    """The autoscaler itself, fed as a gateway feeds it; its clock is the simulation's."""

    def __init__(self, wanted: LocalDeployment, limits: ScalingLimits, folder: Path) -> None:
        self._now = MIDNIGHT
        self._wanted = wanted
        self._database = Database(folder / "scheduler.db")
        self._traffic = TrafficBoard(lambda: self._now)
        store = ScalingStore(self._database)
        self._scaler = Autoscaler(store, self._traffic, lambda: self._now, limits)
        self._latencies = [0] * CLASSES
        self._seconds = 0.0

    async def choose(self, second: int, ready: int, seen: Tick) -> int:
        """Report what was seen, then ask."""
        self._now = MIDNIGHT + timedelta(seconds=second)
        for latency in seen.latencies:
            self._latencies[bisect_left(LATENCY_BOUNDS, latency)] += 1
        self._seconds += sum(seen.latencies)
        traffic = VersionTraffic(
            capability=NAME[0],
            version=NAME[1],
            latencies=list(self._latencies),
            seconds=self._seconds,
        )
        self._traffic.take(TrafficReport(gateway="gateway-0", epoch=1, versions=[traffic]))
        (chosen,) = await self._scaler.choose([self._wanted], {NAME: ready})
        return chosen.replicas

    def close(self) -> None:
        """Close the file."""
        self._database.close()


class Hpa:
    """The rule that the Kubernetes documentation publishes for its HorizontalPodAutoscaler.

    Every 15 s, desired = ceil(current x metric / target), unless the ratio is within a tenth of 1;
    down to the highest recommendation of five minutes. The metric is the mean share of busy time.
    """

    def __init__(self, target: float, least: int, most: int) -> None:
        self._target = target
        self._bounds = (least, most)
        self._recent: deque[tuple[int, int]] = deque()
        self._busy: deque[float] = deque(maxlen=3)
        self._replicas = least

    async def choose(self, second: int, ready: int, seen: Tick) -> int:
        """Return the replicas that there shall be."""
        self._busy.append(seen.busy)
        ratio = sum(self._busy) / len(self._busy) / self._target
        desired = self._replicas if abs(ratio - 1) <= 0.1 else math.ceil(ready * ratio)
        least, most = self._bounds
        self._recent.append((second, min(max(desired, least), most)))
        while self._recent[0][0] <= second - 300:
            self._recent.popleft()
        self._replicas = max(number for _, number in self._recent)
        return self._replicas


@dataclass(slots=True)
class Outcome:
    """What a rule did over the measured seconds.

    Attributes:
        replicas: At each tick.
        replica_hours: Ready or starting.
        violations: Spans of five minutes in which more than one call in a hundred was late.
    """

    replicas: list[int] = field(default_factory=list)
    replica_hours: float = 0.0
    calls: int = 0
    late: int = 0
    violations: int = 0

    @property
    def changes(self) -> int:
        """How often the number changed."""
        pairs = zip(self.replicas, self.replicas[1:], strict=False)
        return sum(one != other for one, other in pairs)


async def run(
    rule: Rule, farm: Farm, curve: Curve, *, target: float, warm: int, seconds: int, tick: int = 15
) -> Outcome:
    """Let a rule live through a curve.

    Args:
        rule: Who chooses.
        farm: Where calls are answered.
        curve: What comes.
        target: Objective of the p99, seconds.
        warm: Seconds before the measured ones.
        seconds: That are measured.
        tick: Seconds between two choices.
    """
    outcome, span = Outcome(), (0, 0)
    seen = Tick()
    for second in range(0, warm + seconds, tick):
        replicas = await rule.choose(second, len(farm.free_at), seen)
        farm.scale(second, replicas)
        seen = farm.serve(second, tick, curve(second))
        if second < warm:
            continue
        late = sum(latency > target for latency in seen.latencies)
        outcome.replicas.append(replicas)
        outcome.replica_hours += replicas * tick / 3600
        outcome.calls += seen.calls
        outcome.late += late
        span = (span[0] + seen.calls, span[1] + late)
        if (second + tick) % 300 == 0:
            outcome.violations += span[1] > span[0] / 100
            span = (0, 0)
    return outcome
