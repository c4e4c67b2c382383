"""Which bindings live in one Deployment: code is what is deployed, weights are what it is given. Pure."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from scheduler.domain import Binding, Demand, Unit

_LONGEST_STEM = 40
_MEMORY_STEP_MIB = 64
"""A measurement that differs by less starts no pod anew."""


@dataclass(frozen=True, slots=True)
class Workload:
    """Instances of equal code: one Deployment, whose pods all serve the same versions.

    Attributes:
        name: Of every object that belongs to it.
        bindings: In order of their ids; at least one.
    """

    name: str
    bindings: tuple[Binding, ...]

    @property
    def unit(self) -> Unit:
        """One of its versions: capability, code and engine are the same for all."""
        return self.bindings[0].unit

    @property
    def processes(self) -> tuple[str, ...]:
        """Names of the processes, each of which is a pod."""
        return tuple(sorted({item.process for item in self.bindings}))

    @property
    def versions(self) -> tuple[Binding, ...]:
        """One binding of each version, in order of versions."""
        by_version = {item.unit.version: item for item in reversed(self.bindings)}
        return tuple(by_version[version] for version in sorted(by_version))

    @property
    def nodes(self) -> tuple[str, ...]:
        """Nodes that placement chose."""
        return tuple(sorted({item.node for item in self.bindings}))

    @property
    def demand(self) -> Demand:
        """What one pod needs: as much as the largest of its versions."""
        demands = [item.demand for item in self.bindings]
        memory = max(item.memory_mib for item in demands)
        return replace(
            demands[0],
            cpu_millicores=max(item.cpu_millicores for item in demands),
            memory_mib=-(-memory // _MEMORY_STEP_MIB) * _MEMORY_STEP_MIB,
            gpu_milli=max(item.gpu_milli for item in demands),
            batch_rows=min(item.batch_rows for item in demands),
        )


def workloads_of(bindings: Iterable[Binding], edge: str) -> dict[str, Workload]:
    """Group bindings by code.

    Args:
        bindings: What shall run, in any order.
        edge: Identity of the province's folder: two provinces of one namespace share nothing.

    Returns:
        The workloads by name.
    """
    groups: dict[str, list[Binding]] = {}
    for binding in sorted(bindings, key=lambda item: item.id):
        groups.setdefault(_name(binding.unit, edge), []).append(binding)
    return {name: Workload(name, tuple(group)) for name, group in groups.items()}


def _name(unit: Unit, edge: str) -> str:
    same: Sequence[str] = (unit.capability, unit.code_digest, unit.engine, unit.face)
    if unit.overlay:
        same = (*same, unit.overlay)
    if not unit.face:  # a running instance cannot take other weights
        same = (*same, unit.version, unit.weights_digest)
    digest = hashlib.sha256("\n".join((edge, *same)).encode()).hexdigest()
    return f"{unit.capability[:_LONGEST_STEM].rstrip('-')}-{digest[:10]}"
