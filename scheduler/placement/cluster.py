"""The nodes as arrays: the filter over all of them at once, and what bindings take of them.

Row ``i`` of every array is node ``i`` in the order of names, column ``d`` device ``d`` of a node.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scheduler.domain import Demand
from scheduler.placement.constraints import NodeState

Integers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NO_DEVICE = -1


@dataclass(frozen=True, slots=True)
class Largest:
    """The most that any node of a cluster has, free or not; 1 at least of what every node has."""

    cpu_millicores: int
    memory_mib: int
    gpu_milli: int


class Cluster:
    """What is free on every node, kept up to date by `take` and `release`.

    Attributes:
        states: The nodes as they were at the beginning, shape ``(nodes,)``, by name.
        cpu_free: Millicores, shape ``(nodes,)``.
        memory_free: MiB, shape ``(nodes,)``.
        gpu_free: Thousandths of each device, `NO_DEVICE` where there is none, shape
            ``(nodes, devices of the largest node)``.
        is_distinct: Whether no earlier device of the node has as much free; same shape.
        gpu_idle: Thousandths of all devices of a node, shape ``(nodes,)``.
        idle: Share of the cores that nothing uses now, shape ``(nodes,)``.
        cpu_score: Of the node's benchmark, 0 where it was not measured, shape ``(nodes,)``.
        largest: The most that any node has of each resource.
        gpu_models: Names of the models that occur.
        gpu_model: Index into ``gpu_models``, shape ``(nodes,)``.
        changes: Nodes in the order in which they changed, for who keeps something about them.
    """

    def __init__(self, states: Sequence[NodeState]) -> None:
        self.states = tuple(sorted(states, key=lambda state: state.metadata.node))
        self.cpu_free = self._column([state.free_cpu_millicores for state in self.states])
        self.memory_free = self._column([state.free_memory_mib for state in self.states])
        self.gpu_free = self._devices()
        self.is_distinct = np.array([_distinct(row) for row in self.gpu_free], dtype=bool)
        self.is_distinct = self.is_distinct.reshape(self.gpu_free.shape)
        self.gpu_idle = self.gpu_free.clip(min=0).sum(axis=1)
        self.idle = np.array([1 - state.busy_fraction for state in self.states])
        self.cpu_score = np.array([state.metadata.cpu_score for state in self.states])
        self.largest = _largest(self.states)
        models = [state.metadata.gpu_model or "" for state in self.states]
        self.gpu_models = sorted(set(models))
        self.gpu_model = self._column([self.gpu_models.index(model) for model in models])
        self.changes: list[int] = []
        self._can_start = np.array([s.is_reporting and s.is_startable for s in self.states], bool)
        self._instances: dict[str, Integers] = {}
        self._offers: dict[tuple[str, str], Flags] = {}
        self._has_model: dict[tuple[str, ...], Flags] = {}

    def fitting(self, demand: Demand) -> tuple[Flags, Flags]:
        """Filter: the constraints of `scheduler.placement.constraints`, over every node at once.

        Returns:
            Which nodes can take the demand, shape ``(nodes,)``, and which devices have enough
            for it, shape ``(nodes, devices)``.
        """
        nodes = self._offering(demand.engine, demand.family)
        nodes = nodes & (self.cpu_free >= demand.cpu_millicores)
        nodes &= self.memory_free >= demand.memory_mib
        devices = self.gpu_free >= demand.device_milli
        if demand.gpu_milli:
            nodes &= self._of_model(demand.gpu_models)
            nodes &= np.count_nonzero(devices, axis=1) >= demand.devices
        return nodes, devices

    def instances_of(self, capability: str) -> Integers:
        """Count the instances of a capability that nodes had at the beginning, shape ``(nodes,)``."""
        if capability not in self._instances:
            counts = [dict(state.instances_of).get(capability, 0) for state in self.states]
            self._instances[capability] = self._column(counts)
        return self._instances[capability]

    def take(self, node: int, demand: Demand, devices: Sequence[int]) -> None:
        """Bind: take what a demand needs of a node and of some of its devices."""
        self._move(node, demand, devices, -1)

    def release(self, node: int, demand: Demand, devices: Sequence[int]) -> None:
        """Give back what `take` took."""
        self._move(node, demand, devices, 1)

    def _move(self, node: int, demand: Demand, devices: Sequence[int], sign: int) -> None:
        self.cpu_free[node] += sign * demand.cpu_millicores
        self.memory_free[node] += sign * demand.memory_mib
        self.gpu_idle[node] += sign * demand.gpu_milli
        if devices:
            self.gpu_free[node, list(devices)] += sign * demand.device_milli
            self.is_distinct[node] = _distinct(self.gpu_free[node])
        self.changes.append(node)

    def _offering(self, engine: str, family: str) -> Flags:
        key = (engine, family)
        if key not in self._offers:
            offers = [
                engine in state.metadata.engines and family in state.metadata.families
                for state in self.states
            ]
            self._offers[key] = np.array(offers, bool) & self._can_start
        return self._offers[key]

    def _of_model(self, allowed: tuple[str, ...]) -> Flags:
        if allowed not in self._has_model:
            fits = np.array([not allowed or model in allowed for model in self.gpu_models], bool)
            self._has_model[allowed] = fits[self.gpu_model]
        return self._has_model[allowed]

    def _devices(self) -> Integers:
        rows = [state.free_gpu for state in self.states]
        width = max((len(row) for row in rows if row), default=1)
        padded = [(*row, *(NO_DEVICE,) * (width - len(row))) for row in rows]
        return np.array(padded, dtype=np.int64).reshape(len(rows), width)

    @staticmethod
    def _column(values: Sequence[int]) -> Integers:
        return np.array(values, dtype=np.int64)


def _largest(states: Sequence[NodeState]) -> Largest:
    offered = [state.metadata for state in states]
    return Largest(
        max((item.cpu_millicores for item in offered), default=1),
        max((item.memory_mib for item in offered), default=1),
        max((item.gpu_milli for item in offered), default=0),
    )


def _distinct(free: Integers) -> list[bool]:
    row = free.tolist()
    return [value != NO_DEVICE and value not in row[:device] for device, value in enumerate(row)]
