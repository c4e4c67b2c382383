"""Score: which of the nodes that pass shall take an instance. Pure; every part is 0 to 1."""

from dataclasses import dataclass

from scheduler.domain import Demand
from scheduler.placement.constraints import NodeState


@dataclass(frozen=True, slots=True)
class ScoreWeights:
    """What counts how much.

    Attributes:
        best_fit: Fill nodes up, so that large demands find room elsewhere.
        spread: Keep instances of one capability on different nodes.
        idle: Prefer nodes whose cores are idle now.
    """

    best_fit: float = 1.0
    spread: float = 1.0
    idle: float = 0.5


def score(capability: str, demand: Demand, node: NodeState, weights: ScoreWeights) -> float:
    """Return a node's score, higher is better, rounded so that equal nodes tie."""
    total = (
        weights.best_fit * _fullness(demand, node)
        + weights.spread * _apartness(capability, node)
        + weights.idle * (1 - node.busy_fraction)
    )
    return round(total, 6)


def _fullness(demand: Demand, node: NodeState) -> float:
    """Share of the node that is reserved once the instance is bound, mean over resources."""
    metadata = node.metadata
    shares = [
        (node.reserved_cpu_millicores + demand.cpu_millicores) / metadata.cpu_millicores,
        (node.reserved_memory_mib + demand.memory_mib) / metadata.memory_mib,
    ]
    if demand.gpu_milli:
        shares.append((sum(node.reserved_gpu) + demand.gpu_milli) / metadata.gpu_milli)
    return sum(shares) / len(shares)


def _apartness(capability: str, node: NodeState) -> float:
    return 1 / (1 + dict(node.instances_of).get(capability, 0))
