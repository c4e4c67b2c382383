"""A day of calls: replicas follow it, within bounds, and stand still while it does."""

import asyncio
import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capability_sdk.contracts.scaling import ScalingRule
from scheduler.profiles import demand_of
from scheduler.scaling.autoscaler import ScalingLimits
from tests.scaling_day import DAY, Curve, Farm, Ours, Outcome, run, wanted

SERVICE_SECONDS = 0.5
HOUR = 3600
TICK = 120


def noon(second: int) -> float:
    """A few calls, and six a second between 11:00 and 13:00."""
    hour = second % DAY / HOUR
    return 0.3 + 5.7 * math.exp(-(((hour - 12) / 0.9) ** 6))


@contextmanager
def scaler(folder: Path, rule: ScalingRule) -> Iterator[Ours]:
    made = Ours(wanted(rule, SERVICE_SECONDS), ScalingLimits(), folder)
    yield made
    made.close()


def lived(made: Ours, curve: Curve, *, warm: int, seconds: int) -> Outcome:
    farm = Farm(SERVICE_SECONDS, 30.0, random.Random(7))  # noqa: S311 - a synthetic load
    return asyncio.run(run(made, farm, curve, target=4.0, warm=warm, seconds=seconds, tick=TICK))


def at(outcome: Outcome, hour: float) -> int:
    return outcome.replicas[int(hour * HOUR / TICK)]


def test_R084_replicas_follow_the_curve_of_the_day_and_are_there_before_the_peak(
    tmp_path: Path,
) -> None:
    with scaler(tmp_path, ScalingRule(min=1, max=20, target_p99_ms=4000)) as made:
        day = lived(made, noon, warm=DAY, seconds=DAY)

    assert at(day, 3) <= 2
    assert at(day, 12) >= math.ceil(6 * SERVICE_SECONDS / 0.7)
    assert at(day, 17) <= 2
    # Twice as fast as the calls grow, the replicas of yesterday's peak are there.
    first = next(i for i, number in enumerate(day.replicas) if number >= at(day, 12) - 1)
    assert noon(first * TICK) < noon(12 * HOUR)
    assert max(day.replicas) <= 20


def test_a_capability_that_is_called_in_the_day_alone_sleeps_at_night_and_is_up_before_its_time(
    tmp_path: Path,
) -> None:
    def office_hours(second: int) -> float:
        return 0.5 if 9 * HOUR <= second % DAY < 18 * HOUR else 0.0

    with scaler(tmp_path, ScalingRule(min=0, max=10)) as made:
        day = lived(made, office_hours, warm=2 * DAY, seconds=DAY)

    assert at(day, 4) == 0
    assert at(day, 8.99) >= 1
    assert at(day, 12) >= 1


@pytest.mark.parametrize("rate", [0.3, 2.0, 6.0])
def test_calls_that_do_not_change_hardly_change_the_replicas(tmp_path: Path, rate: float) -> None:
    with scaler(tmp_path, ScalingRule(min=1, max=20, target_p99_ms=4000)) as made:
        outcome = lived(made, lambda _: rate, warm=HOUR, seconds=3 * HOUR)

    assert outcome.changes <= 12  # at most two in half an hour, over noise alone


@given(
    st.integers(0, 3),
    st.integers(1, 12),
    st.none() | st.integers(10, 20_000),
    st.lists(st.floats(0, 10), min_size=2, max_size=4),
)
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_comes_the_bounds_and_the_budget_are_kept(
    tmp_path_factory: pytest.TempPathFactory,
    least: int,
    more: int,
    budget: int | None,
    rates: list[float],
) -> None:
    rule = ScalingRule(min=least, max=least + more, budget_millicores=budget)

    with scaler(tmp_path_factory.mktemp("day"), rule) as made:
        outcome = lived(made, lambda s: rates[s // 300 % len(rates)], warm=0, seconds=1200)

    each = demand_of(wanted(rule, SERVICE_SECONDS)).cpu_millicores
    most = rule.max if budget is None else min(rule.max, budget // each)
    numbers = set(outcome.replicas)
    assert numbers <= set(range(min(rule.min, most), most + 1)), (rule, rates, numbers)
