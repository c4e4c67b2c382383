"""Decides where one more instance goes, takes the room for it, and writes down why."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from capability_sdk.contracts.scheduling import Apart, LocalDeployment, Priority
from capability_sdk.kit.clock import Clock
from scheduler.decisions.decide import decide
from scheduler.decisions.inputs import Inputs
from scheduler.decisions.store import Decided
from scheduler.domain import Binding, Demand, Unit, unit_of
from scheduler.nodes import NodeBoard
from scheduler.placement.explain import explain
from scheduler.placement.place import Placement
from scheduler.placement.preempt import evictable
from scheduler.placement.scores import ScoreWeights
from scheduler.placement.workload import EMPTY, Workload
from scheduler.ports import InstanceRunner
from scheduler.profiles import demand_of
from scheduler.reconcile.hosting import beside, find_host
from scheduler.reservations.claims import capacity
from scheduler.store import SchedulerStore, View
from scheduler.weights import WeightStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """One more instance of a deployment, and what is decided on."""

    deployment: LocalDeployment
    revision: int
    unit: Unit
    inputs: Inputs


class Placer:
    """Places instances one after the other, each on what the one before has left."""

    def __init__(
        self,
        store: SchedulerStore,
        runner: InstanceRunner,
        nodes: NodeBoard,
        weights: WeightStore,
        clock: Clock,
    ) -> None:
        self._store = store
        self._runner = runner
        self._nodes = nodes
        self._weight_store = weights
        self._weights = ScoreWeights()
        self._clock = clock
        self._view = View(0, [])
        self._workload = EMPTY

    async def look(self) -> None:
        """Take up what is reserved now; the next decisions are taken on it."""
        self._view = await asyncio.to_thread(self._store.view)
        self._weights = await asyncio.to_thread(self._weight_store.current)
        # What is asked for next is taken to be like what runs.
        self._workload = Workload.of(item.demand for item in self._view.occupying)

    async def place(
        self, deployment: LocalDeployment, revision: int, bindings: Sequence[Binding]
    ) -> Binding | None:
        """Reserve a node for one more instance, or write down why there is none.

        Raises:
            StaleView: Another scheduler took room since `look`.
        """
        request = await self._request(deployment, revision)
        known = {node.metadata.node for node in request.inputs.nodes}
        reachable = [item for item in bindings if item.node in known]
        host = find_host(request.unit, reachable, self._runner.observe())
        if host is not None:
            hosted = replace(request, inputs=replace(request.inputs, host=host.process))
            return await self._reserve(hosted, beside(host))
        placement = decide(request.inputs)
        if placement.node is not None:
            return await self._reserve(request, placement)
        await self._leave_unplaced(request, placement)
        return None

    async def _request(self, deployment: LocalDeployment, revision: int) -> Request:
        unit, view = unit_of(deployment), self._view
        may_end = deployment.priority is Priority.STANDARD
        inputs = Inputs(
            capability=unit.capability,
            demand=_demand(deployment),
            nodes=await self._nodes.states(view.occupying, self._runner.nodes),
            weights=self._weights,
            workload=self._workload,
            evictable=evictable(view.occupying) if may_end else {},
        )
        return Request(deployment, revision, unit, inputs)

    async def _reserve(self, request: Request, placement: Placement) -> Binding:
        assert placement.node is not None  # noqa: S101 - only what has a node is reserved
        unit = request.unit
        binding = Binding(
            id=f"i-{secrets.token_hex(4)}",
            unit=unit,
            node=placement.node,
            package_path=Path(request.deployment.package_path),
            demand=request.inputs.demand,
            host=request.inputs.host,
            devices=placement.devices,
            priority=request.deployment.priority,
        )
        _log.info("%s: %s %s %s", binding.id, unit.capability, unit.version, placement.reason)
        has = {node.metadata.node: capacity(node.metadata) for node in request.inputs.nodes}
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
        return Decided(
            unit=request.unit,
            revision=request.revision,
            at=self._clock(),
            node=placement.node,
            reason=placement.reason,
            explanation=explain(placement, request.inputs.demand, request.inputs.nodes),
            inputs=request.inputs.written(),
        )


def _demand(deployment: LocalDeployment) -> Demand:
    demand = demand_of(deployment)
    if deployment.apart is not Apart.REQUIRED:
        return demand
    return replace(demand, apart_from=unit_of(deployment).key)
