"""From actual to desired: which instances are missing, which are surplus. Pure.

A version that is no longer wanted serves until its successor is ready, so a failing or unplaceable
successor takes nothing away.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from capability_sdk.contracts.nodes import InstanceHealth
from capability_sdk.contracts.scheduling import LocalDeployment
from scheduler.domain import Binding, Observation, Unit, unit_of


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now.

    Attributes:
        start: Deployments that miss an instance, once for each missing one.
        stop: Instances that are surplus.
    """

    start: tuple[LocalDeployment, ...]
    stop: tuple[str, ...]


def plan(
    desired: Sequence[LocalDeployment],
    bindings: Sequence[Binding],
    observed: Mapping[str, Observation],
) -> Plan:
    """Compare what shall run with what is bound and observed."""
    start: list[LocalDeployment] = []
    stop: list[str] = []
    wanted = {unit_of(deployment): deployment for deployment in desired}
    for unit, deployment in wanted.items():
        mine = [item for item in bindings if item.unit == unit]
        start += [deployment] * (deployment.replicas - len(mine))
        stop += _least_useful(mine, observed, len(mine) - deployment.replicas)
    settled = {
        capability: _is_settled(capability, wanted, bindings, observed)
        for capability in {item.unit.capability for item in bindings}
    }
    stop += [
        item.id for item in bindings if item.unit not in wanted and settled[item.unit.capability]
    ]
    return Plan(tuple(start), tuple(stop))


def count_ready(
    bindings: Sequence[Binding], observed: Mapping[str, Observation]
) -> dict[tuple[str, str], int]:
    """Count the ready instances of each capability and version."""
    ready = (item.unit for item in bindings if _is_ready(item, observed))
    return dict(Counter((unit.capability, unit.version) for unit in ready))


def _least_useful(
    bindings: Sequence[Binding], observed: Mapping[str, Observation], count: int
) -> list[str]:
    """Those that are not ready first; among equals by name, so that repeating changes nothing."""
    ordered = sorted(bindings, key=lambda item: (_is_ready(item, observed), item.id))
    return [item.id for item in ordered[: max(count, 0)]]


def _is_ready(binding: Binding, observed: Mapping[str, Observation]) -> bool:
    seen = observed.get(binding.id)
    return seen is not None and seen.health is InstanceHealth.READY


def _is_settled(
    capability: str,
    wanted: Mapping[Unit, LocalDeployment],
    bindings: Sequence[Binding],
    observed: Mapping[str, Observation],
) -> bool:
    """Whether every wanted version of a capability has all its replicas ready."""
    for unit, deployment in wanted.items():
        if unit.capability != capability:
            continue
        ready = sum(1 for item in bindings if item.unit == unit and _is_ready(item, observed))
        if ready < deployment.replicas:
            return False
    return True
