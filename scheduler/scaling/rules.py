"""From what is asked of a version to how many replicas it shall have. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from capability_sdk.contracts.scaling import Boost, ScalingRule
from scheduler.scaling.queueing import replicas_for

Recent = tuple[tuple[datetime, int], ...]
"""What was recommended lately: times ascend, numbers descend, so the first is the highest."""

_MOST_PRESSURE = 8.0
_LONGEST_STEP = 1.25
_RELAXED = 0.8
_RELAXATION = 0.98


@dataclass(frozen=True, slots=True)
class Asked:
    """What a version's calls ask for.

    Attributes:
        rate: Calls a second, now or as the forecast sees them soon, whichever is more.
        service_seconds: What one call takes of a replica; None while nothing says.
        base_seconds: p99 of a call that waits for nobody.
        target_seconds: Objective of the p99.
        pressure: How much dearer calls are than ``service_seconds`` says, learnt from the p99.
        is_awake: Whether its capability was called lately, is called now, or soon will be.
    """

    rate: float
    service_seconds: float | None
    base_seconds: float
    target_seconds: float
    pressure: float = 1.0
    is_awake: bool = True


def recommend(asked: Asked, utilisation: float, most: int) -> int:
    """Return the replicas that would answer in time: none while it sleeps, else at least 1."""
    if not asked.is_awake:
        return 0
    if asked.service_seconds is None:
        return 1
    needed = replicas_for(
        asked.rate,
        asked.service_seconds * asked.pressure,
        asked.target_seconds - asked.base_seconds,
        utilisation,
        most,
    )
    return max(needed, 1)


def bounds(rule: ScalingRule, replica_millicores: int, boost: Boost | None) -> tuple[int, int]:
    """Return the least and the most replicas: the budget outranks the floor, and any boost."""
    most = rule.max
    if rule.budget_millicores is not None:
        most = min(most, rule.budget_millicores // max(replica_millicores, 1))
    floor = max(rule.min, 0 if boost is None else boost.replicas)
    return min(floor, most), most


def correct(pressure: float, p99_seconds: float, target_seconds: float) -> float:
    """Learn from an observed p99: what is too slow is dearer than was thought.

    Too slow raises it by the ratio, a quarter at most; it falls more slowly, and only while the p99
    is well under the objective, so that it does not swing.
    """
    if p99_seconds > target_seconds:
        step = min(p99_seconds / target_seconds, _LONGEST_STEP)
        return min(pressure * step, _MOST_PRESSURE)
    if p99_seconds < target_seconds * _RELAXED:
        return max(pressure * _RELAXATION, 1.0)
    return pressure


def remember(recent: Recent, now: datetime, replicas: int, window: timedelta) -> Recent:
    """Add a recommendation, and drop what is older than a window or outdone by it.

    Source:
        The stabilisation window of the Kubernetes HorizontalPodAutoscaler: up at once, down to the
        highest recommendation of the window.
    """
    kept = (item for item in recent if item[1] > replicas and now - item[0] < window)
    return (*kept, (now, replicas))


@dataclass(frozen=True, slots=True)
class Claim:
    """What a version claims of the province's budget.

    Attributes:
        floor: Replicas that are never refused.
        wanted: Replicas that it would have, at least ``floor``.
        millicores: Of one replica.
    """

    floor: int
    wanted: int
    millicores: int


def share(claims: Sequence[Claim], budget_millicores: int | None) -> list[int]:
    """Divide the province's cores among versions that scale.

    Each gets its floor. Then single replicas are given in the order of how much of its claim a
    version has already, until the next one does not fit; nothing behind it is given, so whoever
    claims more never gets less by it.

    Returns:
        Replicas, in the order of the claims.
    """
    if budget_millicores is None:
        return [claim.wanted for claim in claims]
    given = [claim.floor for claim in claims]
    rest = budget_millicores - sum(claim.floor * claim.millicores for claim in claims)
    queue = sorted(
        (count / claim.wanted, place)
        for place, claim in enumerate(claims)
        for count in range(claim.floor, claim.wanted)
    )
    costs = accumulate(claims[place].millicores for _, place in queue)
    for (_, place), cost in zip(queue, costs, strict=True):
        if cost > rest:
            break
        given[place] += 1
    return given


def quantile_seconds(counts: Sequence[int], limits: Sequence[float], share_below: float) -> float:
    """Estimate a quantile of counted latencies.

    Args:
        counts: Calls by class; one class more than ``limits``, the open one.
        limits: Upper bounds of the classes, seconds, ascending.
        share_below: 0.99 for the p99.

    Returns:
        Seconds; the highest bound where the quantile lies in the open class, and NaN for no calls.

    Source:
        Linear within the class, as ``histogram_quantile`` of Prometheus.
    """
    total = sum(counts)
    if not total:
        return math.nan
    rank, before, lower = share_below * total, 0, 0.0
    for count, upper in zip(counts, limits, strict=False):
        if before + count >= rank:
            return lower + (upper - lower) * (rank - before) / max(count, 1)
        before, lower = before + count, upper
    return lower
