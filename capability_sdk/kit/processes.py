"""Child processes that are watched, restarted with back-off, and stopped without orphans."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_STEADY_SECONDS = 30.0
_libc = ctypes.CDLL(None)


def die_with_parent() -> None:
    """Ask the kernel to end this process when its parent dies (Linux)."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """What to run.

    Attributes:
        name: For people and for the log file.
        command: Program and arguments.
        log: File that standard output and error are appended to.
        environment: Added to this process's own environment.
        before_start: Called in the child between fork and exec, such as to set limits.
    """

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    before_start: Callable[[], None] | None = None


class ManagedProcess:
    """Runs one process until `stop`; starts it again when it ends by itself."""

    def __init__(
        self, spec: ProcessSpec, *, first_delay: float = 0.2, longest_delay: float = 30.0
    ) -> None:
        self.spec = spec
        self.restarts = 0
        self.last_exit: int | None = None
        self._first_delay = first_delay
        self._longest_delay = longest_delay
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self) -> None:
        """Start the process and keep it running."""
        await self._spawn()
        self._watch = asyncio.create_task(self._keep_running(), name=f"watch {self.spec.name}")

    async def stop(self, grace: float = 10.0) -> None:
        """End it with SIGTERM; after ``grace`` seconds with SIGKILL."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), grace)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _spawn(self) -> None:
        parent = os.getpid()

        def prepare() -> None:
            die_with_parent()
            if os.getppid() != parent:
                os._exit(1)  # the parent died between fork and prctl
            if self.spec.before_start is not None:
                self.spec.before_start()

        with self.spec.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.spec.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.spec.environment},
                start_new_session=True,
                preexec_fn=prepare,
            )

    async def _keep_running(self) -> None:
        delay = self._first_delay
        while True:
            assert self._process is not None  # noqa: S101 - start() spawned it
            began = time.monotonic()
            self.last_exit = await self._process.wait()
            if time.monotonic() - began > _STEADY_SECONDS:
                delay = self._first_delay
            await asyncio.sleep(delay)
            delay = min(delay * 2, self._longest_delay)
            self.restarts += 1
            await self._spawn()


def python(module: str, *arguments: str) -> list[str]:
    """Command line that runs a module with this interpreter."""
    return [sys.executable, "-m", module, *arguments]
