"""A control group of its own: bounds on memory, processes and CPU that hold for all children together."""

import contextlib
import functools
import itertools
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from capability_sdk.sandbox.errors import SandboxUnavailable
from capability_sdk.sandbox.hierarchy import Hierarchy, delegate, find_v1, find_v2

_PREFIX = "jiuzhou-sandbox"
_CPU_PERIOD = 100_000
_number = itertools.count()


@dataclass(frozen=True, slots=True)
class GroupLimits:
    """What all processes of a group may take together; ``cpus`` in whole or part processors."""

    memory_bytes: int
    pids: int
    cpus: float


class Group:
    """One group; made with its limits, removed when all is over."""

    def __init__(self, hierarchy: Hierarchy, name: str, limits: GroupLimits) -> None:
        self._version = hierarchy.version
        self._folders = {kind: parent / name for kind, parent in hierarchy.parents.items()}
        for folder in self._places():
            folder.mkdir(exist_ok=True)
        settings = _settings_v1(limits) if hierarchy.version == 1 else _settings_v2(limits)
        for (kind, file), value in settings.items():
            if kind in self._folders:
                _write(self._folders[kind] / file, value, optional="sw" in file)

    @property
    def entrances(self) -> list[Path]:
        """Files that a process writes its number into to join."""
        return [folder / "cgroup.procs" for folder in self._places()]

    @property
    def ran_out_of_memory(self) -> bool:
        """Whether the kernel ended a process of the group for its memory."""
        folder = self._folders["memory"]
        file = "memory.oom_control" if self._version == 1 else "memory.events"
        with contextlib.suppress(OSError):
            fields = dict(line.split() for line in (folder / file).read_text().splitlines())
            return int(fields.get("oom_kill", "0")) > 0
        return False

    def kill(self) -> None:
        """End every process of the group; those they start meanwhile too."""
        for _ in range(100):
            members = self.processes()
            if not members:
                return
            for member in members:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(member, signal.SIGKILL)
            time.sleep(0.01)

    def remove(self) -> None:
        """End what is left and remove the group."""
        self.kill()
        for folder in self._places():
            _remove(folder)

    def processes(self) -> list[int]:
        """Return the numbers of its processes, not of their threads."""
        with contextlib.suppress(FileNotFoundError):
            return [int(n) for n in (self._folders["pids"] / "cgroup.procs").read_text().split()]
        return []

    def _places(self) -> list[Path]:
        return list(dict.fromkeys(self._folders.values()))


@functools.cache
def hierarchy() -> Hierarchy | None:
    """Find where this process can make groups; None where it cannot."""
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    own = Path("/proc/self/cgroup").read_text(encoding="utf-8")
    for found in (find_v1(mounts, own), find_v2(mounts, own)):
        if found is not None and _is_usable(found):
            return found
    return None


def make_group(limits: GroupLimits) -> Group:
    """Make a group below this process's own.

    Raises:
        SandboxUnavailable: This process cannot.
    """
    found = hierarchy()
    if found is None:
        raise SandboxUnavailable("This process may make no control groups (memory, pids).")
    _sweep(found)
    try:
        return Group(found, f"{_PREFIX}-{os.getpid()}-{next(_number)}", limits)
    except OSError as error:
        raise SandboxUnavailable(f"A control group cannot be made: {error}") from error


def _is_usable(found: Hierarchy) -> bool:
    try:
        if found.version != 1:
            delegate(found.parents["memory"])
        probe = Group(found, f"{_PREFIX}-{os.getpid()}-probe", GroupLimits(64 << 20, 16, 1.0))
    except OSError:
        return False
    probe.remove()
    return True


def _settings_v1(limits: GroupLimits) -> dict[tuple[str, str], int | str]:
    return {
        ("memory", "memory.limit_in_bytes"): limits.memory_bytes,
        ("memory", "memory.memsw.limit_in_bytes"): limits.memory_bytes,
        ("pids", "pids.max"): limits.pids,
        ("cpu", "cpu.cfs_period_us"): _CPU_PERIOD,
        ("cpu", "cpu.cfs_quota_us"): int(limits.cpus * _CPU_PERIOD),
    }


def _settings_v2(limits: GroupLimits) -> dict[tuple[str, str], int | str]:
    return {
        ("memory", "memory.max"): limits.memory_bytes,
        ("memory", "memory.swap.max"): 0,
        ("pids", "pids.max"): limits.pids,
        ("cpu", "cpu.max"): f"{int(limits.cpus * _CPU_PERIOD)} {_CPU_PERIOD}",
    }


def _write(file: Path, value: int | str, *, optional: bool) -> None:
    """Write a limit; those of swap are missing where the kernel counts none."""
    try:
        file.write_text(str(value))
    except OSError:
        if not optional:
            raise


def _remove(folder: Path) -> None:
    for _ in range(50):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:  # its last process is still on its way out
            time.sleep(0.01)
        else:
            return


def _sweep(found: Hierarchy) -> None:
    """Remove the groups of processes of ours that were killed."""
    for parent in dict.fromkeys(found.parents.values()):
        for folder in parent.glob(f"{_PREFIX}-*-*"):
            maker = folder.name.removeprefix(f"{_PREFIX}-").split("-", 1)[0]
            if maker.isdigit() and not Path("/proc", maker).exists():
                with contextlib.suppress(OSError):
                    folder.rmdir()
