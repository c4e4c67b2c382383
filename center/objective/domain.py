"""Objectives, error budgets and burn rates.

Source:
    The Site Reliability Workbook, chapter 5: alerting on SLOs by several windows and burn rates.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from center.operations.latency import Cells, quantile_ms, slower_than

PERIOD = timedelta(days=28)
"""Rolling window of the budget: four whole weeks, so that each weekday counts alike."""

SLOW_SHARE = 0.01
"""Calls that may be slower than the objective's p99, by its own definition."""

LEAST_BAD = 5
"""Bad calls of the long window that make a burn; fewer are chance where few call."""

_P99 = 0.99


@dataclass(frozen=True, slots=True)
class BurnWindow:
    """Two windows that must both burn: the long one for certainty, the short one to end soon.

    Attributes:
        budget_share: Part of the period's budget that is used up when the long window ends.
    """

    name: "Burning"
    long: timedelta
    short: timedelta
    budget_share: float

    @property
    def rate(self) -> float:
        """Least burn rate; 1 uses up exactly the budget over the period."""
        return self.budget_share * (PERIOD / self.long)


class Burning(StrEnum):
    """How fast a budget is used up."""

    FAST = "fast"
    SLOW = "slow"


WINDOWS = (
    BurnWindow(Burning.FAST, timedelta(hours=1), timedelta(minutes=5), 0.02),
    BurnWindow(Burning.SLOW, timedelta(hours=6), timedelta(minutes=30), 0.05),
)
SPANS = tuple(sorted({span for window in WINDOWS for span in (window.short, window.long)}))
"""Every window's length, shortest first: 5 and 30 minutes, 1 and 6 hours."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is promised.

    Attributes:
        availability: Share of calls that are not answered with 500 or more.
        p99_ms: 99 of 100 calls are answered within it.
        is_set: Whether somebody set it; otherwise it is the manifest's.
    """

    availability: float
    p99_ms: float
    is_set: bool = False


@dataclass(frozen=True, slots=True)
class Sums:
    """Answered calls of a span of time; ``latency`` has the cells of `center.operations.latency`."""

    calls: int
    failures: int
    latency: Cells

    def plus(self, other: "Sums") -> "Sums":
        """Add the calls of another place."""
        latency = [mine + theirs for mine, theirs in zip(self.latency, other.latency, strict=True)]
        return Sums(self.calls + other.calls, self.failures + other.failures, latency)


@dataclass(frozen=True, slots=True)
class Budget:
    """One objective's error budget.

    Attributes:
        bad: Bad calls of the period.
        left: Share of the budget that is left; below 0 the objective is missed.
        burn: Burn rate by span.
        burning: The fastest window pair that burns; None where none does.
        exhausts_at: When the budget ends at the burn rate of the longest span; None where it is gone,
            or lasts beyond the period.
    """

    bad: int
    left: float
    burn: Mapping[timedelta, float] = field(default_factory=dict)
    burning: Burning | None = None
    exhausts_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a capability stands to its objectives in one province, or in all where it is empty."""

    capability: str
    province: str
    target: Target
    calls: int
    p99_ms: float | None
    availability: Budget
    latency: Budget
    cells: Cells

    @property
    def place(self) -> tuple[str, str]:
        """Capability and province."""
        return self.capability, self.province

    @property
    def left(self) -> float:
        """What is left of the budget that is used up more."""
        return min(self.availability.left, self.latency.left)

    @property
    def burning(self) -> Burning | None:
        """The faster of both burns."""
        both = (self.availability.burning, self.latency.burning)
        return Burning.FAST if Burning.FAST in both else Burning.SLOW if any(both) else None


def stand(
    capability: str,
    province: str,
    target: Target,
    period: Sums,
    recent: Mapping[timedelta, Sums],
    now: datetime,
) -> Standing:
    """Measure calls against a target.

    Args:
        capability: What was called.
        province: Where; empty for all provinces together.
        target: What is promised.
        period: Calls of `PERIOD`.
        recent: Calls of each of `SPANS`; a missing one had none.
        now: The moment that all of them end at.
    """
    slow = {span: slower_than(sums.latency, target.p99_ms) for span, sums in recent.items()}
    failed = {span: float(sums.failures) for span, sums in recent.items()}
    calls = {span: sums.calls for span, sums in recent.items()}
    timed = {span: sum(sums.latency) for span, sums in recent.items()}
    return Standing(
        capability=capability,
        province=province,
        target=target,
        calls=period.calls,
        p99_ms=quantile_ms(period.latency, _P99),
        availability=_budget(
            1 - target.availability, period.calls, float(period.failures), calls, failed, now
        ),
        latency=_budget(
            *(SLOW_SHARE, sum(period.latency), slower_than(period.latency, target.p99_ms)),
            *(timed, slow, now),
        ),
        cells=period.latency,
    )


def _budget(
    allowed: float,
    calls: int,
    bad: float,
    recent_calls: Mapping[timedelta, int],
    recent_bad: Mapping[timedelta, float],
    now: datetime,
) -> Budget:
    burn = {
        span: recent_bad.get(span, 0.0) / recent_calls[span] / allowed
        for span in SPANS
        if recent_calls.get(span)
    }
    left = 1 - bad / (allowed * calls) if calls else 1.0
    return Budget(round(bad), left, burn, _burning(burn, recent_bad), _ends(left, burn, now))


def _burning(burn: Mapping[timedelta, float], bad: Mapping[timedelta, float]) -> Burning | None:
    for window in WINDOWS:
        both = min(burn.get(window.long, 0.0), burn.get(window.short, 0.0))
        if both >= window.rate and bad.get(window.long, 0.0) >= LEAST_BAD:
            return window.name
    return None


def _ends(left: float, burn: Mapping[timedelta, float], now: datetime) -> datetime | None:
    rate = burn.get(SPANS[-1], 0.0)
    return now + PERIOD * (left / rate) if rate > left > 0 else None
