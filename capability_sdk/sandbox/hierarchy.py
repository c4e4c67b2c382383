"""Where control groups can be made, in both generations of the kernel's interface.

Version 1 has a tree for each controller; version 2 has one, of which systemd gives a service its part
(``Delegate=yes``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NEEDED = ("memory", "pids")
CONTROLLERS = (*NEEDED, "cpu")
_SERVICE_LEAF = "jiuzhou-service"


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Where groups can be made.

    Attributes:
        version: 1 or 2.
        parents: Controller to the folder that is this process's own group; of version 2 one folder.
    """

    version: int
    parents: dict[str, Path]


def find_v1(mounts: str, own: str) -> Hierarchy | None:
    """Read the trees of version 1 from ``mountinfo`` and ``cgroup`` of ``/proc/self``."""
    lines = (line.split(":", 2) for line in own.splitlines())
    paths = {kind: path for _, kinds, path in lines for kind in kinds.split(",")}
    parents: dict[str, Path] = {}
    for root, place, _, options in _mounts(mounts, "cgroup"):
        for kind in CONTROLLERS:
            if kind in options.split(",") and kind in paths:
                parents[kind] = _below(place, root, paths[kind])
    return Hierarchy(1, parents) if all(kind in parents for kind in NEEDED) else None


def find_v2(mounts: str, own: str) -> Hierarchy | None:
    """Read the tree of version 2 from ``mountinfo`` and ``cgroup`` of ``/proc/self``."""
    path = next((line[3:] for line in own.splitlines() if line.startswith("0::")), None)
    for root, place, _, _ in _mounts(mounts, "cgroup2"):
        if path is not None:
            folder = _below(place, root, path)
            folder = folder.parent if folder.name == _SERVICE_LEAF else folder
            return Hierarchy(2, dict.fromkeys(CONTROLLERS, folder))
    return None


def _mounts(text: str, wanted: str) -> Iterator[tuple[str, str, str, str]]:
    for line in text.splitlines():
        front, _, back = line.partition(" - ")
        kind, _, options = back.split(" ", 2)
        if kind == wanted:
            root, place = front.split()[3:5]
            yield root, place, kind, options


def _below(place: str, root: str, path: str) -> Path:
    inside = path.removeprefix(root) if root != "/" else path
    return Path(place) / inside.lstrip("/")


def delegate(folder: Path) -> None:
    """Hand the controllers on to groups below; needs a folder without processes of its own."""
    switch = folder / "cgroup.subtree_control"
    wanted = " ".join(f"+{kind}" for kind in CONTROLLERS)
    if set(CONTROLLERS) <= set(switch.read_text().split()):
        return
    try:
        switch.write_text(wanted)
    except OSError:
        leaf = folder / _SERVICE_LEAF
        leaf.mkdir(exist_ok=True)
        for process in (folder / "cgroup.procs").read_text().split():
            (leaf / "cgroup.procs").write_text(process)
        switch.write_text(wanted)
