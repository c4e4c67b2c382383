"""Placement policies by name: the platform's own, each part alone, and those of the literature."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

import numpy as np

from scheduler.domain import DEVICE_MILLI, Demand
from scheduler.errors import PolicyUnknown
from scheduler.placement.cluster import Cluster, Reals
from scheduler.placement.engine import Engine
from scheduler.placement.fragmentation import Options
from scheduler.placement.scores import ScoreWeights
from scheduler.placement.workload import Workload

EngineMaker = Callable[[Cluster, Workload, int], Engine]
"""Makes what decides on a cluster, from the workload to expect and a seed."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A way to choose nodes.

    Attributes:
        name: As it was asked for.
        engine: Makes what decides.
    """

    name: str
    engine: EngineMaker


def find_policy(text: str) -> Policy:
    """Return the policy that a name, or weights as ``balance=100,best_fit=1``, stand for.

    Raises:
        PolicyUnknown: Neither.
    """
    if "=" in text:
        return Policy(text, _weighted(_weights(text)))
    maker = _NAMED.get(text) or _PARTS.get(text)
    if maker is None:
        names = ", ".join([*_NAMED, *_PARTS])
        raise PolicyUnknown(
            f"{text} is none of {names}; or give weights, such as balance=100,best_fit=1."
        )
    return Policy(text, maker)


class PublishedFgd(Engine):
    """Fragmentation gradient descent as its authors' simulator has it.

    The gradient goes through a sigmoid and is cut to a whole hundredth; so it ties often, and the
    first node by name wins.

    Source:
        Weng et al., "Beware of Fragmentation", USENIX ATC 2023, and its artifact.
    """

    def parts(self, capability: str, demand: Demand, options: Options) -> dict[str, Reals]:
        """Score some options by whole hundredths, shape ``(options,)``."""
        parts = super().parts(capability, demand, options)
        gradient = demand.gpu_milli / DEVICE_MILLI + parts["fragmentation"]
        # Sums of shares differ in their last digits where the published ones are equal.
        return {"fragmentation": np.floor(100 / (1 + np.exp(-gradient)) + 1e-6)}


class PublishedBestFit(Engine):
    """The node with least left, cores and GPUs beside those of the largest node, cut to hundredths.

    Source:
        As `PublishedFgd`.
    """

    def parts(self, capability: str, demand: Demand, options: Options) -> dict[str, Reals]:
        """Score some options by whole hundredths, shape ``(options,)``."""
        del capability
        cluster, nodes = self.cluster, options.nodes
        cores = (cluster.cpu_free[nodes] - demand.cpu_millicores) / cluster.largest.cpu_millicores
        gpus = (cluster.gpu_idle[nodes] - demand.gpu_milli) / cluster.largest.gpu_milli
        return {"best_fit": np.floor(100 * (1 - (cores + gpus) / 2))}


class RandomChoice(Engine):
    """Any node that can take the demand, each as likely, and there any device."""

    def __init__(self, cluster: Cluster, seed: int) -> None:
        super().__init__(cluster, ScoreWeights())
        self._random = np.random.default_rng(seed)

    def parts(self, capability: str, demand: Demand, options: Options) -> dict[str, Reals]:
        """Draw a place for each node, and a fraction for each of its devices."""
        del capability, demand
        places = self._random.permutation(len(self.cluster.states))
        return {"random": places[options.nodes] + self._random.random(len(options.nodes))}


_NONE = dict.fromkeys((field.name for field in fields(ScoreWeights)), 0.0)
_FRAGMENTATION = ScoreWeights(**{**_NONE, "fragmentation": 1.0})


def _weighted(weights: ScoreWeights) -> EngineMaker:
    return lambda cluster, workload, _: Engine(cluster, weights, workload)


def _weights(text: str) -> ScoreWeights:
    weights = dict(_NONE)
    for pair in text.split(","):
        name, _, value = pair.partition("=")
        if name not in weights:
            raise PolicyUnknown(f"{name} is no part of the score; parts: {', '.join(weights)}.")
        try:
            weights[name] = float(value)
        except ValueError:
            raise PolicyUnknown(f"{pair}: {value or 'nothing'} is no number.") from None
    return ScoreWeights(**weights)


_NAMED: Mapping[str, EngineMaker] = {
    "default": _weighted(ScoreWeights()),
    "fgd": lambda cluster, workload, _: PublishedFgd(cluster, _FRAGMENTATION, workload),
    "published-best-fit": lambda cluster, _, __: PublishedBestFit(cluster, ScoreWeights()),
    "random": lambda cluster, _, seed: RandomChoice(cluster, seed),
}
_PARTS: Mapping[str, EngineMaker] = {
    name.replace("_", "-"): _weighted(ScoreWeights(**{**_NONE, name: 1.0})) for name in _NONE
}
