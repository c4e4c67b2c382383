"""How much of what is idle the requests to come could not use, and what a binding adds to that.

A typical request that fits on a node can use those of its devices that have enough free; one that does
not fit, for want of cores, devices or an allowed model, can use nothing there. Weighted by how often
each shape is asked for, that is the *usable* GPU of a node; the rest of its idle GPU is fragmented.

Source:
    Fragmentation gradient descent: Weng et al., "Beware of Fragmentation", USENIX ATC 2023.
"""

from dataclasses import dataclass

import numpy as np

from scheduler.domain import DEVICE_MILLI, Demand
from scheduler.placement.cluster import Cluster, Integers, Reals
from scheduler.placement.workload import Workload


@dataclass(frozen=True, slots=True)
class Options:
    """Ways to bind a demand, one a row: a node, and the device that it gets a share of.

    Attributes:
        nodes: Index of the node, shape ``(options,)``.
        devices: Index of the first device that it gets; 0 where it needs none.
    """

    nodes: Integers
    devices: Integers


class Fragmentation:
    """Usable GPU of every node of a cluster, under one workload; follows the cluster's changes.

    GPU shapes that differ in cores or models only are one column: columns are distinct pairs of
    thousandths and number of devices, and the share of a column's requests that a node admits is
    looked up by its model and by the rank of its free cores.
    """

    def __init__(self, cluster: Cluster, workload: Workload) -> None:
        self._cluster = cluster
        typical = [(shape, share) for shape, share in workload.typical if shape.devices]
        columns = sorted({(shape.device_milli, shape.devices) for shape, _ in typical})
        milli = np.array([column[0] for column in columns], dtype=np.int64)
        self._count = np.array([column[1] for column in columns], dtype=np.float64)
        self._cores = np.array(sorted({shape.cpu_millicores for shape, _ in typical}), np.int64)
        self._share = np.zeros((len(cluster.gpu_models), len(self._cores) + 1, len(columns)))
        for shape, share in typical:
            models = [
                i
                for i, model in enumerate(cluster.gpu_models)
                if not shape.gpu_models or model in shape.gpu_models
            ]
            rank = int(np.searchsorted(self._cores, shape.cpu_millicores, side="right"))
            column = columns.index((shape.device_milli, shape.devices))
            self._share[models, rank:, column] += share
        # By free thousandths of a device: whether each column's share fits, and what it could use.
        free = np.arange(DEVICE_MILLI + 1)[:, None]
        self._fits = (free >= milli).astype(np.float64)
        self._uses = self._fits * free
        self._known_steps: dict[tuple[int, int], tuple[Reals, Reals]] = {}
        nodes = np.arange(len(cluster.cpu_free))
        self._fitting = np.zeros((len(nodes), len(columns)))
        self._usable = np.zeros_like(self._fitting)
        self._total = np.zeros(len(nodes))
        self._refresh(nodes)
        self._seen = len(cluster.changes)

    def loss(self, demand: Demand, options: Options) -> Reals:
        """Return the usable GPU that each option takes away, in GPUs, shape ``(options,)``.

        What the demand itself takes is part of it: it is the same for every option.
        """
        self._follow()
        nodes = options.nodes
        cores = self._cluster.cpu_free[nodes] - demand.cpu_millicores
        fitting, usable = self._fitting[nodes], self._usable[nodes]
        if demand.devices:
            before = self._cluster.gpu_free[nodes, options.devices]
            fewer, less = self._steps(demand)
            fitting += fewer[before]
            usable += less[before]
        return (self._total[nodes] - self._sum(nodes, cores, fitting, usable)) / DEVICE_MILLI

    def _steps(self, demand: Demand) -> tuple[Reals, Reals]:
        """Return what its devices lose of ``_fits`` and ``_uses``, by their free thousandths."""
        key = (demand.device_milli, demand.devices)
        if key not in self._known_steps:
            # Rows below zero are never asked for: such a device is no option.
            after = np.arange(DEVICE_MILLI + 1) - demand.device_milli
            self._known_steps[key] = (
                (self._fits[after] - self._fits) * demand.devices,
                (self._uses[after] - self._uses) * demand.devices,
            )
        return self._known_steps[key]

    def _sum(self, nodes: Integers, cores: Integers, fitting: Reals, usable: Reals) -> Reals:
        rank = np.searchsorted(self._cores, cores, side="right")
        shares = self._share[self._cluster.gpu_model[nodes], rank]
        usable *= fitting >= self._count
        total: Reals = np.einsum("ij,ij->i", usable, shares)
        return total

    def _follow(self) -> None:
        changes = self._cluster.changes
        if self._seen < len(changes):
            self._refresh(np.array(sorted(set(changes[self._seen :])), dtype=np.int64))
            self._seen = len(changes)

    def _refresh(self, nodes: Integers) -> None:
        free = self._cluster.gpu_free[nodes]
        present = (free >= 0)[:, :, None]
        self._fitting[nodes] = (self._fits[free] * present).sum(axis=1)
        self._usable[nodes] = (self._uses[free] * present).sum(axis=1)
        fitting, usable = self._fitting[nodes], self._usable[nodes]
        self._total[nodes] = self._sum(nodes, self._cluster.cpu_free[nodes], fitting, usable)
