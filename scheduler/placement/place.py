"""Filter, score, bind: one instance, the nodes as they are, and the reason in words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from capability_sdk.contracts.scheduling import Candidate
from scheduler.domain import Demand
from scheduler.placement.constraints import NodeState, first_failure
from scheduler.placement.scores import ScoreWeights, score


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an instance goes.

    Attributes:
        node: None where no node can take it.
        reason: In words.
        candidates: Every node, with its score or the first constraint that it fails.
        devices: Indexes of the GPUs that it gets a share of, ascending; empty without one.
        victims: Best-effort instances of the node that make room for it.
    """

    node: str | None
    reason: str
    candidates: tuple[Candidate, ...]
    devices: tuple[int, ...] = ()
    victims: tuple[str, ...] = ()


def place(
    capability: str, demand: Demand, nodes: Sequence[NodeState], weights: ScoreWeights
) -> Placement:
    """Choose a node for one instance.

    Args:
        capability: Its name, which spreading looks at.
        demand: What the instance needs.
        nodes: Every node that has reported, in any order.
        weights: What counts how much.

    Returns:
        The best node by score, by name among equals, with every candidate's score or the first
        constraint that it fails.
    """
    ordered = sorted(nodes, key=lambda node: node.metadata.node)
    candidates = tuple(_judge(capability, demand, node, weights) for node in ordered)
    passing = [(item.score, item.node) for item in candidates if item.score is not None]
    if not passing:
        return Placement(None, _why_nowhere(candidates), candidates)
    best, _ = max(passing)
    name = next(name for value, name in passing if value == best)
    node = next(node for node in ordered if node.metadata.node == name)
    reason = _why_here(name, best, len(passing), len(candidates))
    return Placement(name, reason, candidates, tightest_devices(demand, node))


def tightest_devices(demand: Demand, node: NodeState) -> tuple[int, ...]:
    """Return the devices that a demand leaves least on, by index among equals.

    Raises:
        ValueError: The node has not enough of them.
    """
    free = node.free_gpu
    fitting = [device for device in range(len(free)) if free[device] >= demand.device_milli]
    if len(fitting) < demand.devices:
        raise ValueError(f"{node.metadata.node} has not {demand.devices} devices for this demand")
    return tuple(sorted(sorted(fitting, key=lambda device: free[device])[: demand.devices]))


def _judge(capability: str, demand: Demand, node: NodeState, weights: ScoreWeights) -> Candidate:
    failed = first_failure(demand, node)
    if failed is not None:
        return Candidate(node=node.metadata.node, failed=failed)
    return Candidate(node=node.metadata.node, score=score(capability, demand, node, weights))


def _why_here(node: str, best: float, passing: int, considered: int) -> str:
    others = f"best of {passing} suitable nodes" if passing > 1 else "the only suitable node"
    return f"bound to {node}: {others} of {considered} considered, score {best:g}"


def _why_nowhere(candidates: Sequence[Candidate]) -> str:
    if not candidates:
        return "not placed: no node has reported acceptable metadata yet"
    failures = "; ".join(
        f"{item.node}: {item.failed.reason} ({item.failed.cure})"
        for item in candidates
        if item.failed is not None
    )
    return f"not placed: none of {len(candidates)} nodes can take it: {failures}"
