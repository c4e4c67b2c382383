"""Random decisions: the independent checker takes each again, and each smallest change admits.

Two programs judge: the checker, which shares no code with the placement, and the placement itself,
which is asked again on the cluster as the change leaves it.
"""

import json
from dataclasses import replace
from typing import Any

from capability_sdk.contracts.scheduling import Decision
from scheduler.checker.check import check
from scheduler.checker.counterfactual import changed
from scheduler.decisions.decide import decide
from scheduler.decisions.inputs import Inputs
from scheduler.placement.explain import explain
from scheduler.placement.place import Placement
from tests.campaigns.decisions.world import node_of, random_inputs
from tests.campaigns.harness import Campaign, PlantedBug, Run, Void

_SMALL, _LARGE = 150, 1_000
_CHANGES = "scheduler/placement/changes.py"


def _play(run: Run) -> None:
    counts = dict.fromkeys(("placed", "refused", "made room"), 0)
    for number in range(run.size):
        inputs = random_inputs(run.random)
        placement = decide(inputs)
        record = _record(number + 1, inputs, placement)
        for problem in check(record):
            run.expect(False, f"decision {number + 1}: {problem}")
        kind = (
            "refused" if placement.node is None else "made room" if placement.victims else "placed"
        )
        counts[kind] += 1
        if kind == "refused" and not _flips(inputs, record):
            run.expect(False, f"decision {number + 1}: the change admits nothing")
    run.report(decisions=run.size, **counts)
    if not all(counts.values()):
        raise Void(f"something never happened: {counts}")


def _record(number: int, inputs: Inputs, placement: Placement) -> dict[str, Any]:
    """Return a decision as the scheduler's API would."""
    decision = Decision(
        id=number,
        at="2026-01-01T00:00:00Z",
        revision=1,
        capability=inputs.capability,
        version="1.0.0",
        node=placement.node,
        reason=placement.reason,
        **dict(explain(placement, inputs.demand, inputs.nodes)),
    )
    record = {"decision": decision.model_dump(mode="json"), "inputs": inputs.written()}
    copied: dict[str, Any] = json.loads(json.dumps(record))
    return copied


def _flips(inputs: Inputs, record: dict[str, Any]) -> bool:
    """Ask the placement itself again, on the cluster as the change leaves it."""
    change = record["decision"]["change"]
    nodes = [
        node_of(changed(node, change) if node["node"] == change["node"] else node)
        for node in record["inputs"]["nodes"]
    ]
    node: str = change["node"]
    return decide(replace(inputs, nodes=nodes, evictable={})).node == node


CAMPAIGN = Campaign(
    name="decisions",
    unit="decisions",
    small=_SMALL,
    large=_LARGE,
    planted=(
        PlantedBug(
            "frees-one-too-many",
            _CHANGES,
            "freed = lacking - added",
            "freed = lacking - added + 1",
        ),
        PlantedBug(
            "a-dearer-change",
            _CHANGES,
            "return min(every, key=lambda change: change.cost, default=None)",
            "return max(every, key=lambda change: change.cost, default=None)",
        ),
        PlantedBug(
            "spread-forgotten",
            "scheduler/placement/parts.py",
            '    "spread": spread,\n',
            "",
        ),
        PlantedBug(
            "ends-more-than-it-must",
            "scheduler/placement/preempt.py",
            "for count in range(1, min(_EXACT_UP_TO, len(leaving)) + 1):",
            "for count in range(min(_EXACT_UP_TO, len(leaving)), 0, -1):",
        ),
    ),
    play=_play,
)
