"""Bounds how often something may happen for one name within a window of time."""

import time
from collections.abc import Callable
from dataclasses import dataclass

_MAX_NAMES = 10_000


@dataclass(slots=True)
class _Window:
    began_at: float
    count: int = 0


class Attempts:
    """Counts by name; a flood of names costs no memory beyond a bound."""

    def __init__(
        self, limit: int, seconds: float, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._seconds = seconds
        self._monotonic = monotonic
        self._windows: dict[str, _Window] = {}

    def count(self, name: str) -> float:
        """Count one more; return the seconds to wait where it is one too many, else 0."""
        now = self._monotonic()
        window = self._windows.get(name)
        if window is None or now - window.began_at >= self._seconds:
            if len(self._windows) >= _MAX_NAMES:
                # The oldest goes: names come in the order of their windows.
                del self._windows[next(iter(self._windows))]
            self._windows.pop(name, None)
            window = self._windows[name] = _Window(now)
        window.count += 1
        return 0.0 if window.count <= self._limit else window.began_at + self._seconds - now
