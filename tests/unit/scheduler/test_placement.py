"""Filter, score, bind on nodes that no machine of ours has."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capability_sdk.contracts.manifest import AlgorithmFamily, Engine
from capability_sdk.contracts.nodes import NodeMetadata
from scheduler.domain import Demand
from scheduler.placement.constraints import NodeState
from scheduler.placement.place import place
from scheduler.placement.scores import ScoreWeights

WEIGHTS = ScoreWeights()
SMALL = Demand("onnx", "mlp", cpu_millicores=100, memory_mib=100, gpu_milli=0)


def node(name: str, *, gpu_milli: int = 0, memory_mib: int = 1000, **state: Any) -> NodeState:  # noqa: ANN401 - members of NodeState
    metadata = NodeMetadata(
        node=name,
        epoch=1,
        families=[AlgorithmFamily.MLP],
        engines=[Engine.ONNX],
        cpu_millicores=1000,
        memory_mib=memory_mib,
        gpu_milli=gpu_milli,
        gpu_model="A100" if gpu_milli else None,
    )
    return NodeState(metadata, **state)


def only(**weights: float) -> ScoreWeights:
    return replace(ScoreWeights(**dict.fromkeys(ScoreWeights.__slots__, 0.0)), **weights)


def test_without_any_node_the_reason_says_so() -> None:
    placement = place("digits", SMALL, [], WEIGHTS)

    assert placement.node is None
    assert "no node has reported" in placement.reason


@pytest.mark.parametrize(
    ("demand", "state", "constraint", "cure"),
    [
        (SMALL, {"is_reporting": False}, "reporting", "bring the node agent"),
        (SMALL, {"is_startable": False}, "runner", "run a scheduler on the node"),
        (Demand("python", "mlp", 1, 1, 0), {}, "engine", "install engine python"),
        (Demand("onnx", "cnn", 1, 1, 0), {}, "family", "support family cnn"),
        (SMALL, {"reserved_cpu_millicores": 950}, "cpu", "free or add 50 millicores"),
        (SMALL, {"reserved_memory_mib": 901}, "memory", "free or add 1 MiB of memory"),
        (Demand("onnx", "mlp", 1, 1, 500), {}, "gpu", "free or add 500 milli-GPU"),
        (
            Demand("onnx", "mlp", 1, 1, 600),
            {"gpu_milli": 2000, "reserved_gpu": (500, 700)},
            "gpu",
            "free or add 100 milli-GPU",
        ),
        (
            Demand("onnx", "mlp", 1, 1, 2000),
            {"gpu_milli": 3000, "reserved_gpu": (1, 0, 1)},
            "gpu",
            "free or add 1 whole GPUs",
        ),
        (
            Demand("onnx", "mlp", 1, 1, 500, gpu_models=("T4", "V100")),
            {"gpu_milli": 1000},
            "gpu-model",
            "model T4 or V100",
        ),
    ],
)
def test_each_constraint_says_what_fails_and_the_smallest_change(
    demand: Demand, state: dict[str, Any], constraint: str, cure: str
) -> None:
    placement = place("digits", demand, [node("a", **state)], WEIGHTS)

    failed = placement.candidates[0].failed
    assert placement.node is None
    assert failed is not None
    assert failed.constraint == constraint
    assert cure in failed.cure
    assert failed.reason in placement.reason


def test_a_demand_that_fits_exactly_is_placed() -> None:
    full = node("a", reserved_cpu_millicores=900, reserved_memory_mib=900)

    assert place("digits", SMALL, [full], WEIGHTS).node == "a"


def test_best_fit_fills_the_fuller_node() -> None:
    nodes = [node("empty"), node("half", reserved_memory_mib=500, reserved_cpu_millicores=500)]

    assert place("digits", SMALL, nodes, only(best_fit=1)).node == "half"


def test_spread_keeps_instances_of_a_capability_apart() -> None:
    nodes = [node("a", instances_of=(("digits", 2),)), node("b", instances_of=(("other", 2),))]

    assert place("digits", SMALL, nodes, only(spread=1)).node == "b"


def test_the_idle_node_is_preferred_where_idleness_counts() -> None:
    nodes = [node("busy", busy_fraction=0.9), node("idle", busy_fraction=0.1)]

    assert place("digits", SMALL, nodes, only(idle=1)).node == "idle"


def test_equal_nodes_are_taken_by_name_whatever_their_order() -> None:
    nodes = [node("b"), node("a"), node("c")]

    assert place("digits", SMALL, nodes, WEIGHTS).node == "a"
    assert place("digits", SMALL, nodes[::-1], WEIGHTS).node == "a"


@given(
    demands=st.lists(
        st.builds(
            Demand,
            st.just("onnx"),
            st.just("mlp"),
            st.integers(1, 700),
            st.integers(1, 700),
            st.integers(0, 1000) | st.just(2000),
        ),
        max_size=12,
    )
)
def test_no_sequence_of_placements_reserves_more_than_a_node_has(demands: list[Demand]) -> None:
    taken = {name: [0, 0, 0, 0] for name in ("a", "b")}
    for demand in demands:
        nodes = [
            node(
                name,
                gpu_milli=2000,
                reserved_cpu_millicores=cpu,
                reserved_memory_mib=memory,
                reserved_gpu=gpus,
            )
            for name, (cpu, memory, *gpus) in taken.items()
        ]
        chosen = place("digits", demand, nodes, WEIGHTS)
        if chosen.node is not None:
            assert len(chosen.devices) == demand.devices
            taken[chosen.node][0] += demand.cpu_millicores
            taken[chosen.node][1] += demand.memory_mib
            for device in chosen.devices:
                taken[chosen.node][2 + device] += demand.device_milli
    assert all(amount <= 1000 for amounts in taken.values() for amount in amounts)


def test_a_share_goes_to_the_device_where_it_leaves_least() -> None:
    half = node("a", gpu_milli=3000, reserved_gpu=(0, 600, 300))

    assert place("digits", Demand("onnx", "mlp", 1, 1, 300), [half], WEIGHTS).devices == (1,)
    assert place("digits", Demand("onnx", "mlp", 1, 1, 500), [half], WEIGHTS).devices == (2,)
    assert place("digits", Demand("onnx", "mlp", 1, 1, 1000), [half], WEIGHTS).devices == (0,)
