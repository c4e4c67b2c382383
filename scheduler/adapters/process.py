"""Runs instances as processes of this machine (port `InstanceRunner`)."""

import asyncio
import contextlib
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psutil

from capability_sdk.contracts.nodes import InstanceLoad
from capability_sdk.contracts.settings import overlay_file
from capability_sdk.kit.processes import ManagedProcess, ProcessSpec, python
from scheduler.adapters.hosted import Hosted
from scheduler.adapters.instance import Places, RunningInstance
from scheduler.adapters.limits import limit_instance
from scheduler.domain import Binding, Observation
from scheduler.errors import FolderUnusable

_log = logging.getLogger(__name__)

_SOCKET = "http.sock"
_ADMIN = "admin.sock"
_ACCESS = "access.json"
_LONGEST_SOCKET_PATH = 107
"""Bytes that the kernel takes in the address of a Unix socket."""
_ID_LENGTH = 10


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """How patient the runner is.

    Attributes:
        start_timeout: An instance that is not ready by then is started again.
        longest_delay: Longest pause between restarts.
    """

    start_timeout: timedelta = timedelta(seconds=60)
    longest_delay: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Reach:
    """How instances are reached from another machine.

    Attributes:
        host: Address of this machine that they listen on, each on a free port.
        lease: File of the node's lease, under which they answer.
    """

    host: str
    lease: Path


@dataclass(frozen=True, slots=True)
class _Running:
    """A process with the versions it serves and the watch over them."""

    process: ManagedProcess
    hosted: Hosted
    instance: RunningInstance


class ProcessRunner:
    """Starts ``python -m PROGRAM``, which is `capability_sdk.serving`, for each binding, and watches it."""

    def __init__(
        self,
        node: str,
        instances: Path,
        limits: ProcessLimits,
        program: str,
        sampling: Callable[[str], float],
        triton: Path | None = None,
        reach: Reach | None = None,
    ) -> None:
        """Prepare.

        Args:
            node: Name of this machine.
            instances: Folder in which each process has one of its own.
            limits: How patient it is.
            program: Module that serves an instance.
            sampling: Tells the share of a capability's calls that its log keeps.
            triton: Python environment that holds a tritonserver, where there is one.
            reach: How another machine reaches the instances; None for those of this one alone.
        """
        self._reach = reach
        self._sampling = sampling
        self._triton = triton
        self._node = node
        self._folder = instances
        self._limits = limits
        self._program = program
        self._running: dict[str, _Running] = {}
        self._notify: Callable[[], None] = lambda: None
        check_folder(instances)
        instances.mkdir(exist_ok=True, mode=0o700)

    @property
    def nodes(self) -> frozenset[str]:
        """This machine only."""
        return frozenset({self._node})

    def on_change(self, notify: Callable[[], None]) -> None:
        """Have ``notify`` called whenever an observation changed."""
        self._notify = notify

    def _changed(self) -> None:
        self._notify()

    async def start(self, binding: Binding) -> None:
        """Have an instance served and keep it so, in a process of its own or of its host."""
        running = self._running.get(binding.process)
        if running is not None:
            running.instance.host(binding)
            return
        folder = self._folder / binding.process
        folder.mkdir(exist_ok=True, mode=0o700)
        process = ManagedProcess(
            self._spec(binding), longest_delay=self._limits.longest_delay.total_seconds()
        )
        hosted = Hosted(
            binding,
            folder / _ADMIN,
            load_timeout=self._limits.start_timeout.total_seconds(),
            longest_delay=self._limits.longest_delay.total_seconds(),
            notify=self._changed,
        )
        instance = RunningInstance(
            process,
            _places(folder, self._reach),
            hosted,
            start_timeout=self._limits.start_timeout.total_seconds(),
            notify=self._changed,
        )
        self._running[binding.process] = _Running(process, hosted, instance)
        await instance.start()

    async def stop(self, instance: str) -> None:
        """End an instance cleanly; its process stays where it serves others."""
        for name, running in list(self._running.items()):
            if instance not in running.hosted.ids:
                continue
            if len(running.hosted.ids) > 1:
                await running.hosted.leave(instance)
                running.process.spec = self._spec(running.hosted.first)
            else:
                await running.instance.stop()
                self._running.pop(name, None)

    def observe(self) -> dict[str, Observation]:
        """Return what is known of every instance."""
        every = (seen for item in self._running.values() for seen in item.instance.observe())
        return {seen.id: seen for seen in every}

    def loads(self) -> list[InstanceLoad]:
        """Return what the processes are busy with, as far as they tell."""
        told = (item.instance.load for item in self._running.values())
        return [load for load in told if load is not None]

    def discard(self, instance: str) -> None:
        """Delete what a stopped instance left behind, its journal included."""
        if instance not in self._running:
            shutil.rmtree(self._folder / instance, ignore_errors=True)

    async def close(self) -> None:
        """Stop everything; all at once, so that it takes as long as the slowest."""
        await asyncio.gather(*(item.instance.stop() for item in self._running.values()))
        self._running.clear()

    def _spec(self, binding: Binding) -> ProcessSpec:
        """Describe the process of a binding, which it serves from its start."""
        folder = self._folder / binding.process
        return ProcessSpec(
            name=f"instance {binding.process}",
            command=self._command(binding, folder),
            log=folder / "log",
            environment={"OMP_NUM_THREADS": "1"},
            before_start=limit_instance(binding.demand.memory_mib),
        )

    def _command(self, binding: Binding, folder: Path) -> list[str]:
        return python(
            self._program,
            *("--package", str(binding.package_path)),
            *("--socket", str(folder / _SOCKET)),
            *("--admin", str(folder / _ADMIN)),
            *("--journal", str(folder / "journal")),
            *("--samples", str(folder / "samples")),
            *("--sample-share", str(self._sampling(binding.unit.capability))),
            *("--instance", binding.process),
            *("--code-digest", binding.unit.code_digest),
            *("--weights-digest", binding.unit.weights_digest),
            *("--threads", "1"),
            *(("--batch-rows", str(rows)) if (rows := binding.demand.batch_rows) else ()),
            *self._engine(binding),
            *_overlay(binding),
            *self._listening(folder),
        )

    def _listening(self, folder: Path) -> Sequence[str]:
        if self._reach is None:
            return ()
        access = ("--access", str(folder / _ACCESS))
        return ("--listen", self._reach.host, *access, "--lease", str(self._reach.lease))

    def _engine(self, binding: Binding) -> Sequence[str]:
        if not binding.unit.engine:
            return ()
        place = () if self._triton is None else ("--triton", str(self._triton))
        return ("--engine", binding.unit.engine, *place)


