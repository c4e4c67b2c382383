"""Everything that a placement depends on, as plain data for whoever checks it later."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from scheduler.domain import Demand
from scheduler.placement.constraints import NodeState
from scheduler.placement.scores import ScoreWeights

SCHEMA = 1


def inputs_of(
    capability: str, demand: Demand, nodes: Sequence[NodeState], weights: ScoreWeights
) -> dict[str, Any]:
    """Write down a request, the cluster as it was, and what counted how much."""
    return {
        "schema": SCHEMA,
        "request": {"capability": capability, **asdict(demand)},
        "weights": asdict(weights),
        "nodes": [_node(node) for node in nodes],
    }


def _node(node: NodeState) -> dict[str, Any]:
    metadata = node.metadata
    return {
        "node": metadata.node,
        "engines": [engine.value for engine in metadata.engines],
        "families": [family.value for family in metadata.families],
        "cpu_millicores": metadata.cpu_millicores,
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
    }
