"""Whether a version can live in a running instance, because only its weights differ. Pure.

Then nothing is started: its weights are loaded beside those in service, the endpoints name both, and
what is not wanted any more is unloaded after its drain.
"""

from collections.abc import Mapping, Sequence

from capability_sdk.contracts.nodes import InstanceHealth
from scheduler.domain import Binding, Observation, Unit
from scheduler.placement.place import Placement


def find_host(
    unit: Unit, bindings: Sequence[Binding], observed: Mapping[str, Observation]
) -> Binding | None:
    """Find an instance that is ready and can take a unit's weights beside its own.

    Replicas stay in processes of their own, so one that has the unit already is no host for it.
    """
    taken = {item.process for item in bindings if item.unit == unit}
    return next(
        (
            item
            for item in bindings
            if item.process not in taken
            and item.unit.differs_in_weights_alone(unit)
            and (seen := observed.get(item.id)) is not None
            and seen.health is InstanceHealth.READY
        ),
        None,
    )


def beside(host: Binding) -> Placement:
    """Say where a hosted instance goes, and why."""
    reason = (
        f"beside {host.unit.version} in {host.process} on {host.node}: equal code and tensors,"
        " only weights differ"
    )
    return Placement(host.node, reason, ())
