"""Why a decision was taken, cut to what a person can read, and what would have changed it. Pure."""

from collections import Counter
from collections.abc import Sequence

from capability_sdk.contracts.scheduling import Candidate, Explanation
from scheduler.domain import Demand
from scheduler.placement.changes import smallest_change
from scheduler.placement.constraints import NodeState
from scheduler.placement.place import Placement

_SHOWN = 20
"""Candidates kept of each kind: those that score best, and those that fail first by name."""


def explain(placement: Placement, demand: Demand, nodes: Sequence[NodeState]) -> Explanation:
    """Sum up the candidates of a decision; of a refusal say the smallest change against it."""
    suitable = [item for item in placement.candidates if item.score is not None]
    refused = [item for item in placement.candidates if item.failed is not None]
    best = sorted(suitable, key=lambda item: (-(item.score or 0.0), item.node))
    return Explanation(
        considered=len(placement.candidates),
        suitable=len(suitable),
        refused=_totals(refused),
        candidates=[*best[:_SHOWN], *refused[:_SHOWN]],
        change=None if placement.node is not None else smallest_change(demand, nodes),
        victims=list(placement.victims),
        devices=list(placement.devices),
    )


def _totals(refused: Sequence[Candidate]) -> dict[str, int]:
    return dict(Counter(item.failed.constraint for item in refused if item.failed is not None))
