"""The parts of a running scheduler, and what is done with a new list of deployments."""

from dataclasses import dataclass

from capability_sdk.contracts.scheduling import DeploymentsAnswer, LocalDeployments
from capability_sdk.kit.clock import Clock
from scheduler.dispatch.board import EndpointBoard
from scheduler.errors import AmbiguousDeployments
from scheduler.joining.parts import JoiningParts
from scheduler.nodes import NodeBoard
from scheduler.ports import InstanceRunner
from scheduler.reconcile.loop import Reconciler
from scheduler.scaling.service import Scaling
from scheduler.store import SchedulerStore
from scheduler.weights import WeightStore


@dataclass(frozen=True, slots=True)
class Scheduler:
    """What the API works with."""

    store: SchedulerStore
    runner: InstanceRunner
    nodes: NodeBoard
    board: EndpointBoard
    reconciler: Reconciler
    scaling: Scaling
    joining: JoiningParts
    weights: WeightStore
    clock: Clock

    def give_up(self, node: str) -> None:
        """Place what runs on a node elsewhere, without waiting for the node."""
        self.store.lose(node, self.clock())
        self.reconciler.wake()

    def put_deployments(self, desired: LocalDeployments) -> DeploymentsAnswer:
        """Take a new list; an empty one counts only where it says that it is meant.

        Raises:
            StaleRevision: A newer list is in force.
            AmbiguousDeployments: It names a version of a capability twice.
        """
        _check_unambiguous(desired)
        if not desired.deployments and not desired.stop_all and self.store.bindings():
            return DeploymentsAnswer(
                revision=desired.revision,
                acted_upon=False,
                detail="An empty list without stop_all: what runs goes on running.",
            )
        self.store.put_desired(desired)
        self.reconciler.wake()
        return DeploymentsAnswer(
            revision=desired.revision,
            acted_upon=True,
            detail=f"{len(desired.deployments)} versions shall run.",
        )


def _check_unambiguous(desired: LocalDeployments) -> None:
    names = [f"{item.capability} {item.version}" for item in desired.deployments]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise AmbiguousDeployments(f"The list names twice: {', '.join(twice)}.")
