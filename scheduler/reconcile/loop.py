"""Drives what runs to what shall run, one step at a time."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from capability_sdk.contracts.nodes import Endpoint, InstanceHealth
from capability_sdk.contracts.scheduling import LocalDeployment, LocalDeployments
from capability_sdk.kit.clock import Clock
from scheduler.dispatch.board import EndpointBoard
from scheduler.dispatch.weights import weigh
from scheduler.domain import Binding, Observation, unit_of
from scheduler.nodes import NodeBoard
from scheduler.placement.place import place
from scheduler.placement.scores import ScoreWeights
from scheduler.ports import InstanceRunner
from scheduler.profiles import demand_of
from scheduler.reconcile.hosting import beside, find_host
from scheduler.reconcile.plan import count_ready, plan
from scheduler.scaling.autoscaler import Autoscaler
from scheduler.store import SchedulerStore

_log = logging.getLogger(__name__)
_TICK_SECONDS = 1.0
_FAILED_TICK_SECONDS = 5.0


class Reconciler:
    """Belongs to one event loop; its steps never overlap, so nothing is placed twice."""

    def __init__(  # noqa: PLR0913, PLR0917 - its parts, which `app` alone puts together
        self,
        store: SchedulerStore,
        runner: InstanceRunner,
        nodes: NodeBoard,
        board: EndpointBoard,
        autoscaler: Autoscaler,
        weights: ScoreWeights,
        clock: Clock,
        drain: timedelta,
    ) -> None:
        self._store = store
        self._runner = runner
        self._nodes = nodes
        self._board = board
        self._autoscaler = autoscaler
        self._weights = weights
        self._clock = clock
        self._drain_seconds = drain.total_seconds()
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._unseen: set[str] | None = None
        self.bindings: list[Binding] = []
        self.last_step: datetime | None = None
        runner.on_change(self._news.set)

    def wake(self) -> None:
        """Have the next step come at once; callable from any thread."""
        self._loop.call_soon_threadsafe(self._news.set)

    async def run(self) -> None:
        """Step whenever something changed, and every second."""
        while True:
            self._news.clear()
            pause = _TICK_SECONDS
            try:
                await self.step()
            except Exception:  # noqa: BLE001 - the watch goes on whatever a step failed of
                # What runs goes on running; a full disk, say, must not end the watch over it.
                _log.exception("a step failed; the next one comes in %s s", _FAILED_TICK_SECONDS)
                pause = _FAILED_TICK_SECONDS
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), pause)

    async def step(self) -> None:
        """Compare once, and do what is missing."""
        desired = await asyncio.to_thread(self._store.desired)
        self.bindings = await asyncio.to_thread(self._store.bindings)
        if self._unseen is None:
            self._unseen = {binding.id for binding in self.bindings}
        for binding in self.bindings:
            await self._runner.start(binding)
        if desired is not None:
            await self._converge(desired)
        self._publish()
        self.last_step = self._clock()

    async def close(self) -> None:
        """Finish what is being stopped."""
        await asyncio.gather(*self._leaving.values(), return_exceptions=True)

    async def _converge(self, desired: LocalDeployments) -> None:
        observed = self._runner.observe()
        scaled = await self._autoscaler.choose(
            desired.deployments, count_ready(self.bindings, observed)
        )
        intent = plan(scaled, self.bindings, observed)
        for deployment in intent.start:
            await self._place(deployment, desired.revision)
        for instance in intent.stop:
            await self._retire(instance)

    async def _place(self, deployment: LocalDeployment, revision: int) -> None:
        unit, demand = unit_of(deployment), demand_of(deployment)
        host = find_host(unit, self.bindings, self._runner.observe())
        if host is None:
            states = await self._nodes.states(self.bindings, self._runner.nodes)
            placement = place(unit.capability, demand, states, self._weights)
        else:
            placement = beside(host)
        now = self._clock()
        if placement.node is None:
            is_new = await asyncio.to_thread(
                self._store.leave_unplaced, unit, placement, revision, now
            )
            if is_new:
                _log.warning("%s %s %s", unit.capability, unit.version, placement.reason)
            return
        binding = Binding(
            id=f"i-{secrets.token_hex(4)}",
            unit=unit,
            node=placement.node,
            package_path=Path(deployment.package_path),
            demand=demand,
            host="" if host is None else host.process,
            devices=placement.devices,
        )
        await asyncio.to_thread(self._store.bind, binding, placement, revision, now)
        self.bindings.append(binding)
        _log.info("%s: %s %s %s", binding.id, unit.capability, unit.version, placement.reason)
        await self._runner.start(binding)

    async def _retire(self, instance: str) -> None:
        await asyncio.to_thread(self._store.retire, instance, self._clock())
        self.bindings = [item for item in self.bindings if item.id != instance]
        leaving = asyncio.create_task(self._leave(instance), name=f"leave {instance}")
        self._leaving[instance] = leaving
        leaving.add_done_callback(lambda _: self._leaving.pop(instance, None))

    async def _leave(self, instance: str) -> None:
        # The gateway has heard by then; requests on their way still find the instance.
        await asyncio.sleep(self._drain_seconds)
        await self._runner.stop(instance)
        _log.info("%s: stopped", instance)

    def _publish(self) -> None:
        observed = self._runner.observe()
        if self._is_adopting(observed):
            return
        ready = ready_endpoints(self.bindings, observed)
        nodes = {item.id: self._nodes.busy(item.node) for item in self.bindings}
        if self._board.publish(weigh(ready, nodes)):
            _log.info("endpoints %d: %d ready", self._board.current.revision, len(ready))

    def _is_adopting(self, observed: Mapping[str, Observation]) -> bool:
        """Whether an instance of the scheduler before this one was not seen ready or failed yet.

        Until then the gateway keeps its last list: it finds these instances as soon as they
        listen, and an empty list would take them away again.
        """
        starting = {
            item.id
            for item in self.bindings
            if item.id not in observed or observed[item.id].health is InstanceHealth.STARTING
        }
        self._unseen = (self._unseen or set()) & starting
        return bool(self._unseen)


def ready_endpoints(
    bindings: Sequence[Binding], observed: Mapping[str, Observation]
) -> list[Endpoint]:
    """Return an endpoint for each bound instance that is ready."""
    return [
        Endpoint(
            instance=item.id,
            capability=item.unit.capability,
            version=item.unit.version,
            address=observed[item.id].address,
        )
        for item in bindings
        if item.id in observed and observed[item.id].health is InstanceHealth.READY
    ]
