"""The smallest change of a cluster that admits a request. Pure.

Every constraint that a node fails is turned into the least that mends it; together they admit the
request there, since no constraint's mending breaks another. The cheapest node wins, by name among
equals. What a change costs:

=========  =====================================================  ==================
act        what it asks of people                                 cost
=========  =====================================================  ==================
free       end or move other work                                 lacking / asked
move       take another replica of the version elsewhere          1
add        put hardware in                                        1 + lacking / asked
offer      install an engine, allow a family                      2
restore    bring back a node agent, or a runner                   4
=========  =====================================================  ==================

So freeing a tenth of what is asked costs 0.1 on any node, however large, and work that runs is moved
before anything is bought or installed.
"""

from collections.abc import Callable, Iterator, Sequence

from capability_sdk.contracts.scheduling import Change, SmallestChange
from scheduler.domain import DEVICE_MILLI, Demand
from scheduler.placement.constraints import NodeState

_MOVE_COST = 1.0
_OFFER_COST = 2.0
_RESTORE_COST = 4.0


def smallest_change(demand: Demand, nodes: Sequence[NodeState]) -> SmallestChange | None:
    """Return the cheapest change that admits a request; None without any node."""
    ordered = sorted(nodes, key=lambda node: node.metadata.node)
    every = (_mend(demand, node) for node in ordered)
    return min(every, key=lambda change: change.cost, default=None)


def _mend(demand: Demand, node: NodeState) -> SmallestChange:
    changes = [change for part in _PARTS for change in part(demand, node)]
    name = node.metadata.node
    words = " and ".join(change.words for change in changes)
    cost = round(sum(change.cost for change in changes), 6)
    return SmallestChange(node=name, changes=changes, cost=cost, words=f"on {name}: {words}")


def _reporting(_: Demand, node: NodeState) -> Iterator[Change]:
    if not node.is_reporting:
        yield Change(
            constraint="reporting",
            act="restore",
            cost=_RESTORE_COST,
            words="bring the node agent back",
        )


def _runner(_: Demand, node: NodeState) -> Iterator[Change]:
    if not node.is_startable:
        yield Change(
            constraint="runner",
            act="restore",
            cost=_RESTORE_COST,
            words="have a runner reach the node",
        )


def _engine(demand: Demand, node: NodeState) -> Iterator[Change]:
    if demand.engine not in {engine.value for engine in node.metadata.engines}:
        yield Change(
            constraint="engine",
            act="offer",
            value=demand.engine,
            cost=_OFFER_COST,
            words=f"install engine {demand.engine}",
        )


def _family(demand: Demand, node: NodeState) -> Iterator[Change]:
    if demand.family not in {family.value for family in node.metadata.families}:
        yield Change(
            constraint="family",
            act="offer",
            value=demand.family,
            cost=_OFFER_COST,
            words=f"let it support family {demand.family}",
        )


def _apart(demand: Demand, node: NodeState) -> Iterator[Change]:
    if demand.apart_from in node.units:
        yield Change(
            constraint="apart",
            act="move",
            value=demand.apart_from,
            cost=_MOVE_COST,
            words="move the replica that is there elsewhere",
        )


def _cpu(demand: Demand, node: NodeState) -> Iterator[Change]:
    metadata, taken = node.metadata, node.reserved_cpu_millicores
    yield from _amount("cpu", demand.cpu_millicores, metadata.cpu_millicores, taken)


def _memory(demand: Demand, node: NodeState) -> Iterator[Change]:
    metadata, taken = node.metadata, node.reserved_memory_mib
    yield from _amount("memory", demand.memory_mib, metadata.memory_mib, taken)


def _gpu_model(demand: Demand, node: NodeState) -> Iterator[Change]:
    if demand.gpu_milli and demand.gpu_models and node.metadata.gpu_model not in demand.gpu_models:
        model = min(demand.gpu_models)
        yield Change(
            constraint="gpu-model",
            act="offer",
            value=model,
            cost=_OFFER_COST,
            words=f"have its GPUs be of model {model}",
        )


def _gpu(demand: Demand, node: NodeState) -> Iterator[Change]:
    """Free the devices that lack least; where there are too few, add some."""
    share = demand.device_milli
    order = sorted((max(share - free, 0), device) for device, free in enumerate(node.free_gpu))
    for lacking, device in order[: demand.devices]:
        if lacking:
            yield Change(
                constraint="gpu",
                act="free",
                amount=lacking,
                device=device,
                cost=lacking / demand.gpu_milli,
                words=f"free {lacking} thousandths of GPU {device}",
            )
    missing = demand.devices - len(node.free_gpu)
    if missing > 0:
        yield Change(
            constraint="gpu",
            act="add",
            amount=missing * DEVICE_MILLI,
            cost=1 + missing / demand.devices,
            words=f"add {missing} GPUs" if missing > 1 else "add a GPU",
        )


_UNITS = {"cpu": "millicores", "memory": "MiB of memory"}


def _amount(constraint: str, asked: int, has: int, taken: int) -> Iterator[Change]:
    """Free what others take as far as that helps, and add what even the empty node lacks."""
    lacking = asked - (has - taken)
    added = max(asked - has, 0)
    freed = lacking - added
    unit = _UNITS[constraint]
    if freed > 0:
        words = f"free {freed} {unit}"
        cost = freed / asked
        yield Change(constraint=constraint, act="free", amount=freed, cost=cost, words=words)
    if added > 0:
        words = f"add {added} {unit}"
        cost = 1 + added / asked
        yield Change(constraint=constraint, act="add", amount=added, cost=cost, words=words)


_PARTS: tuple[Callable[[Demand, NodeState], Iterator[Change]], ...] = (
    _reporting,
    _runner,
    _engine,
    _family,
    _apart,
    _cpu,
    _memory,
    _gpu_model,
    _gpu,
)
