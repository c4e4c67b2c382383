"""Commands that are not trusted, put into a sandbox and run to their end, or ended.

With bubblewrap a command sees the system, this Python, and the folders it is given, nothing else: no
data, no keys, no environment. Without bubblewrap only the resource limits hold; the result says so.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from capability_sdk.sandbox.bubblewrap import bubblewrap, clean_environment, has_sandbox
from capability_sdk.sandbox.limits import ProcessLimits, limited

_OUTPUT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class SandboxResult:
    """What became of the command.

    Attributes:
        exit_code: Its exit code; negative for the signal that ended it.
        stdout: Its standard output, at most 1 MiB.
        stderr: The end of its standard error.
        timed_out: It did not end by itself.
    """

    exit_code: int
    stdout: bytes
    stderr: bytes
    timed_out: bool


@dataclass(frozen=True, slots=True)
class Confined:
    """A command line that confines itself.

    Attributes:
        command: Program and arguments.
        environment: All that it may know of this process's environment.
        in_sandbox: Whether there is a sandbox around it, not only limits.
    """

    command: list[str]
    environment: dict[str, str]
    in_sandbox: bool


def confine(
    command: Sequence[str],
    *,
    read_only: Sequence[Path] = (),
    writable: Sequence[Path] = (),
    memory_bytes: int = 1 << 30,
    cpu_seconds: int = 60,
) -> Confined:
    """Put the sandbox, where this host has one, and the limits around a command.

    Args:
        command: Program and arguments; `sys.executable` works wherever Python lives.
        read_only: Folders and files that it may read, at their own paths.
        writable: Folders that it may also write to, such as one for its socket.
        memory_bytes: What it may allocate beyond what an idle engine maps.
        cpu_seconds: CPU time of each process.
    """
    limits = ProcessLimits(memory_bytes, cpu_seconds)
    if not has_sandbox():
        return Confined(limited(command, limits), clean_environment(), in_sandbox=False)
    sandboxed = bubblewrap(
        command,
        visible={path.resolve(): path.resolve() for path in read_only},
        writable=writable,
        # What is in memory counts as memory, files of the sandbox included.
        scratch_bytes=memory_bytes,
    )
    return Confined(limited(sandboxed, limits), clean_environment(), in_sandbox=True)


def run_confined(confined: Confined, timeout: float) -> SandboxResult:
    """Run a confined command to its end, or end it after some seconds of wall time."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(  # noqa: S603 - running it is the purpose
            confined.command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=confined.environment,
            start_new_session=True,
        )
        timed_out = _wait(process, timeout)
        return SandboxResult(
            process.returncode,
            _tail(out.fileno()),
            _tail(err.fileno()),
            timed_out,
        )


def _wait(process: subprocess.Popen[bytes], timeout: float) -> bool:
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        timed_out = True
    else:
        timed_out = False
    finally:
        # Children that stayed behind go too; in the sandbox the end of its init takes them along.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return timed_out


def _tail(descriptor: int) -> bytes:
    size = os.fstat(descriptor).st_size
    return os.pread(descriptor, _OUTPUT_BYTES, max(0, size - _OUTPUT_BYTES))
