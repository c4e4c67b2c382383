"""Filter: what a node must offer before an instance may be bound to it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from capability_sdk.contracts.nodes import NodeMetadata
from capability_sdk.contracts.scheduling import FailedConstraint
from scheduler.domain import DEVICE_MILLI, Demand


@dataclass(frozen=True, slots=True)
class NodeState:
    """A node as placement sees it: what it offers, what is taken, whether it can be used.

    Attributes:
        metadata: What the node reported at its start.
        reserved_cpu_millicores: Bound to instances already.
        reserved_memory_mib: Bound to instances already.
        reserved_gpu: Thousandths bound to instances already, by device; devices left out are free.
        instances_of: Bound instances by capability.
        units: Keys of the units that have an instance here.
        busy_fraction: Share of its cores in use now, 0 to 1.
        is_reporting: Whether its load arrived lately.
        is_startable: Whether the runner can start instances there.
    """

    metadata: NodeMetadata
    reserved_cpu_millicores: int = 0
    reserved_memory_mib: int = 0
    reserved_gpu: tuple[int, ...] = ()
    instances_of: tuple[tuple[str, int], ...] = ()
    units: frozenset[str] = frozenset()
    busy_fraction: float = 0.0
    is_reporting: bool = True
    is_startable: bool = True

    @property
    def free_cpu_millicores(self) -> int:
        """Cores that no instance has reserved, in thousandths."""
        return self.metadata.cpu_millicores - self.reserved_cpu_millicores

    @property
    def free_memory_mib(self) -> int:
        """Memory that no instance has reserved."""
        return self.metadata.memory_mib - self.reserved_memory_mib

    @property
    def free_gpu(self) -> tuple[int, ...]:
        """Thousandths that no instance has reserved, by device."""
        devices = self.metadata.gpu_milli // DEVICE_MILLI
        reserved = (*self.reserved_gpu, *(0,) * devices)
        return tuple(max(DEVICE_MILLI - reserved[device], 0) for device in range(devices))


Constraint = Callable[[Demand, NodeState], FailedConstraint | None]


def _reporting(_: Demand, node: NodeState) -> FailedConstraint | None:
    if node.is_reporting:
        return None
    return FailedConstraint(
        constraint="reporting",
        reason="the node has not reported its load lately",
        cure="bring the node agent of this node back",
    )


def _startable(_: Demand, node: NodeState) -> FailedConstraint | None:
    if node.is_startable:
        return None
    return FailedConstraint(
        constraint="runner",
        reason="this scheduler's runner cannot start instances on the node",
        cure="run a scheduler on the node, or a runner that reaches it",
    )


def _engine(demand: Demand, node: NodeState) -> FailedConstraint | None:
    offered = [engine.value for engine in node.metadata.engines]
    if demand.engine in offered:
        return None
    return FailedConstraint(
        constraint="engine",
        reason=f"needs engine {demand.engine}, the node has {', '.join(offered)}",
        cure=f"install engine {demand.engine} on the node",
    )


def _family(demand: Demand, node: NodeState) -> FailedConstraint | None:
    offered = [family.value for family in node.metadata.families]
    if demand.family in offered:
        return None
    return FailedConstraint(
        constraint="family",
        reason=f"needs family {demand.family}, the node supports {', '.join(offered)}",
        cure=f"let the node support family {demand.family}",
    )


def _apart(demand: Demand, node: NodeState) -> FailedConstraint | None:
    if demand.apart_from not in node.units:
        return None
    return FailedConstraint(
        constraint="apart",
        reason="replicas must stand apart, and the node has one",
        cure="add a node, or move the replica that is here",
    )


def _amount(name: str, needed: int, free: int, unit: str) -> FailedConstraint | None:
    if needed <= free:
        return None
    return FailedConstraint(
        constraint=name,
        reason=f"needs {needed} {unit}, {max(free, 0)} are free",
        cure=f"free or add {needed - free} {unit}",
    )


def _cpu(demand: Demand, node: NodeState) -> FailedConstraint | None:
    return _amount("cpu", demand.cpu_millicores, node.free_cpu_millicores, "millicores")


def _memory(demand: Demand, node: NodeState) -> FailedConstraint | None:
    return _amount("memory", demand.memory_mib, node.free_memory_mib, "MiB of memory")


def _gpu_model(demand: Demand, node: NodeState) -> FailedConstraint | None:
    offered = node.metadata.gpu_model
    if not demand.gpu_milli or not demand.gpu_models or offered in demand.gpu_models:
        return None
    wanted = " or ".join(demand.gpu_models)
    return FailedConstraint(
        constraint="gpu-model",
        reason=f"needs a GPU of model {wanted}, the node has {offered or 'none'}",
        cure=f"place a GPU of model {wanted} in the node",
    )


def _gpu(demand: Demand, node: NodeState) -> FailedConstraint | None:
    if demand.gpu_milli == 0:
        return None
    fitting = [free for free in node.free_gpu if free >= demand.device_milli]
    if len(fitting) >= demand.devices:
        return None
    if demand.devices == 1:
        return _amount("gpu", demand.gpu_milli, max(node.free_gpu, default=0), "milli-GPU")
    return _amount("gpu", demand.devices, len(fitting), "whole GPUs")


CONSTRAINTS: tuple[Constraint, ...] = (
    _reporting,
    _startable,
    _engine,
    _family,
    _apart,
    _cpu,
    _memory,
    _gpu_model,
    _gpu,
)


def first_failure(demand: Demand, node: NodeState) -> FailedConstraint | None:
    """Return the first constraint that a node fails, None where it passes all."""
    for constraint in CONSTRAINTS:
        failed = constraint(demand, node)
        if failed is not None:
            return failed
    return None
