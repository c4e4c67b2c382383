"""Filter, score, bind: one instance, the nodes as they are, and the reason in words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from capability_sdk.contracts.scheduling import Candidate
from scheduler.domain import Demand
from scheduler.placement.constraints import NodeState, first_failure
from scheduler.placement.scores import ScoreWeights, score


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an instance goes; ``node`` is None where no node can take it."""

    node: str | None
    reason: str
    candidates: tuple[Candidate, ...]


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
    node = next(name for value, name in passing if value == best)
    return Placement(node, _why_here(node, best, len(passing), len(candidates)), candidates)


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
