"""Drives what runs to what shall run, one step at a time."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from capability_sdk.contracts.nodes import Endpoint, InstanceHealth
from capability_sdk.contracts.scheduling import LocalDeployment, LocalDeployments, Priority
from capability_sdk.kit.clock import Clock
from scheduler.dispatch.board import EndpointBoard
from scheduler.dispatch.services import Services
from scheduler.dispatch.weights import speed_of, weigh
from scheduler.domain import Binding, Observation
from scheduler.errors import NoRoom, ReservationLost, StaleView, StillDraining
from scheduler.lending.lender import Lender
from scheduler.nodes import NodeBoard
from scheduler.ports import InstanceRunner
from scheduler.profiles import demand_of
from scheduler.reconcile.placing import Placer
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
        placer: Placer,
        lender: Lender,
        clock: Clock,
        drain: timedelta,
    ) -> None:
        self._store = store
        self._runner = runner
        self._nodes = nodes
        self._board = board
        self._autoscaler = autoscaler
        self._placer = placer
        self._lender = lender
        self._clock = clock
        self._drain_seconds = drain.total_seconds()
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._services = Services()
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
                async with asyncio.timeout(pause):
                    await self._news.wait()

    async def step(self) -> None:
        """Compare once, and do what is missing."""
        desired = await asyncio.to_thread(self._store.desired)
        await self._give_up_lost_nodes()
        for instance in await asyncio.to_thread(self._store.drive, self._clock()):
            self._have_leave(instance)
        self.bindings = await asyncio.to_thread(self._store.bindings)
        if self._unseen is None:
            self._unseen = {binding.id for binding in self.bindings}
        for binding in self.bindings:
            await self._start(binding)
        if desired is not None:
            running = ((item.unit.capability, item.unit.version) for item in self.bindings)
            self._services.use(desired.deployments, running)
            await self._converge(desired)
        await self._lender.tick()
        await self._publish()
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
        if intent.start:
            await self._place_all(intent.start, desired.revision)
        for instance in intent.stop:
            await self._retire(instance)

    async def _place_all(self, missing: Sequence[LocalDeployment], revision: int) -> None:
        await self._placer.look()
        for deployment in sorted(missing, key=lambda item: item.priority is Priority.BEST_EFFORT):
            try:
                binding = await self._placer.place(deployment, revision, self.bindings)
            except StaleView as error:
                # Nothing that was seen holds any more: the next step looks again.
                _log.info("%s", error)
                break
            except NoRoom as error:
                _log.error("%s %s: %s", deployment.capability, deployment.version, error)
                continue
            if binding is not None:
                self.bindings.append(binding)
                await self._start(binding)
            elif deployment.priority is Priority.STANDARD:
                name = f"{deployment.capability} {deployment.version}"
                await self._lender.make_room(demand_of(deployment), name)
        # Without those who make room, which the next step has leave.
        self.bindings = await asyncio.to_thread(self._store.bindings)

    async def _start(self, binding: Binding) -> None:
        """Have an instance run that may; one that runs is left alone."""
        try:
            if not binding.is_bound:
                await asyncio.to_thread(self._store.bind, binding.id, self._clock())
        except (ReservationLost, StillDraining) as error:
            _log.info("%s does not start now: %s", binding.id, error)
            return
        await self._runner.start(binding)

    async def _give_up_lost_nodes(self) -> None:
        for node in self._nodes.lost({binding.node for binding in self.bindings}):
            instances = await asyncio.to_thread(self._store.lose, node, self._clock())
            _log.error("%s is lost: %d instances are placed anew", node, len(instances))
            for instance in instances:
                await self._runner.stop(instance)

    async def _retire(self, instance: str) -> None:
        await asyncio.to_thread(self._store.retire, instance, self._clock())
        self.bindings = [item for item in self.bindings if item.id != instance]
        self._have_leave(instance)

    def _have_leave(self, instance: str) -> None:
        if instance not in self._leaving:
            leaving = asyncio.create_task(self._leave(instance), name=f"leave {instance}")
            self._leaving[instance] = leaving
            leaving.add_done_callback(lambda _: self._leaving.pop(instance, None))

    async def _leave(self, instance: str) -> None:
        # The gateway has heard by then; requests on their way still find the instance.
        await asyncio.sleep(self._drain_seconds)
        await self._runner.stop(instance)
        await asyncio.to_thread(self._store.release, instance)
        self._news.set()
        _log.info("%s: stopped", instance)

    async def _publish(self) -> None:
        observed = self._runner.observe()
        if self._is_adopting(observed):
            return
        ready = ready_endpoints(self.bindings, observed)
        speeds = {
            item.node: speed_of(item, self._nodes.fresh_load(item.node))
            for item in await self._nodes.metadata()
        }
        if self._board.publish(weigh(ready, speeds, self._services.known)):
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
    """Return an endpoint for each bound instance that is ready, and for each copy of it."""
    ready = [
        (item, observed[item.id])
        for item in bindings
        if item.id in observed and observed[item.id].health is InstanceHealth.READY
    ]
    return [
        Endpoint(
            instance=item.id if number == 0 else f"{item.id}.{number}",
            capability=item.unit.capability,
            version=item.unit.version,
            address=address,
            node=item.node,
            credential=seen.credential,
        )
        for item, seen in ready
        for number, address in enumerate((seen.address, *seen.copies))
    ]
