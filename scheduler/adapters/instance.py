"""One instance process, the versions it serves and their health, as seen over its Unix sockets."""

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from capability_sdk.contracts.inference import LOAD_HEADER
from capability_sdk.contracts.nodes import InstanceAccess, InstanceHealth, InstanceLoad
from capability_sdk.kit.processes import ManagedProcess
from scheduler.adapters.hosted import Hosted
from scheduler.domain import Binding, Observation

_STARTING_SECONDS = 0.1
"""Pause between looks at an instance that is not ready; a deployment waits for it."""
_READY_SECONDS = 0.5
_PROBE_TIMEOUT = 2.0
_MISSES_BEFORE_RESTART = 3
_EXITS = {2: "bad-arguments", 3: "package-refused"}


@dataclass(frozen=True, slots=True)
class Places:
    """Where an instance is found.

    Attributes:
        socket: The Unix socket of this machine.
        access: File that says how another machine reaches it; None where none does.
    """

    socket: Path
    access: Path | None = None


class RunningInstance:
    """Watches a process: starting, ready, or failed with a code.

    An instance that failed stays ``failed`` through its restarts until it is ready again. What it
    wrote to its log is not repeated: the detail travels to the center.
    """

    def __init__(
        self,
        process: ManagedProcess,
        places: Places,
        hosted: Hosted,
        *,
        start_timeout: float,
        notify: Callable[[], None],
    ) -> None:
        self._process = process
        self._hosted = hosted
        self._places = places
        self._access = InstanceAccess(address=f"unix:{places.socket}", credential="")
        self._start_timeout = start_timeout
        self._notify = notify
        self._health = InstanceHealth.STARTING
        self._detail = ""
        self._load: InstanceLoad | None = None
        self._misses = 0
        self._seen_pid: int | None = None
        self._since = time.monotonic()
        self._watch: asyncio.Task[None] | None = None
        transport = httpx.AsyncHTTPTransport(uds=str(places.socket))
        self._http = httpx.AsyncClient(
            transport=transport, base_url="http://instance", timeout=_PROBE_TIMEOUT, trust_env=False
        )

    def observe(self) -> list[Observation]:
        """Return what is known now of each version that the process serves."""
        return [self._observation(instance) for instance in self._hosted.ids]

    def _observation(self, instance: str) -> Observation:
        health, detail, failures = self._health, self._detail, 0
        if instance != self._hosted.first.id and health is InstanceHealth.READY:
            health, detail, failures = self._hosted.guest(instance)
        return Observation(
            id=instance,
            health=health,
            restarts=self._process.restarts + failures,
            detail=detail,
            address=self._access.address,
            pid=self._process.pid,
            credential=self._access.credential,
        )

    @property
    def load(self) -> InstanceLoad | None:
        """What the process was busy with at the last look; None while it is not ready."""
        return self._load if self._health is InstanceHealth.READY else None

    def host(self, binding: Binding) -> None:
        """Have the process serve a further version, besides those it has."""
        self._hosted.add(binding, is_up=self._health is InstanceHealth.READY)

    async def start(self) -> None:
        """Start the process and the watch over it."""
        await self._process.start()
        self._watch = asyncio.create_task(
            self._keep_watching(), name=f"health {self._process.spec.name}"
        )

    async def stop(self) -> None:
        """End both; the process gets time to finish what it does."""
        self._become(InstanceHealth.STOPPING, "")
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        await self._hosted.close()
        await self._process.stop()
        await self._http.aclose()

    async def _keep_watching(self) -> None:
        while True:
            await self._look()
            is_ready = self._health is InstanceHealth.READY
            await asyncio.sleep(_READY_SECONDS if is_ready else _STARTING_SECONDS)

    async def _look(self) -> None:
        pid = self._process.pid
        is_another = pid != self._seen_pid
        if is_another:
            self._seen_pid, self._since, self._misses = pid, time.monotonic(), 0
            self._hosted.is_down()
        # Whether it answers comes first: one that is up again must not be called failed.
        if pid is not None and await self._answers():
            self._misses = 0
            if self._health is not InstanceHealth.READY or is_another:
                self._read_access()
            self._become(InstanceHealth.READY, "")
            self._hosted.is_up()
            return
        if is_another and self._process.last_exit is not None:
            self._become(InstanceHealth.FAILED, _why(self._process.last_exit, self._detail))
        if pid is not None:
            self._miss(pid)

    def _read_access(self) -> None:
        """Learn how another machine reaches it; each start of the process has a new way."""
        if self._places.access is not None:
            self._access = InstanceAccess.model_validate_json(self._places.access.read_bytes())

    def _miss(self, pid: int) -> None:
        if self._process.pid != pid:
            return
        if self._health is InstanceHealth.READY:
            self._misses += 1
            if self._misses >= _MISSES_BEFORE_RESTART:
                self._restart(pid, "unresponsive")
        elif time.monotonic() - self._since > self._start_timeout:
            self._restart(pid, "start-timeout")

    def _restart(self, pid: int, code: str) -> None:
        self._become(InstanceHealth.FAILED, code)
        self._since = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    async def _answers(self) -> bool:
        try:
            response = await self._http.get("/v2/health/ready")
        except httpx.HTTPError:
            return False
        self._load = _load_of(self._hosted.first.id, response.headers.get(LOAD_HEADER, ""))
        return response.is_success

    def _become(self, health: InstanceHealth, detail: str) -> None:
        if (health, detail) != (self._health, self._detail):
            self._health, self._detail = health, detail
            self._notify()


def _load_of(instance: str, told: str) -> InstanceLoad | None:
    """Read the load that came with an answer; what cannot be understood is no load."""
    try:
        metrics = json.loads(told.removeprefix("JSON "))["named_metrics"]
        return InstanceLoad.model_validate({**metrics, "instance": instance})
    except (ValueError, LookupError, TypeError):
        return None


def _why(exit_code: int, earlier: str) -> str:
    """Name the cause of an exit; a kill by the watch itself keeps the cause it was killed for."""
    if exit_code < 0:
        if earlier in ("unresponsive", "start-timeout"):
            return earlier
        return f"killed-by-signal-{-exit_code}"
    return _EXITS.get(exit_code, f"exited-with-{exit_code}")
