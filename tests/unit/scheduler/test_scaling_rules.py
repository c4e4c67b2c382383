"""How many replicas calls ask for: the queueing rule, bounds, budget and the window."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capability_sdk.contracts.scaling import LATENCY_BOUNDS, Boost, ScalingRule
from scheduler.scaling.queueing import chance_of_waiting, replicas_for, waiting_p99
from scheduler.scaling.rules import (
    Asked,
    Claim,
    bounds,
    correct,
    quantile_seconds,
    recommend,
    remember,
    share,
)

NOW = datetime(2026, 11, 25, 11, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

rates = st.floats(0, 500)
services = st.floats(0.0005, 0.5)


def boost(replicas: int) -> Boost:
    return Boost(
        id="b", replicas=replicas, by="ops", reason="flood", begun_at=NOW, until=NOW + MINUTE
    )


@pytest.mark.parametrize(
    ("replicas", "offered", "chance"), [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (10, 5.0, 0.0361)]
)
def test_the_chance_of_waiting_is_that_of_the_tables(
    replicas: int, offered: float, chance: float
) -> None:
    assert chance_of_waiting(replicas, offered) == pytest.approx(chance, abs=5e-5)


def test_replicas_that_cannot_keep_up_let_everybody_wait_for_ever() -> None:
    assert chance_of_waiting(2, 2.0) == 1.0
    assert waiting_p99(2, 2.0, 0.1) == math.inf


@given(rates, services, st.floats(0, 2))
def test_the_replicas_chosen_keep_the_objective_and_one_fewer_would_not(
    rate: float, service: float, patience: float
) -> None:
    chosen = replicas_for(rate, service, patience, 0.7, most=1000)

    def is_enough(count: int) -> bool:
        wait = waiting_p99(count, rate * service, service) if count else math.inf
        return rate * service <= 0.7 * count and wait <= max(patience, service)

    assert (chosen == 0) == (rate <= 0)
    if chosen:
        assert is_enough(chosen)
        assert chosen == 1 or not is_enough(chosen - 1)


@given(rates, rates, services)
def test_more_calls_never_ask_for_fewer_replicas(one: float, other: float, service: float) -> None:
    def asked(rate: float) -> int:
        return recommend(Asked(rate, service, service, 0.5), 0.7, 1000)

    fewer, more = sorted((one, other))
    assert asked(fewer) <= asked(more)


def test_a_version_whose_service_is_unknown_has_one_replica_while_it_is_awake() -> None:
    assert recommend(Asked(100.0, None, 0.0, 0.5), 0.7, 10) == 1
    assert recommend(Asked(0.0, 0.1, 0.1, 0.5, is_awake=False), 0.7, 10) == 0


@given(
    st.integers(0, 20),
    st.integers(1, 20),
    st.none() | st.integers(1, 20_000),
    st.integers(1, 4000),
    st.none() | st.integers(1, 50),
)
def test_no_boost_leaves_the_bounds_or_the_budget(
    least: int, more: int, budget: int | None, millicores: int, boosted: int | None
) -> None:
    rule = ScalingRule(min=least, max=least + more, budget_millicores=budget)

    floor, most = bounds(rule, millicores, None if boosted is None else boost(boosted))

    assert 0 <= floor <= most <= rule.max
    assert budget is None or most * millicores <= budget
    assert floor >= min(least, most)


claims = st.lists(
    st.builds(
        lambda floor, more, cores: Claim(floor, floor + more, cores),
        st.integers(0, 3),
        st.integers(0, 20),
        st.integers(50, 4000),
    ),
    min_size=1,
    max_size=6,
)


@given(claims, st.integers(0, 50_000))
def test_the_budget_of_the_province_is_kept_beyond_the_floors(
    asked: list[Claim], budget: int
) -> None:
    given_ = share(asked, budget)

    floors = sum(claim.floor * claim.millicores for claim in asked)
    used = sum(count * claim.millicores for count, claim in zip(given_, asked, strict=True))
    assert used <= max(budget, floors)
    for count, claim in zip(given_, asked, strict=True):
        assert claim.floor <= count <= claim.wanted


@given(claims, st.integers(0, 50_000), st.data())
def test_who_claims_more_never_gets_less(
    asked: list[Claim], budget: int, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(asked) - 1))
    claim = asked[place]
    more = Claim(claim.floor, claim.wanted + data.draw(st.integers(1, 5)), claim.millicores)

    before = share(asked, budget)[place]
    after = share([*asked[:place], more, *asked[place + 1 :]], budget)[place]

    assert after >= before


def test_a_recommendation_holds_against_lower_ones_for_the_window() -> None:
    recent = remember((), NOW, 5, 5 * MINUTE)
    for minute in range(1, 5):
        recent = remember(recent, NOW + minute * MINUTE, 2, 5 * MINUTE)
        assert recent[0][1] == 5

    assert remember(recent, NOW + 5 * MINUTE, 2, 5 * MINUTE)[0][1] == 2
    assert remember(recent, NOW + 4 * MINUTE, 7, 5 * MINUTE)[0][1] == 7


def test_a_slow_p99_makes_calls_dearer_and_a_good_one_cheaper_only_slowly() -> None:
    dearer = correct(1.0, p99_seconds=0.12, target_seconds=0.1)

    assert dearer == pytest.approx(1.2)
    assert correct(1.0, 10.0, 0.1) == 1.25
    assert correct(dearer, 0.09, 0.1) == dearer
    assert 1.1 < correct(dearer, 0.04, 0.1) < dearer
    assert correct(1.0, 0.01, 0.1) == 1.0


def test_a_quantile_lies_within_its_class() -> None:
    counts = [0] * (len(LATENCY_BOUNDS) + 1)
    slow = LATENCY_BOUNDS.index(0.05)
    counts[slow - 1], counts[slow] = 98, 2  # (30, 40] ms and (40, 50] ms

    assert 0.04 < quantile_seconds(counts, LATENCY_BOUNDS, 0.99) <= 0.05
    assert math.isnan(quantile_seconds([0] * len(counts), LATENCY_BOUNDS, 0.99))
    counts[-1] = 1000
    assert quantile_seconds(counts, LATENCY_BOUNDS, 0.99) == LATENCY_BOUNDS[-1]
