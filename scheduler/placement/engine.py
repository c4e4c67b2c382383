"""Filter, score and choose over a whole cluster at once, one decision after the other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scheduler.domain import Demand
from scheduler.placement.cluster import Cluster, Reals
from scheduler.placement.constraints import NodeState
from scheduler.placement.fragmentation import Fragmentation, Options
from scheduler.placement.parts import Situation, total, weighted
from scheduler.placement.scores import Score, ScoreWeights
from scheduler.placement.workload import EMPTY, Workload


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen.

    Attributes:
        index: Of the node, in the order of names.
        node: Its name.
        devices: Indexes of the GPUs, ascending.
        score: Of the choice.
    """

    index: int
    node: str
    devices: tuple[int, ...]
    score: float


class Engine:
    """Chooses on one cluster.

    The best score wins; a tie goes to the first node by name, and there to the device that the
    demand leaves least on, by index among equals.
    """

    def __init__(self, cluster: Cluster, weights: ScoreWeights, workload: Workload = EMPTY) -> None:
        self.cluster = cluster
        self.weights = weights
        self._workload = workload
        self._fragmentation = Fragmentation(cluster, workload)

    def choose(self, capability: str, demand: Demand) -> Choice | None:
        """Return the best node that can take one instance; None where none can."""
        options = self.options(demand)
        if not len(options.nodes):
            return None
        parts = self.parts(capability, demand, options)
        return self.best(demand, options, total(parts, options))

    def parts(self, capability: str, demand: Demand, options: Options) -> dict[str, Reals]:
        """Score some options: every part that counts, weighted, shape ``(options,)`` each."""
        situation = Situation(capability, demand, self.cluster, self._fragmentation, self._workload)
        return weighted(situation, options, self.weights)

    def options(self, demand: Demand) -> Options:
        """Filter: return every way to bind a demand; devices with as much free count once."""
        nodes, devices = self.cluster.fitting(demand)
        if demand.devices == 1:
            return Options(*np.nonzero(devices & self.cluster.is_distinct & nodes[:, None]))
        found = np.flatnonzero(nodes)
        first = devices[found].argmax(axis=1) if demand.devices else np.zeros_like(found)
        return Options(found, first)

    def best(self, demand: Demand, options: Options, scores: Reals) -> Choice:
        """Return the option that wins, with all of its devices."""
        best = np.flatnonzero(scores == scores.max())
        node = int(options.nodes[best[0]])
        free = self.cluster.gpu_free[node]
        if demand.devices == 1:
            tied = options.devices[best[options.nodes[best] == node]].tolist()
            devices = (min(tied, key=free.__getitem__),)
        else:
            devices = tuple(np.flatnonzero(free >= demand.device_milli)[: demand.devices].tolist())
        name = self.cluster.states[node].metadata.node
        return Choice(node, name, devices, float(scores[best[0]]))


def compare(
    capability: str,
    demand: Demand,
    suitable: Sequence[NodeState],
    weights: ScoreWeights,
    workload: Workload,
) -> tuple[Choice, dict[str, Score]]:
    """Choose among nodes that can take a demand.

    Returns:
        The choice, and the score of every node by its name: of its best device, where there are several.
    """
    engine = Engine(Cluster(suitable), weights, workload)
    options = engine.options(demand)
    parts = engine.parts(capability, demand, options)
    values = total(parts, options)
    best: dict[int, int] = {}
    for option, node in enumerate(options.nodes.tolist()):
        if node not in best or values[option] > values[best[node]]:
            best[node] = option
    scores = {
        engine.cluster.states[node].metadata.node: Score(
            float(values[option]),
            {name: round(float(part[option]), 6) for name, part in parts.items()},
        )
        for node, option in best.items()
    }
    return engine.best(demand, options, values), scores
