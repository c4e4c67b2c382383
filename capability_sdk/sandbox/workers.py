"""A process that lives long in the sandbox and is talked to over a socket: the code of a package."""

import functools
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from capability_sdk.sandbox import cgroups
from capability_sdk.sandbox.bubblewrap import bubblewrap, clean_environment, has_sandbox
from capability_sdk.sandbox.errors import SandboxUnavailable
from capability_sdk.sandbox.limits import ProcessLimits, limited
from capability_sdk.sandbox.seccomp import filter_program

_SHOWN_BYTES = 300
_WAIT_SECONDS = 5.0
_GRACE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """What a worker and its children may take together.

    Attributes:
        memory_bytes: Memory, files of its ``/tmp`` included.
        pids: Processes and threads.
        cpus: Processors that it may keep busy.
    """

    memory_bytes: int
    pids: int = 64
    cpus: float = 1.0


def why_no_code() -> str | None:
    """Say what this host lacks to run the code of packages; None where it can."""
    if not has_sandbox():
        return "bubblewrap (bwrap) is not installed or may not be used"
    if cgroups.hierarchy() is None:
        return "this process may make no control groups (memory, pids)"
    if filter_program() is None:
        return "there is no filter of system calls for this kind of machine"
    return None


class SandboxedWorker:
    """One process in a sandbox of its own.

    Attributes:
        channel: The socket to it; the worker has the other end as ``descriptor``.
    """

    def __init__(
        self, command: Sequence[str], visible: Mapping[Path, Path], limits: WorkerLimits
    ) -> None:
        """Start it.

        Args:
            command: Program and arguments; the number of the worker's descriptor is added.
            visible: Folders that it may read: where it sees them, and what they are.
            limits: Of it and its children.

        Raises:
            SandboxUnavailable: This host cannot confine it.
        """
        if reason := why_no_code():
            raise SandboxUnavailable(f"Packages with code cannot run here: {reason}.")
        self._group = cgroups.make_group(
            cgroups.GroupLimits(limits.memory_bytes, limits.pids, limits.cpus)
        )
        self._errors = os.memfd_create("stderr")
        self.channel, other = socket.socketpair()
        try:
            self._process = (
                _starter()
                .submit(
                    self._start, [*command, str(other.fileno())], visible, limits, other.fileno()
                )
                .result()
            )
        except BaseException:
            self.channel.close()
            self._let_go()
            raise
        finally:
            other.close()

    @property
    def processes(self) -> int:
        """How many processes there are in the sandbox, that of the worker and its init included."""
        return len(self._group.processes())

    def end(self) -> str:
        """End it with all its children.

        Returns:
            For its author: why it had ended before, or that it had not.
        """
        self.channel.close()
        code = self._soon_ended()
        self._process.kill()  # it may not have joined its group yet
        self._group.kill()
        self._process.wait(_WAIT_SECONDS)
        reason = "it was ended" if code is None else f"exit code {code}"
        if self._group.ran_out_of_memory:
            reason = "it ran out of memory"
        said = self._last_words()
        self._let_go()
        return f"{reason}: {said}" if said else reason

    def _start(
        self, command: list[str], visible: Mapping[Path, Path], limits: WorkerLimits, channel: int
    ) -> subprocess.Popen[bytes]:
        program = filter_program() or b""
        with _readable(program) as seccomp:
            sandboxed = bubblewrap(
                command,
                visible=visible,
                scratch_bytes=limits.memory_bytes // 4,
                options=["--seccomp", str(seccomp)],
            )
            process_limits = ProcessLimits(limits.memory_bytes)
            return subprocess.Popen(  # noqa: S603 - running it is the purpose
                limited(sandboxed, process_limits, self._group.entrances),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                env=clean_environment(),
                pass_fds=[channel, seccomp],
                start_new_session=True,
            )

    def _soon_ended(self) -> int | None:
        """Return the exit code; a worker that ended just now is on its way out for a moment."""
        try:
            return self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            return None

    def _last_words(self) -> str:
        size = os.fstat(self._errors).st_size
        tail = os.pread(self._errors, _SHOWN_BYTES, max(0, size - _SHOWN_BYTES))
        lines = tail.decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def _let_go(self) -> None:
        os.close(self._errors)
        self._group.remove()


@contextmanager
def _readable(content: bytes) -> Iterator[int]:
    """Yield a descriptor that holds some bytes, to be read from their beginning."""
    descriptor = os.memfd_create("seccomp")
    try:
        os.write(descriptor, content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


@functools.cache
def _starter() -> ThreadPoolExecutor:
    """Return the thread that starts every worker: a worker dies with the *thread* that started it."""
    return ThreadPoolExecutor(1, "sandbox")
