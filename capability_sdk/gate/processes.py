"""What a process and all that it started use, as the kernel counts it (Linux)."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
_CONFINING = frozenset({"bwrap", "sh"})
"""The sandbox around an instance is none of its cost."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a tree of processes uses at a moment.

    Attributes:
        resident_bytes: Physical memory now; pages that processes share count in each.
        peak_bytes: The most that each held, together.
        cpu_seconds: CPU time since their start, of the living.
    """

    resident_bytes: int
    peak_bytes: int
    cpu_seconds: float


def usage_of(pid: int) -> Usage:
    """Add up a process and its descendants; those that end meanwhile count as nothing."""
    resident = peak = 0
    cpu = 0.0
    for member in tree(pid):
        fields = _status(member)
        if fields.get("Name", "") in _CONFINING:
            continue
        resident += _kilobytes(fields.get("VmRSS"))
        peak += _kilobytes(fields.get("VmHWM"))
        cpu += _cpu_seconds(member)
    return Usage(resident, peak, cpu)


def tree(pid: int) -> Iterator[int]:
    """Yield a process and its living descendants."""
    yield pid
    for task in _entries(_PROC / str(pid) / "task"):
        for child in _read(task / "children").split():
            yield from tree(int(child))


def files_below(pid: int, folder: str) -> set[str] | None:
    """Name the files in a folder as the sandboxes in a tree of processes see it.

    Returns:
        Paths within the sandbox; None where there is none, or it may not be looked into.
    """
    found: set[str] = set()
    seen = False
    for member in tree(pid):
        root = f"{_PROC}/{member}/root"
        if not _has_own_files(member) or not os.access(f"{root}{folder}", os.R_OK):
            continue
        seen = True
        for place, _, names in os.walk(f"{root}{folder}"):
            found.update(f"{place}/{name}".removeprefix(root) for name in names)
    return found if seen else None


def _has_own_files(pid: int) -> bool:
    """Say whether a process sees other mounts than this one."""
    try:
        return (_PROC / str(pid) / "ns/mnt").readlink() != (_PROC / "self/ns/mnt").readlink()
    except OSError:
        return False


def _cpu_seconds(pid: int) -> float:
    """Prefer the scheduler's nanoseconds to the ticks of 10 ms, where the kernel counts them."""
    spent = [_read(task / "schedstat").split() for task in _entries(_PROC / str(pid) / "task")]
    if any(fields and fields[0] != "0" for fields in spent):
        return sum(int(fields[0]) for fields in spent if fields) / 1e9
    # The name, in parentheses, may hold spaces.
    fields = _read(_PROC / str(pid) / "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS if fields else 0.0


def _status(pid: int) -> dict[str, str]:
    lines = _read(_PROC / str(pid) / "status").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _kilobytes(field: str | None) -> int:
    return int(field.split()[0]) << 10 if field else 0


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
