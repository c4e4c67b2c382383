"""Random clusters and requests: small, crowded and uneven, so that about half of all is refused."""

from collections.abc import Mapping
from random import Random
from typing import Any

from capability_sdk.contracts.manifest import AlgorithmFamily, Engine
from capability_sdk.contracts.nodes import NodeMetadata
from scheduler.decisions.inputs import Inputs
from scheduler.domain import DEVICE_MILLI, Demand
from scheduler.placement.constraints import NodeState
from scheduler.placement.preempt import Evictable
from scheduler.placement.scores import ScoreWeights
from scheduler.placement.workload import EMPTY, Workload
from scheduler.reservations.domain import NOTHING, Amounts

_ENGINES = (Engine.ONNX, Engine.PYTHON)
_FAMILIES = (AlgorithmFamily.MLP, AlgorithmFamily.CNN)
_MODELS = ("A10", "T4")
_CAPABILITIES = ("digits", "alarms")
_UNIT = "digits:1.0.0:0-0"


def random_inputs(chance: Random) -> Inputs:
    """Make up everything that one decision depends on."""
    may_end = chance.random() < 0.5
    nodes, evictable = [], {}
    for number in range(chance.randint(1, 16)):
        name = f"node-{number:02}"
        leaving = _evictable(chance, name) if may_end else []
        nodes.append(_node(chance, name, leaving))
        evictable[name] = leaving
    chance.shuffle(nodes)
    return Inputs(
        chance.choice(_CAPABILITIES),
        _demand(chance),
        nodes,
        _weights(chance),
        EMPTY if chance.random() < 0.3 else Workload.of(_demand(chance) for _ in range(20)),
        {name: leaving for name, leaving in evictable.items() if leaving},
    )


def node_of(written: Mapping[str, Any]) -> NodeState:
    """Return a node of written inputs as placement sees it."""
    names = ("node", "engines", "families", "cpu_millicores", "cpu_score", "memory_mib")
    metadata = {name: written[name] for name in (*names, "gpu_model", "gpu_milli")}
    return NodeState(
        NodeMetadata(**metadata, epoch=1),
        reserved_cpu_millicores=written["reserved_cpu_millicores"],
        reserved_memory_mib=written["reserved_memory_mib"],
        reserved_gpu=tuple(written["reserved_gpu"]),
        instances_of=tuple(written["instances_of"].items()),
        units=frozenset(written["units"]),
        busy_fraction=written["busy_fraction"],
        is_reporting=written["is_reporting"],
        is_startable=written["is_startable"],
    )


def _node(chance: Random, name: str, leaving: list[Evictable]) -> NodeState:
    devices = chance.choice((0, 0, 1, 2, 4))
    cores = chance.choice((1000, 2000, 4000))
    memory = chance.choice((1000, 4000))
    freed = sum((item.takes for item in leaving), NOTHING)
    shares = (*freed.devices, *(0,) * devices)
    return NodeState(
        NodeMetadata(
            node=name,
            epoch=1,
            engines=chance.sample(_ENGINES, chance.choice((1, 2, 2, 2))),
            families=chance.sample(_FAMILIES, chance.choice((1, 2, 2, 2))),
            cpu_millicores=cores + freed.cpu_millicores,
            cpu_score=chance.choice((0, 500, 1000, 2000)),
            memory_mib=memory + freed.memory_mib,
            gpu_milli=devices * DEVICE_MILLI,
            gpu_model=chance.choice(_MODELS) if devices else None,
        ),
        reserved_cpu_millicores=freed.cpu_millicores + cores // 100 * _crowding(chance),
        reserved_memory_mib=freed.memory_mib + memory // 100 * _crowding(chance),
        reserved_gpu=tuple(
            shares[device] + chance.choice((0, 0, DEVICE_MILLI - shares[device]))
            for device in range(devices)
        ),
        instances_of=tuple((item, chance.randint(1, 3)) for item in _some(chance, _CAPABILITIES)),
        units=frozenset({_UNIT} if chance.random() < 0.3 else ()),
        busy_fraction=chance.random(),
        is_reporting=chance.random() < 0.95,
        is_startable=chance.random() < 0.95,
    )


def _crowding(chance: Random) -> int:
    """Percent of a resource that is taken."""
    return chance.choice((0, 5, 20, 45, 70, 95, 100))


def _evictable(chance: Random, node: str) -> list[Evictable]:
    found = []
    for number in range(chance.randint(0, 5)):
        name = f"{node}-i{number}"
        amounts = Amounts(chance.randrange(100, 1000, 100), chance.randrange(100, 600, 100))
        instances = (name, f"{name}-guest") if chance.random() < 0.2 else (name,)
        found.append(Evictable(name, instances, amounts))
    return found


def _demand(chance: Random) -> Demand:
    gpu = chance.choice((0, 0, 300, 500, 1000, 2000))
    return Demand(
        engine=chance.choice(_ENGINES).value,
        family=chance.choice(_FAMILIES).value,
        cpu_millicores=chance.choice((100, 300, 700, 1500, 2900)),
        memory_mib=chance.choice((100, 300, 700, 1500, 2900)),
        gpu_milli=gpu,
        gpu_models=tuple(_some(chance, _MODELS)) if gpu and chance.random() < 0.5 else (),
        apart_from=_UNIT if chance.random() < 0.3 else "",
    )


def _weights(chance: Random) -> ScoreWeights:
    if chance.random() < 0.5:
        return ScoreWeights()
    names = ScoreWeights.__slots__
    return ScoreWeights(**{name: chance.choice((0.0, 1.0, 10.0)) for name in names})


def _some(chance: Random, items: tuple[str, ...]) -> list[str]:
    return sorted(chance.sample(items, chance.randint(0, len(items))))
