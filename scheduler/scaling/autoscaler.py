"""Chooses at each step how many replicas each version has."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from capability_sdk.contracts.scaling import MAX_REPLICAS, ScalingChange, ScalingView
from capability_sdk.contracts.scheduling import LocalDeployment
from capability_sdk.kit.clock import Clock
from scheduler.scaling.forecasts import Forecasts
from scheduler.scaling.rules import Asked, Claim, recommend, share
from scheduler.scaling.store import ScalingStore
from scheduler.scaling.traffic import Name, Pulse, TrafficBoard
from scheduler.scaling.versions import Learnt, Terms, terms_of

_ENOUGH_TO_RECOVER = 20
_TOLERANCE = 1.1
"""Replicas go only where a tenth more calls would not need them: noise moves nothing."""
_LATELY = timedelta(seconds=5)
"""Longer than between two reports of a gateway; from then on the window of `remember` counts."""


@dataclass(frozen=True, slots=True)
class ScalingLimits:
    """How a province scales.

    Attributes:
        down_after: How long a recommendation holds against lower ones; a capability sleeps when
            nobody has called it for so long.
        ahead: How far the forecast is looked at: what a start takes, and the bucket it falls into.
        utilisation: Share of time that replicas may be busy, in (0, 1).
        budget_millicores: What all versions that scale may reserve together; None does not limit.
    """

    down_after: timedelta = timedelta(minutes=5)
    ahead: timedelta = timedelta(minutes=5)
    utilisation: float = 0.7
    budget_millicores: int | None = None


@dataclass(frozen=True, slots=True)
class Growth:
    """What inference will need besides what it has."""

    cpu_millicores: int
    memory_mib: int


class Autoscaler:
    """Belongs to one event loop; what it decided last outlives a restart."""

    def __init__(
        self, store: ScalingStore, traffic: TrafficBoard, clock: Clock, limits: ScalingLimits
    ) -> None:
        self._store = store
        self._clock = clock
        self._limits = limits
        self._traffic = traffic
        self._forecasts = Forecasts(store, traffic, clock())
        self._in_force = store.replicas()
        self._recoveries = store.recoveries()
        self._terms: list[Terms] = []
        self._learnt: dict[Name, Learnt] = {}

    async def choose(
        self, deployments: Sequence[LocalDeployment], ready: Mapping[Name, int]
    ) -> list[LocalDeployment]:
        """Return the deployments with the replicas that they shall have now.

        Args:
            deployments: What is desired.
            ready: Ready replicas by capability and version.
        """
        now = self._clock()
        await self._forecasts.advance(now)
        found = (terms_of(deployment, now) for deployment in deployments)
        self._terms = [terms for terms in found if terms is not None]
        names = {terms.name for terms in self._terms}
        self._learnt = {name: item for name, item in self._learnt.items() if name in names}
        wanted = [self._want(terms, ready.get(terms.name, 0), now) for terms in self._terms]
        await self._decide(wanted, now)
        chosen = {terms.name: self._learnt[terms.name].replicas for terms in self._terms}
        return [
            item.model_copy(update={"replicas": chosen.get(_name(item), item.replicas)})
            for item in deployments
        ]

    def growth(self, ahead: timedelta) -> Growth:
        """Return what the forecast wants within a time, besides what is chosen now."""
        now, cores, memory = self._clock(), 0, 0
        for terms in self._terms:
            expected = self._forecasts.peak(terms.name[0], now, ahead) * self._part(terms)
            needed = min(self._needed(terms, expected), terms.most)
            more = max(needed - self._learnt[terms.name].replicas, 0)
            cores += more * terms.millicores
            memory += more * terms.memory_mib
        return Growth(cores, memory)

    def views(self) -> list[ScalingView]:
        """Describe every version that scales."""
        return [self._view(terms) for terms in self._terms]

    def _want(self, terms: Terms, ready: int, now: datetime) -> int:
        """Return what a version would have if the province's budget had no end."""
        learnt = self._learnt.get(terms.name) or self._begin(terms, now)
        learnt.see_ready(ready, now)
        learnt.learn(self._traffic.summary(terms.name, learnt.settled_since), terms, now)
        own = self._traffic.pulse(*terms.name)
        whole = self._traffic.pulse(terms.name[0]) if terms.weight else own
        part = self._part(terms)
        learnt.rate = max(own.rate, whole.rate * part)
        learnt.expected = self._forecasts.peak(terms.name[0], now, self._limits.ahead) * part
        is_awake = self._is_awake(whole, learnt.expected, now)
        rate = max(learnt.rate, learnt.expected)
        needed = self._needed(terms, rate, is_awake=is_awake)
        if needed < learnt.replicas:
            more = self._needed(terms, rate * _TOLERANCE, is_awake=is_awake)
            needed = min(more, learnt.replicas)
        learnt.recommend(needed, now, self._limits.down_after)
        learnt.reason = _reason(terms, learnt, needed)
        return min(max(learnt.recent[0][1], terms.floor), terms.most)

    def _needed(self, terms: Terms, rate: float, *, is_awake: bool = True) -> int:
        learnt = self._learnt[terms.name]
        asked = Asked(
            rate=rate,
            service_seconds=terms.service_seconds or learnt.service_seconds,
            base_seconds=terms.base_seconds,
            target_seconds=terms.target_seconds,
            pressure=learnt.pressure,
            is_awake=is_awake,
        )
        return recommend(asked, self._limits.utilisation, MAX_REPLICAS)

    def _part(self, terms: Terms) -> float:
        """Return a version's part of its capability's traffic, by the weights."""
        same = sum(other.weight for other in self._terms if other.name[0] == terms.name[0])
        return terms.weight / same if same else 0.0

    def _is_awake(self, pulse: Pulse, expected: float, now: datetime) -> bool:
        is_called = pulse.in_flight + pulse.waiting > 0 or (
            pulse.last_call is not None and now - pulse.last_call < _LATELY
        )
        return is_called or expected * self._limits.ahead.total_seconds() >= 1

    def _begin(self, terms: Terms, now: datetime) -> Learnt:
        replicas = self._in_force.get(terms.name, terms.start)
        # What it has counts as recommended now, so nothing is taken away before calls were seen.
        learnt = Learnt(replicas, ((now, replicas),), settled_since=now, corrected_at=now)
        self._learnt[terms.name] = learnt
        return learnt

    async def _decide(self, wanted: Sequence[int], now: datetime) -> None:
        """Divide the budget, and keep what has changed."""
        claims = [
            Claim(min(terms.floor, want), want, terms.millicores)
            for terms, want in zip(self._terms, wanted, strict=True)
        ]
        given = share(claims, self._limits.budget_millicores)
        changes: list[ScalingChange] = []
        for terms, count in zip(self._terms, given, strict=True):
            learnt = self._learnt[terms.name]
            if count != learnt.replicas:
                changes.append(_change(terms, learnt, count, now))
            learnt.replicas = count
        in_force = {terms.name: count for terms, count in zip(self._terms, given, strict=True)}
        if in_force != self._in_force:
            await asyncio.to_thread(self._store.put_replicas, in_force, changes)
            self._in_force = in_force
        await self._see_recoveries(now)

    async def _see_recoveries(self, now: datetime) -> None:
        """Note each boost whose versions have their replicas and their objective again."""
        boosted: dict[str, list[Terms]] = {}
        for terms in self._terms:
            if terms.boost is not None and terms.boost.id not in self._recoveries:
                boosted.setdefault(terms.boost.id, []).append(terms)
        for name, every in boosted.items():
            if self._has_recovered(every):
                self._recoveries[name] = now
                await asyncio.to_thread(self._store.recover, name, now)

    def _has_recovered(self, every: Sequence[Terms]) -> bool:
        calls = 0
        for terms in every:
            learnt = self._learnt[terms.name]
            seen = self._traffic.summary(terms.name, learnt.settled_since)
            if learnt.ready < terms.floor or seen.p99_seconds > terms.target_seconds:
                return False
            calls += seen.calls
        return calls >= _ENOUGH_TO_RECOVER

    def _view(self, terms: Terms) -> ScalingView:
        learnt = self._learnt[terms.name]
        p99 = self._traffic.summary(terms.name, learnt.settled_since).p99_seconds
        return ScalingView(
            capability=terms.name[0],
            version=terms.name[1],
            replicas=learnt.replicas,
            ready=learnt.ready,
            reason=learnt.reason,
            min=terms.rule.min,
            max=terms.rule.max,
            calls_per_second=learnt.rate,
            expected_calls_per_second=learnt.expected,
            waiting=self._traffic.pulse(*terms.name).waiting,
            p99_ms=None if math.isnan(p99) else p99 * 1000,
            target_p99_ms=terms.target_seconds * 1000,
            boost=terms.boost,
            recovered_at=self._recoveries.get(terms.boost.id) if terms.boost else None,
        )


def _name(deployment: LocalDeployment) -> Name:
    return deployment.capability, deployment.version


def _reason(terms: Terms, learnt: Learnt, needed: int) -> str:
    """Say in a sentence what the number comes from, the strongest cause first."""
    held = learnt.recent[0][1]
    load = f"{learnt.rate:.1f} calls/s now, {learnt.expected:.1f} expected"
    if held > terms.most:
        return f"{load}: {held} needed, bounds and budget admit {terms.most}"
    if held < terms.floor:
        cause = "the least" if terms.boost is None else f"boosted by {terms.boost.by}"
        return f"{load}: {cause} is {terms.floor}"
    if held > needed:
        return f"{load}: {needed} needed, {held} were a moment ago"
    if not held:
        return "nobody calls it: asleep until a call comes"
    return f"{load}: p99 within {terms.target_seconds * 1000:g} ms"


def _change(terms: Terms, learnt: Learnt, given: int, now: datetime) -> ScalingChange:
    capability, version = terms.name
    return ScalingChange(
        at=now,
        capability=capability,
        version=version,
        before=learnt.replicas,
        after=given,
        reason=learnt.reason,
    )
