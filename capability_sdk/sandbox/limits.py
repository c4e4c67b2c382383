"""Resource limits of a process, set by a shell on the way to the program.

Setting them in Python between fork and exec could deadlock a threaded parent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_ADDRESS_SPACE = 2 << 30
"""What Python and an inference engine map but hardly touch."""
_SCRIPT = """
while [ "$1" != -- ]; do echo $$ > "$1" || exit 125; shift; done; shift
ulimit -c 0; ulimit -n "$1"; ulimit -f "$2"; ulimit -v "$3"; ulimit -t "$4"; shift 4
exec "$@"
"""


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """What a single process may take.

    Attributes:
        memory_bytes: What it may allocate beyond what an idle engine maps.
        cpu_seconds: CPU time of each process; None for one that lives long.
        file_bytes: Size of a file that it writes.
        open_files: Descriptors.
    """

    memory_bytes: int
    cpu_seconds: int | None = None
    file_bytes: int = 16 << 20
    open_files: int = 256


def limited(
    command: Sequence[str], limits: ProcessLimits, groups: Sequence[Path] = ()
) -> list[str]:
    """Return a command that limits itself, then becomes the given one.

    Args:
        command: Program and arguments.
        limits: Of each of its processes.
        groups: ``cgroup.procs`` files of the control groups that it joins first.
    """
    kilobytes = (limits.memory_bytes + _ADDRESS_SPACE) // 1024
    seconds = "unlimited" if limits.cpu_seconds is None else str(limits.cpu_seconds)
    values = [str(limits.open_files), str(limits.file_bytes // 512), str(kilobytes), seconds]
    return ["/bin/sh", "-c", _SCRIPT, "sh", *map(str, groups), "--", *values, *command]
