"""The choice between endpoints, as arithmetic: no socket is opened."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capability_sdk.contracts.nodes import Endpoint
from edge_gateway.gateway.dispatch.choice import choose, draw
from edge_gateway.gateway.dispatch.pool import Pool, RetryBudget
from edge_gateway.gateway.dispatch.target import Node, Target, Why
from tests.unit.edge_gateway.gateway.simulated_nodes import Unopened

PARTS = st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=8)
CHANCE = st.floats(0, 1, exclude_max=True)


def target(name: str, weight: float = 1.0, node: Node | None = None) -> Target:
    endpoint = Endpoint(
        instance=name, capability="digits", version="1.0.0", address="unix:/s", weight=weight
    )
    return Target(endpoint, Unopened(), node or Node(1.0), pace=0.01)


def pool_of(*targets: Target) -> Pool:
    pool = Pool("digits", "1.0.0")
    pool.targets = list(targets)
    pool.refresh()
    return pool


@given(PARTS, CHANCE)
def test_two_places_are_drawn_and_both_exist(parts: list[float], chance: float) -> None:
    bounds = [sum(parts[: n + 1]) for n in range(len(parts))]

    first, second = draw(bounds, chance)

    assert {first, second} <= set(range(len(parts)))


def test_a_place_is_drawn_as_often_as_its_part_is_large_and_never_twice() -> None:
    chance = random.Random(7)  # noqa: S311 - a simulation

    drawn = [draw([20.0, 40.0, 50.0, 55.0], chance.random()) for _ in range(20_000)]

    assert all(first != second for first, second in drawn)
    firsts = Counter(first for first, _ in drawn)
    for place, part in enumerate((20, 20, 10, 5)):
        assert firsts[place] / 20_000 == pytest.approx(part / 55, abs=0.02)
    # Of the slow pair neither is fast: it comes up in 4 of 100 draws, not in one of six.
    assert sum(set(pair) == {2, 3} for pair in drawn) / 20_000 == pytest.approx(0.039, abs=0.01)


@given(CHANCE)
def test_the_call_goes_where_its_answer_is_expected_first(chance: float) -> None:
    slow, fast = target("slow", weight=0.25), target("fast")
    for _ in range(3):
        fast.begin(0.0)
    pool = pool_of(slow, fast)
    assert choose(pool, chance) is slow or choose(pool, chance) is fast

    assert fast.expected() == slow.expected()
    fast.begin(0.0)
    assert choose(pool, chance) is slow


def test_a_heavy_call_on_its_node_keeps_a_light_one_away() -> None:
    shared = Node(1.0)
    here, there = target("here", node=shared), target("there", weight=0.5)
    heavy = target("heavy", node=shared)
    heavy.seconds = 1.0

    assert choose(pool_of(here, there), 0.3) is here
    ticket = heavy.begin(0.0)
    assert choose(pool_of(here, there), 0.3) is there
    heavy.answered(ticket, 1.0)
    assert choose(pool_of(here, there), 0.3) is here


def test_one_stall_that_many_calls_shared_is_learnt_as_one_stall() -> None:
    stalled = target("stalled")
    tickets = [stalled.begin(0.0) for _ in range(50)]

    for ticket in tickets:
        stalled.answered(ticket, 1.0)

    # Learnt anew from each answer, it would be taken for dead, and all calls would go elsewhere.
    assert stalled.seconds < 1.0


def test_an_answer_that_is_no_sample_teaches_nothing() -> None:
    asked = target("asked")
    asked.failures = 2

    asked.answered(asked.begin(0.0), 5.0, is_sample=False)

    assert (asked.seconds, asked.work, asked.failures) == (0.01, 0.0, 0)


def test_what_was_learnt_outlives_a_weight_that_lies() -> None:
    liar = target("liar", weight=0.1)
    liar.seconds, liar.trust = 0.1, 0.1

    liar.update(liar.endpoint.model_copy(update={"weight": 1.0}))
    assert liar.seconds > 0.07

    honest = target("honest", weight=0.1)
    honest.update(honest.endpoint.model_copy(update={"weight": 1.0}))
    assert honest.seconds == pytest.approx(0.01)


def test_on_suspicion_at_least_half_of_the_endpoints_stay() -> None:
    pool = pool_of(*(target(name) for name in "abcde"))

    for item in pool.targets:
        for _ in range(5):
            pool.note_failure(item, 0.0, is_refusal=False)

    assert len(pool.active) == 3


def test_of_those_that_refuse_connections_only_the_last_one_stays() -> None:
    pool = pool_of(*(target(name) for name in "abcde"))

    for item in pool.targets:
        for _ in range(5):
            pool.note_failure(item, 0.0, is_refusal=True)

    assert len(pool.active) == 1


def test_who_comes_back_gets_few_calls_at_first_and_waits_longer_the_next_time() -> None:
    pool = pool_of(*(target(name) for name in "abc"))
    late = pool.targets[0]

    pool.eject(late, Why.SLOW, 100.0)
    assert late.ejection is not None
    first = late.ejection.until
    pool.readmit(late, 105.0)
    assert late.expected() > 5 * pool.targets[1].expected()
    pool.eject(late, Why.SLOW, 200.0)

    assert (first, late.ejection.until) == (105.0, 210.0)


def test_retries_stay_within_a_fifth_of_the_calls() -> None:
    budget = RetryBudget()
    while budget.take(is_free=False):
        pass

    budget.refill(calls=100, seconds=0.0)

    assert sum(budget.take(is_free=False) for _ in range(100)) == 20
    assert budget.take(is_free=True)
