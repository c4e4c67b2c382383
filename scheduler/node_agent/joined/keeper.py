"""Keeps the instances of an assignment running, and no others."""

import asyncio
import contextlib
import logging
from collections.abc import MutableMapping
from pathlib import Path

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.contracts.joining import AssignedInstance, Assignment, ObservedInstance
from capability_sdk.contracts.nodes import InstanceHealth
from capability_sdk.packaging.errors import PackageNotVerified
from scheduler.domain import Binding, Demand, Observation, Unit
from scheduler.node_agent.joined.errors import SettingsRefused
from scheduler.node_agent.joined.packages import NodePackages
from scheduler.ports import InstanceRunner

_log = logging.getLogger(__name__)
_FIRST_DELAY, _LONGEST_DELAY = 0.5, 15.0
REFUSED = "package-refused"
SETTINGS_REFUSED = SettingsRefused.code
NOT_DOWNLOADED = "package-not-downloaded"
_DETAIL_CHARACTERS = 200


class InstanceKeeper:
    """Belongs to one event loop. What is to be stopped never waits for what is to be started."""

    def __init__(
        self,
        node: str,
        packages: NodePackages,
        runner: InstanceRunner,
        shares: MutableMapping[str, float],
    ) -> None:
        """Begin with nothing.

        Args:
            node: This machine.
            packages: Fetches what instances run.
            runner: Runs them.
            shares: Takes, by capability, the share of its calls that the inference log keeps.
        """
        self._node = node
        self._shares = shares
        self._packages = packages
        self._runner = runner
        self._coming: dict[str, asyncio.Task[None]] = {}
        self._going: dict[str, asyncio.Task[None]] = {}
        self._trouble: dict[str, str] = {}
        self._wanted: dict[str, AssignedInstance] = {}
        self.revision = -1
        """Of the assignment that is kept."""

    def keep(self, assignment: Assignment) -> None:
        """Take an assignment: what it does not name is told to stop before this returns."""
        wanted = {item.id: item for item in assignment.instances}
        for instance in self._wanted.keys() - wanted.keys():
            self._end(instance)
        before, self._wanted = self._wanted, wanted
        for instance, item in wanted.items():
            if instance not in before:
                self._coming[instance] = asyncio.create_task(self._bring(item), name=instance)
        self.revision = assignment.revision

    def observed(self) -> list[ObservedInstance]:
        """Return what is known of every instance, those included that are being stopped."""
        running = self._runner.observe()
        found = [_observed(seen) for seen in running.values()]
        for instance in {*self._wanted, *self._going} - running.keys():
            detail = self._trouble.get(instance, "")
            health = InstanceHealth.FAILED if detail else InstanceHealth.STARTING
            found.append(ObservedInstance(id=instance, health=health, detail=detail))
        return found

    async def close(self) -> None:
        """Stop everything."""
        for task in self._coming.values():
            task.cancel()
        await asyncio.gather(*self._coming.values(), *self._going.values(), return_exceptions=True)
        await self._runner.close()

    async def _bring(self, item: AssignedInstance) -> None:
        """Have an instance run; what does not work is tried again for as long as it is wanted."""
        delay = _FIRST_DELAY
        while True:
            try:
                path = await self._packages.ensure(item)
                break
            except PackageNotVerified as error:
                _log.error("%s %s is not run: %s", item.capability, item.version, error)
                self._trouble[item.id] = REFUSED
                delay = _LONGEST_DELAY
            except SettingsRefused as error:
                _log.error("%s %s is not run: %s", item.capability, item.version, error)
                self._trouble[item.id] = SETTINGS_REFUSED
                delay = _LONGEST_DELAY
            except (ServiceError, OSError) as error:
                _log.warning("package of %s %s: %s", item.capability, item.version, error)
                self._trouble[item.id] = NOT_DOWNLOADED
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LONGEST_DELAY)
        self._trouble.pop(item.id, None)
        self._shares[item.capability] = item.sample_share
        await self._runner.start(_binding(item, self._node, path))

    def _end(self, instance: str) -> None:
        coming = self._coming.pop(instance, None)
        going = asyncio.create_task(self._stop(instance, coming), name=f"stop {instance}")
        self._going[instance] = going
        going.add_done_callback(lambda _: self._gone(instance))

    async def _stop(self, instance: str, coming: asyncio.Task[None] | None) -> None:
        if coming is not None:
            coming.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await coming
        await self._runner.stop(instance)
        _log.info("%s: stopped", instance)

    def _gone(self, instance: str) -> None:
        self._going.pop(instance, None)
        self._trouble.pop(instance, None)
        if not self._going:
            self._packages.collect(self._wanted.values())


def _binding(item: AssignedInstance, node: str, package: Path) -> Binding:
    unit = Unit(
        item.capability,
        item.version,
        item.code_digest,
        item.weights_digest,
        face=item.face,
        engine=item.engine,
        overlay=item.overlay_digest or "",
    )
    demand = Demand(
        engine=item.engine,
        family=item.family,
        cpu_millicores=0,
        memory_mib=item.memory_mib,
        gpu_milli=0,
        batch_rows=item.batch_rows,
    )
    return Binding(item.id, unit, node, package, demand, host=item.host)


def _observed(seen: Observation) -> ObservedInstance:
    port = seen.address.rpartition(":")[2]
    return ObservedInstance(
        id=seen.id,
        health=seen.health,
        restarts=seen.restarts,
        detail=seen.detail[:_DETAIL_CHARACTERS],
        port=int(port) if port.isdigit() else 0,
        credential=seen.credential,
    )
