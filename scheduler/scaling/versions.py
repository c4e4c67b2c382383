"""One version that scales: what its deployment and passport say, and what was learnt since."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from capability_sdk.contracts.passport import Passport
from capability_sdk.contracts.scaling import Boost, ScalingRule
from capability_sdk.contracts.scheduling import LocalDeployment
from scheduler.profiles import demand_of
from scheduler.scaling.rules import Recent, bounds, correct, remember
from scheduler.scaling.traffic import Name, Summary

CORRECT_EVERY = timedelta(seconds=15)
"""As often as the Kubernetes HorizontalPodAutoscaler looks."""
_SETTLING = timedelta(seconds=5)
_ENOUGH_FOR_P99 = 100
_ENOUGH_FOR_MEAN = 20


@dataclass(frozen=True, slots=True)
class Terms:
    """What a deployment asks of scaling, in seconds and cores.

    Attributes:
        floor: Least replicas, a boost in force included.
        most: Most replicas that bounds and budget admit.
        start: Replicas before anything is known of its calls.
        weight: Part of its capability's traffic, relative to the others'.
        service_seconds: What one call takes of a replica; None where the passport is silent.
        base_seconds: p99 of a call that waits for nobody; 0 where the passport is silent.
    """

    name: Name
    rule: ScalingRule
    boost: Boost | None
    floor: int
    most: int
    start: int
    weight: int
    millicores: int
    memory_mib: int
    service_seconds: float | None
    base_seconds: float
    target_seconds: float


def terms_of(deployment: LocalDeployment, now: datetime) -> Terms | None:
    """Read what a deployment asks; None where its replicas are fixed."""
    boost = deployment.boost
    if boost is not None and (boost.until <= now or deployment.weight == 0):
        boost = None
    rule = deployment.scaling
    if rule is None:
        if boost is None:
            return None
        fixed = max(deployment.replicas, boost.replicas)
        rule = ScalingRule(min=deployment.replicas, max=fixed)
    demand = demand_of(deployment)
    floor, most = bounds(rule, demand.cpu_millicores, boost)
    service, base = _measured(Passport.model_validate(deployment.passport))
    target_ms = rule.target_p99_ms or deployment.manifest.objectives.p99_ms
    return Terms(
        name=(deployment.capability, deployment.version),
        rule=rule,
        boost=boost,
        floor=floor,
        most=most,
        start=deployment.replicas,
        weight=deployment.weight,
        millicores=demand.cpu_millicores,
        memory_mib=demand.memory_mib,
        service_seconds=service,
        base_seconds=base,
        target_seconds=target_ms / 1000,
    )


def _measured(passport: Passport) -> tuple[float | None, float]:
    """Return seconds of service and the p99 of a lone call, of requests of a single row.

    An instance that was loaded with several connections showed how many calls a second it can
    answer; a call's service is the inverse of it, whatever it spends its time on.
    """
    single = [point for point in passport.requests if point.rows == 1]
    if not single:
        return None, 0.0
    lone = min(single, key=lambda point: point.connections)
    fastest = max(point.requests_per_second for point in single)
    return (1 / fastest if fastest else None), lone.latency_p99_ms / 1000


@dataclass(slots=True)
class Learnt:
    """What is known of a version besides; changed by its scheduler's event loop alone.

    Attributes:
        replicas: What it shall have.
        service_seconds: Least mean latency that was seen, for versions without a passport.
        settled_since: Since when as many replicas are ready as now.
    """

    replicas: int
    recent: Recent
    settled_since: datetime
    corrected_at: datetime
    ready: int = 0
    pressure: float = 1.0
    service_seconds: float | None = None
    reason: str = ""
    rate: float = 0.0
    expected: float = 0.0

    def see_ready(self, ready: int, now: datetime) -> None:
        """Take the number of ready replicas; another one makes earlier latencies history.

        So are those of the next moments: calls that had queued up before are answered in them.
        """
        if ready != self.ready:
            self.ready, self.settled_since = ready, now + _SETTLING

    def recommend(self, needed: int, now: datetime, window: timedelta) -> None:
        """Take what is needed now; nothing that only just starts is taken away again."""
        is_starting = self.replicas > 0 and self.ready == 0
        self.recent = remember(self.recent, now, max(needed, int(is_starting)), window)

    def learn(self, seen: Summary, terms: Terms, now: datetime) -> None:
        """Learn from the calls since the replicas settled, from time to time."""
        if now - self.corrected_at < CORRECT_EVERY:
            return
        self.corrected_at = now
        if seen.calls >= _ENOUGH_FOR_MEAN:
            known = self.service_seconds
            self.service_seconds = min(known or math.inf, seen.mean_seconds)
        # While more replicas are on their way, what is slow now is no news.
        if seen.calls >= _ENOUGH_FOR_P99 and self.ready >= self.replicas:
            self.pressure = correct(self.pressure, seen.p99_seconds, terms.target_seconds)
