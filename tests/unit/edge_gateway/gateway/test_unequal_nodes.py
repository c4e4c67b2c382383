"""Nodes of 20, 20, 10 and 5 % of a core, simulated: each gets what it can carry, and tails stay short."""

import pytest

from edge_gateway.gateway.dispatch.choice import choose
from tests.bench.choosing import LeastConnections, RoundRobin
from tests.unit.edge_gateway.gateway.simulated_nodes import Simulation

SPEEDS = (0.20, 0.20, 0.10, 0.05)
TRUE_WEIGHTS = (1.0, 1.0, 0.5, 0.25)
SECONDS = 20.0


def test_near_their_limit_nodes_share_the_work_as_they_can_carry_it() -> None:
    world = Simulation(SPEEDS, TRUE_WEIGHTS, choose).run(load=0.95, seconds=SECONDS)

    for share, speed in zip(world.shares(), SPEEDS, strict=True):
        assert share == pytest.approx(speed / sum(SPEEDS), rel=0.15)
    # A queue is no fault: who is slow but true to its weight is not left out.
    assert world.ejections == 0


@pytest.mark.parametrize("load", [0.3, 0.6])
def test_tails_are_far_shorter_than_by_turns_or_by_connections(load: float) -> None:
    ours, turns, connections = (
        Simulation(SPEEDS, TRUE_WEIGHTS, rule).run(load, SECONDS).p99()
        for rule in (choose, RoundRobin(), LeastConnections())
    )

    assert ours <= 0.6 * turns
    assert ours <= 0.8 * connections


def test_a_node_that_claims_to_be_fast_gets_no_more_than_it_answers() -> None:
    claimed = (1.0, 1.0, 0.5, 1.0)
    honest = Simulation(SPEEDS, TRUE_WEIGHTS, choose).run(load=0.6, seconds=SECONDS)

    lying = Simulation(SPEEDS, claimed, choose).run(load=0.6, seconds=SECONDS)

    assert lying.shares()[3] < 1.5 * SPEEDS[3] / sum(SPEEDS)
    assert lying.p99() < 1.25 * honest.p99()
    assert lying.pools[1].targets[3].trust < 0.5 < lying.pools[1].targets[0].trust


def test_without_any_weights_the_answers_alone_tell_who_is_fast() -> None:
    known = Simulation(SPEEDS, TRUE_WEIGHTS, choose).run(load=0.6, seconds=SECONDS)

    learnt = Simulation(SPEEDS, (1.0, 1.0, 1.0, 1.0), choose).run(load=0.6, seconds=SECONDS)

    assert learnt.p99() < 1.25 * known.p99()
