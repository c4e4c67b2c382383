"""Decides where one more instance goes, takes the room for it, and writes down why."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from capability_sdk.contracts.scheduling import Apart, LocalDeployment, Priority
from capability_sdk.kit.clock import Clock
from scheduler.decisions.inputs import inputs_of
from scheduler.decisions.store import Decided
from scheduler.domain import Binding, Demand, Unit, unit_of
from scheduler.nodes import NodeBoard
from scheduler.placement.constraints import NodeState
from scheduler.placement.explain import explain
from scheduler.placement.place import Placement, place
from scheduler.placement.preempt import choose_victims, evictable, in_place_of
from scheduler.placement.scores import ScoreWeights
from scheduler.ports import InstanceRunner
from scheduler.profiles import demand_of
from scheduler.reconcile.hosting import beside, find_host
from scheduler.reservations.claims import capacity
from scheduler.store import SchedulerStore, View

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """One more instance of a deployment, and the nodes that it may go to."""

    deployment: LocalDeployment
    revision: int
    unit: Unit
    demand: Demand
    nodes: Sequence[NodeState]


class Placer:
    """Places instances one after the other, each on what the one before has left."""

    def __init__(
        self,
        store: SchedulerStore,
        runner: InstanceRunner,
        nodes: NodeBoard,
        weights: ScoreWeights,
        clock: Clock,
    ) -> None:
        self._store = store
        self._runner = runner
        self._nodes = nodes
        self._weights = weights
        self._clock = clock
        self._view = View(0, [])

    async def look(self) -> None:
        """Take up what is reserved now; the next decisions are taken on it."""
        self._view = await asyncio.to_thread(self._store.view)

    async def place(
        self, deployment: LocalDeployment, revision: int, bindings: Sequence[Binding]
    ) -> Binding | None:
        """Reserve a node for one more instance, or write down why there is none.

        Raises:
            StaleView: Another scheduler took room since `look`.
        """
        request = Request(
            deployment,
            revision,
            unit_of(deployment),
            _demand(deployment),
            await self._nodes.states(self._view.occupying, self._runner.nodes),
        )
        known = {node.metadata.node for node in request.nodes}
        reachable = [item for item in bindings if item.node in known]
        host = find_host(request.unit, reachable, self._runner.observe())
        if host is not None:
            return await self._reserve(request, beside(host), host.process)
        placement = place(request.unit.capability, request.demand, request.nodes, self._weights)
        if placement.node is None and deployment.priority is Priority.STANDARD:
            placement = self._make_room(request, placement)
        if placement.node is not None:
            return await self._reserve(request, placement)
        await self._leave_unplaced(request, placement)
        return None

    def _make_room(self, request: Request, refused: Placement) -> Placement:
        """Take the room of best-effort work, where that suffices."""
        found = choose_victims(request.demand, request.nodes, evictable(self._view.occupying))
        return refused if found is None else in_place_of(found, request.demand, refused)

    async def _reserve(self, request: Request, placement: Placement, host: str = "") -> Binding:
        assert placement.node is not None  # noqa: S101 - only what has a node is reserved
        unit = request.unit
        binding = Binding(
            id=f"i-{secrets.token_hex(4)}",
            unit=unit,
            node=placement.node,
            package_path=Path(request.deployment.package_path),
            demand=request.demand,
            host=host,
            devices=placement.devices,
            priority=request.deployment.priority,
        )
        _log.info("%s: %s %s %s", binding.id, unit.capability, unit.version, placement.reason)
        has = {node.metadata.node: capacity(node.metadata) for node in request.nodes}
        version = await asyncio.to_thread(
            self._store.reserve,
            binding,
            has[placement.node],
            self._decided(request, placement),
            self._view.version,
            placement.victims,
        )
        left = [item for item in self._view.occupying if item.id not in placement.victims]
        self._view = View(version, [*left, binding])
        return binding

    async def _leave_unplaced(self, request: Request, placement: Placement) -> None:
        unit = request.unit
        if await asyncio.to_thread(self._store.is_known_refusal, unit, placement.reason):
            return
        decided = self._decided(request, placement)
        await asyncio.to_thread(self._store.leave_unplaced, decided)
        _log.warning("%s %s %s", unit.capability, unit.version, placement.reason)

    def _decided(self, request: Request, placement: Placement) -> Decided:
        unit, demand = request.unit, request.demand
        return Decided(
            unit=unit,
            revision=request.revision,
            at=self._clock(),
            node=placement.node,
            reason=placement.reason,
            explanation=explain(placement, demand, request.nodes),
            inputs=inputs_of(unit.capability, demand, request.nodes, self._weights),
        )


def _demand(deployment: LocalDeployment) -> Demand:
    demand = demand_of(deployment)
    if deployment.apart is not Apart.REQUIRED:
        return demand
    return replace(demand, apart_from=unit_of(deployment).key)
