"""How far the memory of another process rises while it does something (Linux)."""

import re
from collections.abc import Callable
from pathlib import Path

_RESET_PEAK = "5"


class Memory:
    """Watches the resident memory of a process."""

    def __init__(self, pid: int) -> None:
        self._process = Path("/proc") / str(pid)
        self._level = self._read("VmRSS")

    def rise(self, act: Callable[[], None]) -> tuple[int, int]:
        """Return by how many bytes memory rose.

        Returns:
            At the peak of ``act`` above what it was before, and after it above what it was at first.
        """
        (self._process / "clear_refs").write_text(_RESET_PEAK)
        before = self._read("VmRSS")
        act()
        return self._read("VmHWM") - before, self._read("VmRSS") - self._level

    def _read(self, name: str) -> int:
        status = (self._process / "status").read_text()
        found = re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)
        assert found is not None
        return int(found[1]) << 10
