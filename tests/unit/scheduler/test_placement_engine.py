"""Placement over arrays says what the constraints and formulas say node by node."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capability_sdk.contracts.manifest import AlgorithmFamily
from capability_sdk.contracts.manifest import Engine as Kind
from capability_sdk.contracts.nodes import NodeMetadata
from scheduler.domain import Demand
from scheduler.placement.cluster import Cluster
from scheduler.placement.constraints import NodeState, first_failure
from scheduler.placement.engine import Engine
from scheduler.placement.fragmentation import Fragmentation, Options
from scheduler.placement.parts import PARTS, Situation
from scheduler.placement.scores import ScoreWeights
from scheduler.placement.workload import EMPTY, Shape, Workload

MODELS = ("A10", "T4", None)


@st.composite
def node_states(draw: st.DrawFn) -> NodeState:
    devices = draw(st.integers(0, 4))
    metadata = NodeMetadata(
        node=draw(st.text("abcdefgh", min_size=1, max_size=6)),
        epoch=1,
        families=draw(st.sampled_from([[AlgorithmFamily.MLP], [AlgorithmFamily.CNN]])),
        engines=draw(st.sampled_from([[Kind.ONNX], [Kind.PYTHON, Kind.ONNX]])),
        cpu_millicores=draw(st.integers(1000, 9000)),
        memory_mib=draw(st.integers(1000, 9000)),
        gpu_milli=devices * 1000,
        gpu_model=draw(st.sampled_from(MODELS)) if devices else None,
        cpu_score=draw(st.sampled_from([0.0, 500.0, 2000.0])),
    )
    return NodeState(
        metadata,
        reserved_cpu_millicores=draw(st.integers(0, 9000)),
        reserved_memory_mib=draw(st.integers(0, 1000)),
        reserved_gpu=tuple(draw(st.integers(0, 10)) * 100 for _ in range(devices)),
        instances_of=(("digits", draw(st.integers(0, 3))),),
        busy_fraction=draw(st.sampled_from([0.0, 0.25, 1.0])),
        is_reporting=draw(st.sampled_from([True, True, True, False])),
    )


clusters = st.lists(node_states(), min_size=1, max_size=6, unique_by=lambda s: s.metadata.node)
demands = st.builds(
    Demand,
    st.sampled_from(["onnx", "python"]),
    st.just("mlp"),
    st.integers(0, 3000),
    st.integers(1, 1000),
    st.integers(0, 10).map(lambda tenth: tenth * 100) | st.sampled_from([2000, 3000]),
    gpu_models=st.sampled_from([(), ("T4",), ("A10", "T4")]),
)
workloads = st.lists(demands, max_size=12).map(Workload.of)
weights = st.builds(
    ScoreWeights, **{name: st.integers(0, 5).map(float) for name in ScoreWeights.__slots__}
)


@given(clusters, demands)
def test_the_filter_over_arrays_is_the_constraints_node_by_node(
    states: list[NodeState], demand: Demand
) -> None:
    cluster = Cluster(states)

    fitting, _ = cluster.fitting(demand)

    assert fitting.tolist() == [first_failure(demand, node) is None for node in cluster.states]


@given(clusters, demands, workloads, weights, st.sampled_from(sorted(PARTS)), st.integers(1, 50))
def test_raising_a_weight_never_chooses_a_node_that_is_worse_in_that_part(
    states: list[NodeState],
    demand: Demand,
    workload: Workload,
    given_weights: ScoreWeights,
    part: str,
    more: int,
) -> None:
    cluster = Cluster(states)
    raised = replace(given_weights, **{part: getattr(given_weights, part) + more})
    before, after = (
        _value(part, Engine(cluster, chosen, workload), demand, workload)
        for chosen in (given_weights, raised)
    )

    # Scores are rounded to six places, so this much is lost at the most.
    assert after >= before - 2e-6


def _value(part: str, engine: Engine, demand: Demand, workload: Workload) -> float:
    """Return what a part says of an engine's choice; 0 where nothing can be chosen."""
    choice = engine.choose("digits", demand)
    if choice is None:
        return 0.0
    situation = Situation(
        "digits", demand, engine.cluster, Fragmentation(engine.cluster, workload), workload
    )
    device = choice.devices[0] if choice.devices else 0
    return float(PARTS[part](situation, Options(np.array([choice.index]), np.array([device])))[0])