def _overlay(binding: Binding) -> Sequence[str]:
    if not (digest := binding.unit.overlay):
        return ()
    file = overlay_file(binding.package_path, digest)
    return ("--overlay", str(file), "--overlay-digest", digest)


def _places(folder: Path, reach: Reach | None) -> Places:
    return Places(folder / _SOCKET, None if reach is None else folder / _ACCESS)


def check_folder(instances: Path) -> None:
    """Refuse a folder whose path is too long for the sockets in it.

    Raises:
        FolderUnusable: It is too long; the message says by how much.
    """
    longest = len(os.fsencode(instances)) + 1 + _ID_LENGTH + 1 + len(_ADMIN)
    if longest > _LONGEST_SOCKET_PATH:
        raise FolderUnusable(
            f"{instances} is {longest - _LONGEST_SOCKET_PATH} bytes too long for the Unix sockets"
            " in it: use a data folder with a shorter path."
        )


def reap_strays(instances: Path) -> int:
    """End instances that an earlier scheduler of this folder left behind; return how many."""
    mark = f"{instances}{os.sep}"
    strays = [process for process in psutil.process_iter() if _is_stray(process, mark)]
    for process in strays:
        _log.warning("ending instance process %d of an earlier run", process.pid)
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(strays, timeout=5)
    return len(strays)


def _is_stray(process: psutil.Process, mark: str) -> bool:
    try:
        command = process.cmdline()
    except psutil.Error:
        return False
    sockets = [argument for argument in command if argument.endswith(f"/{_SOCKET}")]
    return "--instance" in command and any(item.startswith(mark) for item in sockets)
