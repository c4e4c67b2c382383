"""Whose best-effort work makes room for standard work that fits nowhere. Pure.

Whole processes leave, and only those in which everything is best-effort: ending one version of a
process that goes on for another would free nothing. Of all sets that suffice, on any node, the one
wins that ends the fewest processes; of those the one that takes the smallest share of its node, since
that much work is lost; of those the first by name. Up to three processes this is exact; where more
must leave one node, whoever need not leave is kept, the largest first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from capability_sdk.contracts.scheduling import Priority
from scheduler.domain import Binding, Demand
from scheduler.placement.constraints import NodeState, first_failure
from scheduler.placement.place import Placement, tightest_devices
from scheduler.reservations.claims import takes
from scheduler.reservations.domain import NOTHING, Amounts

_EXACT_UP_TO = 3


@dataclass(frozen=True, slots=True)
class Evictable:
    """A process whose work is best-effort.

    Attributes:
        process: Its name.
        instances: Everything in it.
        takes: What its end frees.
    """

    process: str
    instances: tuple[str, ...]
    takes: Amounts


@dataclass(frozen=True, slots=True)
class Preemption:
    """Who makes room where.

    Attributes:
        node: The node, as it is once they have left.
        leaving: The processes that leave it.
    """

    node: NodeState
    leaving: tuple[Evictable, ...]

    @property
    def victims(self) -> tuple[str, ...]:
        """The instances that leave."""
        return tuple(sorted(name for item in self.leaving for name in item.instances))


def evictable(bindings: Sequence[Binding]) -> dict[str, list[Evictable]]:
    """Return by node what may be ended for standard work."""
    processes: dict[tuple[str, str], list[Binding]] = {}
    for item in bindings:
        processes.setdefault((item.node, item.process), []).append(item)
    found: dict[str, list[Evictable]] = {}
    for (node, process), members in sorted(processes.items()):
        if all(item.is_bound and item.priority is Priority.BEST_EFFORT for item in members):
            amounts = NOTHING
            for item in members:
                amounts = amounts.largest(takes(item.demand, item.devices))
            names = tuple(sorted(item.id for item in members))
            found.setdefault(node, []).append(Evictable(process, names, amounts))
    return found


def choose_victims(
    demand: Demand, nodes: Sequence[NodeState], by_node: Mapping[str, Sequence[Evictable]]
) -> Preemption | None:
    """Choose who makes room; None where not even everybody's leaving would suffice."""
    found = [
        preemption
        for node in nodes
        if (leaving := by_node.get(node.metadata.node))
        for preemption in _sufficient(demand, node, leaving)
    ]
    return min(found, key=_harm, default=None)


def in_place_of(preemption: Preemption, demand: Demand, refused: Placement) -> Placement:
    """Say where a refused instance goes once its victims have left."""
    node = preemption.node.metadata.node
    victims = ", ".join(preemption.victims)
    reason = f"bound to {node}, where best-effort work makes room: {victims}; no node had it free"
    return replace(
        refused,
        node=node,
        reason=reason,
        devices=tightest_devices(demand, preemption.node),
        victims=preemption.victims,
    )


def _sufficient(
    demand: Demand, node: NodeState, leaving: Sequence[Evictable]
) -> Iterator[Preemption]:
    if not _fits(demand, node, leaving):
        return
    for count in range(1, min(_EXACT_UP_TO, len(leaving)) + 1):
        sets = [some for some in combinations(leaving, count) if _fits(demand, node, some)]
        if sets:
            yield from (Preemption(_without(node, some), some) for some in sets)
            return
    some = _greedy(demand, node, leaving)
    yield Preemption(_without(node, some), some)


def _greedy(demand: Demand, node: NodeState, leaving: Sequence[Evictable]) -> tuple[Evictable, ...]:
    """Have everybody leave, and keep whoever need not, the largest first."""
    chosen = sorted(leaving, key=lambda item: (-_share(node, item), item.process))
    for item in list(chosen):
        others = [other for other in chosen if other is not item]
        if _fits(demand, node, others):
            chosen = others
    return tuple(chosen)


def _fits(demand: Demand, node: NodeState, leaving: Sequence[Evictable]) -> bool:
    return first_failure(demand, _without(node, leaving)) is None


def _without(node: NodeState, leaving: Sequence[Evictable]) -> NodeState:
    freed = sum((item.takes for item in leaving), NOTHING)
    devices = (*freed.devices, *(0,) * len(node.reserved_gpu))
    return replace(
        node,
        reserved_cpu_millicores=node.reserved_cpu_millicores - freed.cpu_millicores,
        reserved_memory_mib=node.reserved_memory_mib - freed.memory_mib,
        reserved_gpu=tuple(
            had - gone for had, gone in zip(node.reserved_gpu, devices, strict=False)
        ),
    )


def _harm(preemption: Preemption) -> tuple[int, float, str, tuple[str, ...]]:
    share = sum(_share(preemption.node, item) for item in preemption.leaving)
    names = tuple(item.process for item in preemption.leaving)
    return len(preemption.leaving), round(share, 9), preemption.node.metadata.node, names


def _share(node: NodeState, item: Evictable) -> float:
    """Mean share of a node's resources that a process takes."""
    metadata = node.metadata
    shares = [
        item.takes.cpu_millicores / metadata.cpu_millicores,
        item.takes.memory_mib / metadata.memory_mib,
    ]
    if metadata.gpu_milli:
        shares.append(sum(item.takes.devices) / metadata.gpu_milli)
    return sum(shares) / len(shares)
