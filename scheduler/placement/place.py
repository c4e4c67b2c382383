"""Filter, score, bind: one instance, the nodes as they are, and the reason in words. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from capability_sdk.contracts.scheduling import Candidate, FailedConstraint
from scheduler.domain import Demand
from scheduler.placement.constraints import NodeState, first_failure
from scheduler.placement.scores import Score, ScoreWeights
from scheduler.placement.workload import EMPTY, Workload

_NODES_NAMED = 5
"""Nodes that a reason names one by one; of more it says totals."""


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
    capability: str,
    demand: Demand,
    nodes: Sequence[NodeState],
    weights: ScoreWeights,
    workload: Workload = EMPTY,
) -> Placement:
    """Choose a node for one instance.

    Args:
        capability: Its name, which spreading looks at.
        demand: What the instance needs.
        nodes: Every node that has reported, in any order.
        weights: What counts how much.
        workload: What other requests are to be expected.

    Returns:
        The best node by score, by name among equals, with every candidate's score or the first
        constraint that it fails. Where only one node is suitable its score is 0: there is nothing
        to compare.
    """
    ordered = sorted(nodes, key=lambda node: node.metadata.node)
    failed = {node.metadata.node: first_failure(demand, node) for node in ordered}
    suitable = [node for node in ordered if failed[node.metadata.node] is None]
    if not suitable:
        candidates = _candidates(failed, {})
        return Placement(None, _why_nowhere(candidates), candidates)
    if len(suitable) == 1:
        name = suitable[0].metadata.node
        reason = f"bound to {name}: the only suitable node of {len(ordered)} considered"
        devices = tightest_devices(demand, suitable[0])
        return Placement(name, reason, _candidates(failed, {name: Score(0.0)}), devices)
    # numpy takes 14 MB of every process; a province of one node never needs it.
    from scheduler.placement.engine import compare  # noqa: PLC0415 - as said above

    choice, scores = compare(capability, demand, suitable, weights, workload)
    reason = (
        f"bound to {choice.node}: best of {len(suitable)} suitable nodes of {len(ordered)}"
        f" considered, score {choice.score:g}"
    )
    return Placement(choice.node, reason, _candidates(failed, scores), choice.devices)


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


def _candidates(
    failed: Mapping[str, FailedConstraint | None], scores: Mapping[str, Score]
) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(node=name, failed=failure)
        if (score := scores.get(name)) is None
        else Candidate(node=name, score=score.value, parts=dict(score.parts))
        for name, failure in failed.items()
    )


def _why_nowhere(candidates: Sequence[Candidate]) -> str:
    if not candidates:
        return "not placed: no node has reported acceptable metadata yet"
    failed = [(item.node, item.failed) for item in candidates if item.failed is not None]
    start = f"not placed: none of {len(candidates)} nodes can take it"
    if len(failed) > _NODES_NAMED:
        totals = Counter(failure.constraint for _, failure in failed)
        return (
            f"{start}; first to fail: {', '.join(f'{n} at {name}' for name, n in totals.items())}"
        )
    reasons = (f"{node}: {failure.reason} ({failure.cure})" for node, failure in failed)
    return f"{start}: {'; '.join(reasons)}"
