"""Pauses between attempts: they grow, and chance keeps many provinces from asking at once."""

import random

_chance = random.SystemRandom()


class BackOff:
    """Says how long to wait before the next attempt."""

    def __init__(self, longest: float, *, first: float = 0.25) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def failed(self) -> float:
        """Return the seconds to wait after a failure: between half and all of a growing bound."""
        bound = self._next
        self._next = min(self._next * 2, self._longest)
        return bound * _chance.uniform(0.5, 1.0)

    def succeeded(self) -> None:
        """Begin again with the shortest pause."""
        self._next = self._first
