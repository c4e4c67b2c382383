"""Score: the parts of it, each a small function over many options at once. Pure.

An option is a node, and where a share of one GPU is asked for, a device on it. Higher is better.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from capability_sdk.contracts.passport import NODE_SCORE
from scheduler.domain import DEVICE_MILLI, Demand
from scheduler.placement.cluster import Cluster, Integers, Reals
from scheduler.placement.fragmentation import Fragmentation, Options
from scheduler.placement.scores import ScoreWeights
from scheduler.placement.workload import Workload

_DECIMALS = 6
"""Scores are rounded, so that equal options tie."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the parts look at.

    Attributes:
        capability: Whose instance is placed.
        demand: What it needs.
        cluster: What is free.
        fragmentation: What of it typical requests can use.
        workload: What is to be expected.
    """

    capability: str
    demand: Demand
    cluster: Cluster
    fragmentation: Fragmentation
    workload: Workload


def fragmentation(situation: Situation, options: Options) -> Reals:
    """Minus the GPUs that typical requests could use until now and not afterwards."""
    return -situation.fragmentation.loss(situation.demand, options)


def balance(situation: Situation, options: Options) -> Reals:
    """Minus the GPUs that cease to be idle *and* served with cores.

    Idle GPU counts as far as the node's free cores last, at the cores that requests for GPUs ask
    for on average. So cores are taken first where GPUs are used up, and GPUs first where cores
    abound.
    """
    cluster, demand = situation.cluster, situation.demand
    cores = cluster.cpu_free[options.nodes]
    gpus = cluster.gpu_idle[options.nodes]
    ratio = situation.workload.cpu_per_gpu
    before = _served(gpus, cores, ratio)
    after = _served(gpus - demand.gpu_milli, cores - demand.cpu_millicores, ratio)
    return (after - before) / DEVICE_MILLI


def _served(gpus: Integers, cores: Integers, cpu_per_gpu: float) -> Reals:
    served: Reals = np.minimum(gpus, cores / cpu_per_gpu if cpu_per_gpu else np.inf)
    return served


def best_fit(situation: Situation, options: Options) -> Reals:
    """How little the node has left afterwards, beside the largest node: mean over the resources.

    These are cores and GPUs; in a cluster without GPUs, cores and memory. 0 for a demand for GPUs:
    fragmentation and balance say better where it leaves room.
    """
    cluster, demand, nodes = situation.cluster, situation.demand, options.nodes
    if demand.gpu_milli:
        return np.zeros(len(nodes))
    cores = (cluster.cpu_free[nodes] - demand.cpu_millicores) / cluster.largest.cpu_millicores
    if cluster.largest.gpu_milli:
        other = (cluster.gpu_idle[nodes] - demand.gpu_milli) / cluster.largest.gpu_milli
    else:
        other = (cluster.memory_free[nodes] - demand.memory_mib) / cluster.largest.memory_mib
    fullness: Reals = 1 - (cores + other) / 2
    return fullness


def spread(situation: Situation, options: Options) -> Reals:
    """1 where the node has no instance of the capability, 1/2 with one, 1/3 with two."""
    apart: Reals = 1 / (1 + situation.cluster.instances_of(situation.capability)[options.nodes])
    return apart


def idle(situation: Situation, options: Options) -> Reals:
    """Share of the node's cores that nothing uses now."""
    return situation.cluster.idle[options.nodes]


def passport_fit(situation: Situation, options: Options) -> Reals:
    """How fast the node is: 1/2 for the node that passports refer to, 2/3 for one twice as fast.

    A node that was not measured counts as that one.
    """
    speed = situation.cluster.cpu_score[options.nodes] / NODE_SCORE
    speed = np.where(speed > 0, speed, 1.0)
    fit: Reals = speed / (1 + speed)
    return fit


Part = Callable[[Situation, Options], Reals]

PARTS: Mapping[str, Part] = {
    "best_fit": best_fit,
    "spread": spread,
    "idle": idle,
    "passport_fit": passport_fit,
    "fragmentation": fragmentation,
    "balance": balance,
}
"""By the name of its weight."""


def weighted(situation: Situation, options: Options, weights: ScoreWeights) -> dict[str, Reals]:
    """Return the parts that count, each times its weight, by name, shape ``(options,)`` each."""
    return {
        name: weight * part(situation, options)
        for name, part in PARTS.items()
        if (weight := getattr(weights, name))
    }


def total(parts: Mapping[str, Reals], options: Options) -> Reals:
    """Add the weighted parts up, shape ``(options,)``."""
    return sum(parts.values(), np.zeros(len(options.nodes))).round(_DECIMALS)