@given(clusters, st.lists(demands, max_size=8), workloads, weights)
def test_a_cluster_that_follows_bindings_is_the_one_that_is_built_from_them(
    states: list[NodeState], stream: list[Demand], workload: Workload, chosen: ScoreWeights
) -> None:
    followed = Engine(Cluster(states), chosen, workload)
    for demand in stream:
        anew = Engine(Cluster(_states(followed.cluster)), chosen, workload)
        choice = followed.choose("other", demand)

        assert choice == anew.choose("other", demand)
        if choice is not None:
            followed.cluster.take(choice.index, demand, choice.devices)
    assert followed.cluster.gpu_free.min(initial=0) >= -1


@given(clusters, st.lists(demands, min_size=1, max_size=8))
def test_what_was_taken_and_released_is_free_as_before(
    states: list[NodeState], stream: list[Demand]
) -> None:
    engine = Engine(Cluster(states), ScoreWeights(), EMPTY)
    taken = []
    for demand in stream:
        choice = engine.choose("digits", demand)
        if choice is not None:
            engine.cluster.take(choice.index, demand, choice.devices)
            taken.append((choice.index, demand, choice.devices))
    for node, demand, devices in taken:
        engine.cluster.release(node, demand, devices)

    assert _states(engine.cluster) == _states(Cluster(states))


def _states(cluster: Cluster) -> list[NodeState]:
    """Describe a cluster's nodes as they are now."""
    return [
        replace(
            state,
            reserved_cpu_millicores=state.metadata.cpu_millicores - int(cluster.cpu_free[i]),
            reserved_memory_mib=state.metadata.memory_mib - int(cluster.memory_free[i]),
            reserved_gpu=tuple(1000 - free for free in cluster.gpu_free[i].tolist() if free >= 0),
        )
        for i, state in enumerate(cluster.states)
    ]


@given(clusters, demands, workloads)
def test_fragmentation_is_what_its_definition_says(
    states: list[NodeState], demand: Demand, workload: Workload
) -> None:
    engine = Engine(Cluster(states), ScoreWeights(), workload)
    options = engine.options(demand)
    losses = Fragmentation(engine.cluster, workload).loss(demand, options)

    for node, device, loss in zip(options.nodes, options.devices, losses, strict=True):
        state = engine.cluster.states[node]
        free = list(state.free_gpu)
        before = _usable(state, state.free_cpu_millicores, free, workload)
        whole = [i for i, milli in enumerate(free) if milli >= demand.device_milli]
        for index in [device] if demand.devices == 1 else whole[: demand.devices]:
            free[index] -= demand.device_milli
        cores = state.free_cpu_millicores - demand.cpu_millicores
        assert loss == pytest.approx((before - _usable(state, cores, free, workload)) / 1000)


def _usable(state: NodeState, cores: int, free: Sequence[int], workload: Workload) -> float:
    return sum(share * _used_by(shape, state, cores, free) for shape, share in workload.typical)


def _used_by(shape: Shape, state: NodeState, cores: int, free: Sequence[int]) -> int:
    enough = [milli for milli in free if milli >= shape.device_milli]
    is_allowed = not shape.gpu_models or state.metadata.gpu_model in shape.gpu_models
    fits = cores >= shape.cpu_millicores and len(enough) >= shape.devices > 0
    return sum(enough) if is_allowed and fits else 0


def test_cores_are_taken_where_no_gpu_is_left_to_serve() -> None:
    used, idle = (
        NodeState(
            NodeMetadata(
                node=name,
                epoch=1,
                families=[AlgorithmFamily.MLP],
                engines=[Kind.ONNX],
                cpu_millicores=8000,
                memory_mib=9000,
                gpu_milli=1000,
                gpu_model="T4",
            ),
            reserved_gpu=(reserved,),
        )
        for name, reserved in (("z-used", 1000), ("a-idle", 0))
    )
    with_gpu = Demand("onnx", "mlp", 8000, 100, 1000)
    engine = Engine(Cluster([idle, used]), ScoreWeights(), Workload.of([with_gpu]))

    choice = engine.choose("digits", Demand("onnx", "mlp", 1000, 100, 0))

    assert choice is not None
    assert choice.node == "z-used"
