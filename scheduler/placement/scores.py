"""What counts how much when a node is chosen: plain numbers, changeable at run time.

A node's score is the sum of its parts, each times its weight. Raising one weight never makes placement
choose a node that is worse in that part; what the parts are stands in `scheduler.placement.parts`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ScoreWeights:
    """What counts how much.

    The first two count GPUs lost, the others are between 0 and 1; so with the defaults a hundredth
    of a GPU that becomes useless outweighs them. Without GPUs the first two are 0 everywhere.

    Attributes:
        best_fit: Fill nodes up, so that large demands find room elsewhere; of work without GPUs.
        spread: Keep instances of one capability on different nodes.
        idle: Prefer nodes whose cores are idle now.
        passport_fit: Prefer nodes that are fast, by the benchmark that passports name.
        fragmentation: Keep GPUs usable for the requests that are typical.
        balance: Keep cores beside idle GPUs, as many as requests for GPUs need.
    """

    best_fit: float = 1.0
    spread: float = 1.0
    idle: float = 0.5
    passport_fit: float = 0.0
    fragmentation: float = 100.0
    balance: float = 100.0


@dataclass(frozen=True, slots=True)
class Score:
    """How well a node does.

    Attributes:
        value: Of its best device, where there are several; higher is better.
        parts: What that is made of, each part times its weight; empty where nothing was compared.
    """

    value: float
    parts: Mapping[str, float] = field(default_factory=dict)
