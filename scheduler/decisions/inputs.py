"""Everything that a placement depends on, as plain data for whoever checks it later."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from scheduler.domain import Demand
from scheduler.placement.constraints import NodeState
from scheduler.placement.preempt import Evictable
from scheduler.placement.scores import ScoreWeights
from scheduler.placement.workload import EMPTY, Workload

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Inputs:
    """What one placement is decided on.

    Attributes:
        capability: Whose instance is placed.
        demand: What it needs.
        nodes: The cluster as it is.
        weights: What counts how much.
        workload: What other requests are to be expected.
        evictable: By node, whose best-effort work may be ended for it; empty where none may.
        host: Process that it was put into without a choice, since only weights differ.
    """

    capability: str
    demand: Demand
    nodes: Sequence[NodeState]
    weights: ScoreWeights
    workload: Workload = EMPTY
    evictable: Mapping[str, Sequence[Evictable]] = field(default_factory=dict)
    host: str = ""

    def written(self) -> dict[str, Any]:
        """Return them as JSON values."""
        return {
            "schema": SCHEMA,
            "host": self.host,
            "request": {"capability": self.capability, **asdict(self.demand)},
            "weights": asdict(self.weights),
            "workload": {
                "cpu_per_gpu": self.workload.cpu_per_gpu,
                "typical": [
                    {**asdict(shape), "share": share} for shape, share in self.workload.typical
                ],
            },
            "nodes": [
                _node(node, self.evictable.get(node.metadata.node, ())) for node in self.nodes
            ],
        }


def _node(node: NodeState, evictable: Sequence[Evictable]) -> dict[str, Any]:
    metadata = node.metadata
    return {
        "node": metadata.node,
        "engines": [engine.value for engine in metadata.engines],
        "families": [family.value for family in metadata.families],
        "cpu_millicores": metadata.cpu_millicores,
        "cpu_score": metadata.cpu_score,
        "memory_mib": metadata.memory_mib,
        "gpu_model": metadata.gpu_model,
        "gpu_milli": metadata.gpu_milli,
        "reserved_cpu_millicores": node.reserved_cpu_millicores,
        "reserved_memory_mib": node.reserved_memory_mib,
        "reserved_gpu": list(node.reserved_gpu),
        "instances_of": dict(node.instances_of),
        "units": sorted(node.units),
        "busy_fraction": node.busy_fraction,
        "is_reporting": node.is_reporting,
        "is_startable": node.is_startable,
        "evictable": [
            {"process": item.process, "instances": list(item.instances), **asdict(item.takes)}
            for item in evictable
        ],
    }
