"""Bytes of installed packages with all that they ask for: ``python installed.py PACKAGE[EXTRA] …``.

It runs in each candidate's environment, so it stands on the standard library and `packaging` alone.
"""

import sys
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement


def closure(roots: list[str]) -> set[str]:
    """Return the names of packages that are needed, themselves included."""
    waiting = [Requirement(root) for root in roots]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        key = (wanted.name.lower(), frozenset(wanted.extras))
        if key in seen:
            continue
        seen.add(key)
        for line in distribution(wanted.name).requires or []:
            needed = Requirement(line)
            extras = wanted.extras or {""}
            marker = needed.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(needed)
    return {name for name, _ in seen}


def size_of(name: str) -> int:
    """Return the bytes of a package's installed files."""
    files = [Path(file.locate()) for file in distribution(name).files or []]
    return sum(path.stat().st_size for path in files if path.is_file())


if __name__ == "__main__":
    sys.stdout.write(f"{sum(map(size_of, closure(sys.argv[1:])))}\n")
