"""Runs a command that is not trusted: no network, read-only, bounded in memory, time and output.

With bubblewrap it sees the system, this Python, and the folders it is given, nothing else: no data,
no keys, no environment. Without bubblewrap only the resource limits hold; the result says so.
"""

import contextlib
import functools
import os
import shutil
import signal
import site
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import capability_sdk
from capability_sdk.packaging.errors import SandboxUnavailable

_OUTPUT_BYTES = 1 << 20
_FILE_BYTES = 16 << 20
_ADDRESS_SPACE = 2 << 30
"""What Python and an inference engine map but hardly touch."""
_OPEN_FILES = 256
_SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/alternatives",
)
# The shell's own limits: setting them between fork and exec could deadlock a threaded parent.
_LIMITS = 'ulimit -c 0; ulimit -n "$1"; ulimit -f "$2"; ulimit -v "$3"; ulimit -t "$4"; shift 4; exec "$@"'


@dataclass(frozen=True, slots=True)
class SandboxResult:
    """What became of the command.

    Attributes:
        exit_code: Its exit code; negative for the signal that ended it.
        stdout: Its standard output, at most 1 MiB.
        stderr: The end of its standard error.
        timed_out: It did not end by itself.
        confined: It ran in a sandbox, not only under limits.
    """

    exit_code: int
    stdout: bytes
    stderr: bytes
    timed_out: bool
    confined: bool


@functools.cache
def has_sandbox() -> bool:
    """Say whether this host can confine a process (bubblewrap and the right to use it)."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return False
    probe = [bwrap, "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "/bin/true"]
    try:
        done = subprocess.run(probe, capture_output=True, timeout=10, check=False)  # noqa: S603 - fixed
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


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
    kilobytes = (memory_bytes + _ADDRESS_SPACE) // 1024
    limits = [_OPEN_FILES, _FILE_BYTES // 512, kilobytes, cpu_seconds]
    limited = ["/bin/sh", "-c", _LIMITS, "sh", *map(str, limits), *command]
    if not has_sandbox():
        return Confined(limited, _environment(), in_sandbox=False)
    sandbox = _bubblewrap(read_only, writable, memory_bytes)
    return Confined([*sandbox, *limited], _environment(), in_sandbox=True)


def run_sandboxed(
    command: Sequence[str],
    *,
    read_only: Sequence[Path] = (),
    timeout: float = 60.0,
    memory_bytes: int = 1 << 30,
    cpu_seconds: int = 60,
    need_sandbox: bool = False,
) -> SandboxResult:
    """Run a command to its end, or end it.

    Args:
        command: Program and arguments; `sys.executable` works wherever Python lives.
        read_only: Folders and files that it may read, at their own paths.
        timeout: Seconds of wall time, then it and all its children are killed.
        memory_bytes: What it may allocate beyond what an idle engine maps.
        cpu_seconds: CPU time of each process.
        need_sandbox: Limits alone are not enough: it runs foreign code.

    Raises:
        SandboxUnavailable: A sandbox is needed, and the host has none.
    """
    if need_sandbox and not has_sandbox():
        raise SandboxUnavailable("Packages with code need bubblewrap (bwrap) on this host.")
    confined = confine(
        command, read_only=read_only, memory_bytes=memory_bytes, cpu_seconds=cpu_seconds
    )
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
            confined.in_sandbox,
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


def _environment() -> dict[str, str]:
    paths = [str(_project_root()), *map(str, _library_folders())]
    return {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "HOME": "/tmp",  # noqa: S108 - the sandbox's own, empty
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


def _bubblewrap(
    read_only: Sequence[Path], writable: Sequence[Path], memory_bytes: int
) -> Iterator[str]:
    yield from ("bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL")
    yield from ("--clearenv",)
    for name, value in _environment().items():
        yield from ("--setenv", name, value)
    for folder in _SYSTEM:
        yield from ("--ro-bind-try", folder, folder)
    # What is in memory counts as memory, files of the sandbox included.
    yield from ("--dev", "/dev", "--proc", "/proc", "--size", str(memory_bytes), "--tmpfs", "/tmp")  # noqa: S108 - the sandbox's own
    for path in dict.fromkeys([*_python(), *(item.resolve() for item in read_only)]):
        yield from ("--ro-bind", str(path), str(path))
    for path in writable:
        yield from ("--bind", str(path), str(path))
    yield from _links()
    yield from ("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp")  # noqa: S108 - the sandbox's own


def _python() -> Iterator[Path]:
    """Yield what this interpreter needs, wherever it lives: pyenv, a venv, a system Python."""
    for prefix in _prefixes():
        if not prefix.is_relative_to("/usr"):
            yield prefix
    yield from _library_folders()
    # Of the project its package alone: beside it may lie a platform's data.
    yield Path(capability_sdk.__file__).parent


def _prefixes() -> list[Path]:
    return [Path(p) for p in (sys.base_prefix, sys.prefix, sys.base_exec_prefix, sys.exec_prefix)]


def _links() -> Iterator[str]:
    """Yield the links by which the interpreter is called and that lie outside of its folders."""
    known_folders = [*_prefixes(), Path("/usr"), Path("/bin")]
    path = Path(sys.executable)
    while path.is_symlink():
        target = path.readlink()
        if not any(path.is_relative_to(known) for known in known_folders):
            yield from ("--symlink", str(target), str(path))
        path = path.parent / target


def _library_folders() -> list[Path]:
    return [Path(item) for item in site.getsitepackages() if Path(item).is_dir()]


def _project_root() -> Path:
    return Path(capability_sdk.__file__).parents[1]
