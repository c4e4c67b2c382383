"""Starts a platform's processes in order, keeps them running, stops them without orphans."""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final

from capability_sdk.kit.processes import ManagedProcess, ProcessSpec, die_with_parent
from deploy.embedded.platform import PlatformStatus, ProcessView
from deploy.embedded.probe import fetch

READY_SECONDS: Final = 60.0
INSTANCES_SECONDS: Final = 30.0
_GRACE_SECONDS: Final = {"gateway": 4.0, "agent": 6.0, "scheduler": 6.0}
_CENTER_GRACE_SECONDS: Final = 4.0
"""Together below the 15 seconds that a stop may take: gateways, the rest of a province, center."""
_POLL_SECONDS: Final = 0.1
_WORD_SECONDS: Final = 5.0
_TRIES: Final = 3
"""Starts of one process that may fail before its platform gives up."""
_LOG_TAIL_BYTES: Final = 2000
Say = Callable[[str], None]


class StartFailed(Exception):
    """A part did not come up; the message names its log."""


class Supervisor:
    """The processes of one platform, and the status file that describes them."""

    def __init__(self, status: PlatformStatus, say: Say) -> None:
        self.status = status
        self.say = say
        self._processes: list[tuple[str, str | None, ManagedProcess]] = []
        self._stopping = asyncio.Event()

    def listen_for_signals(self) -> None:
        """Let SIGTERM and Ctrl-C end the platform."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._stopping.set)

    async def start(self, spec: ProcessSpec, province: str | None = None) -> ManagedProcess:
        """Start one process and keep it running."""
        spec.log.parent.mkdir(parents=True, exist_ok=True)
        process = ManagedProcess(spec)
        await process.start()
        self._processes.append((spec.name, province, process))
        self.describe()
        return process

    def describe(self) -> None:
        """Write down which processes run now."""
        self.status.processes = [
            ProcessView(service=service, province=province, pid=process.pid)
            for service, province, process in self._processes
        ]
        self.status.save()

    async def await_ready(self, what: str, process: ManagedProcess, url: str) -> None:
        """Wait until a service can do its work; say so where that takes long.

        Raises:
            StartFailed: It did not get there in time, or keeps ending.
            Stopped: The platform is to stop.
        """
        clock = asyncio.get_running_loop().time
        deadline, next_word = clock() + READY_SECONDS, clock() + _WORD_SECONDS
        log = process.spec.log
        while await fetch(url) is None:
            if process.restarts >= _TRIES:
                raise StartFailed(f"{what} keeps ending: {_last_line(log)} (its log is {log})")
            if clock() > deadline:
                raise StartFailed(f"{what} does not get ready; its log is {log}")
            if clock() > next_word:
                next_word += _WORD_SECONDS
                self.say(f"{what} is not ready yet …")
            await self.pause(_POLL_SECONDS)

    async def await_instances(self, province: str, scheduler_url: str) -> None:
        """Wait until the instances that a province ran before run again, within reason."""
        deadline = asyncio.get_running_loop().time() + INSTANCES_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            seen = await fetch(f"{scheduler_url}/health/ready")
            if seen is not None and seen.get("endpoints", 0) >= seen.get("instances", 0):
                return
            await self.pause(_POLL_SECONDS)
        self.say(f"Some instances of {province} do not get ready; the platform starts without.")

    async def run_once(self, *command: str) -> int:
        """Run a helper program in the foreground; it is ended when the platform is to stop."""
        process = await asyncio.create_subprocess_exec(*command, preexec_fn=die_with_parent)
        ended = asyncio.create_task(process.wait())
        stopped = asyncio.create_task(self._stopping.wait())
        await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not ended.done():
            process.terminate()
            await ended
            raise Stopped
        return ended.result()

    async def keep_running(self) -> None:
        """Stay until the platform is to stop; the status file follows restarts."""
        pids: list[int | None] = []
        while True:
            now = [process.pid for _, _, process in self._processes]
            if now != pids:
                pids = now
                self.describe()
            await self.pause(1.0)

    async def pause(self, seconds: float) -> None:
        """Wait a moment.

        Raises:
            Stopped: The platform is to stop.
        """
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
            raise Stopped

    async def stop(self) -> None:
        """End every process: gateways, so that calls in flight are answered, provinces, center."""
        self.status.ready = False
        self.status.save()
        for services in (("gateway",), ("agent", "scheduler"), ("center", "worker", "nacos")):
            await asyncio.gather(
                *(
                    process.stop(_GRACE_SECONDS.get(service, _CENTER_GRACE_SECONDS))
                    for service, _, process in self._processes
                    if service in services
                )
            )
        self.status.processes = []
        self.status.save()


class Stopped(Exception):
    """The platform is to stop."""


def _last_line(log: Path) -> str:
    """Return the last line that a process wrote, for the person who reads why it ended."""
    try:
        with log.open("rb") as file:
            file.seek(max(log.stat().st_size - _LOG_TAIL_BYTES, 0))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return "it wrote no log"
    return lines[-1] if lines else "it said nothing"
