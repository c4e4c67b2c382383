"""The endpoints of one version of a capability: which of them take calls, and how often one is retried."""

from collections.abc import Callable
from itertools import accumulate
from statistics import median
from typing import Final

from edge_gateway.gateway.dispatch.target import Ejection, Target, Why

_UNKNOWN_SECONDS: Final = 0.001
"""Taken for a call's time before anything is known; only ratios between endpoints count."""
_FAILURES: Final = 3
_FIRST_AWAY: Final = {Why.HANGS: 0.0, Why.REFUSES: 0.2, Why.FAILS: 1.0, Why.SLOW: 5.0}
_LONGEST_AWAY: Final = {Why.HANGS: 0.0, Why.REFUSES: 0.2, Why.FAILS: 30.0, Why.SLOW: 60.0}
"""Seconds; what is away for sure is asked again all the time, what only looks bad comes back ever later."""
SLOW_START_PENALTY: Final = 10.0


class RetryBudget:
    """Retries may add a fifth to the calls of a version, and a few in any case."""

    SHARE: Final = 0.2
    PER_SECOND: Final = 2.0
    MOST: Final = 50.0

    def __init__(self) -> None:
        self._left = 10.0
        self.taken = 0
        self.refused = 0

    def take(self, *, is_free: bool) -> bool:
        """Take one retry, if there is one left; a free one burdens nobody, as nobody took the call."""
        if self._left < 1 and not is_free:
            self.refused += 1
            return False
        self._left -= 0 if is_free else 1
        self.taken += 1
        return True

    def refill(self, calls: int, seconds: float) -> None:
        """Add what calls and time since the last refill allow."""
        more = calls * self.SHARE + seconds * self.PER_SECOND
        self._left = min(self._left + more, self.MOST)


class Pool:
    """Endpoints of one version.

    Attributes:
        targets: All of them.
        active: Those that take calls.
        bounds: Running sums of the speeds of the active ones, to draw them by.
        retries: How many calls may be sent again.
        service_seconds: What a call takes at weight 1 by the passport; 0 where it was not measured.
    """

    __slots__ = (
        "_answers", "active", "bounds", "capability", "retries", "service_seconds", "targets", "version",
    )  # fmt: skip

    def __init__(self, capability: str, version: str) -> None:
        self.capability = capability
        self.version = version
        self.targets: list[Target] = []
        self.active: list[Target] = []
        self.bounds: list[float] = []
        self.retries = RetryBudget()
        self.service_seconds = 0.0
        self._answers = 0

    def refresh(self) -> None:
        """Take over what changed about its endpoints."""
        self.active = [item for item in self.targets if item.ejection is None]
        self.bounds = list(accumulate(1 / (item.seconds * item.penalty) for item in self.active))

    def pace(self) -> float:
        """Return the seconds of a call at an endpoint of weight 1, as most of its endpoints show."""
        learnt = [item.pace for item in self.active if item.answers]
        if learnt or not self.service_seconds:
            believed = learnt or [item.pace for item in self.active] or [_UNKNOWN_SECONDS]
            return median(believed)
        return self.service_seconds

    def refill(self, seconds: float) -> None:
        """Let retries follow the calls of the seconds since the last time."""
        answers = sum(item.answers for item in self.targets)
        self.retries.refill(max(answers - self._answers, 0), seconds)
        self._answers = answers

    def may_spare(self) -> bool:
        """Tell whether one more may go on suspicion: at least half stay, whatever they look like."""
        return (len(self.active) - 1) * 2 >= len(self.targets)

    def note_failure(self, target: Target, now: float, *, is_refusal: bool) -> None:
        """Eject a target that failed several times in a row; one that nobody can stand in for stays."""
        target.failures += 1
        if target.failures < _FAILURES or target.ejection is not None:
            return
        if is_refusal and len(self.active) > 1:
            self.eject(target, Why.REFUSES, now)
        elif self.may_spare():
            self.eject(target, Why.FAILS, now)

    def eject(self, target: Target, why: Why, now: float) -> None:
        """Send it no more calls."""
        away = min(_FIRST_AWAY[why] * 2**target.ejections, _LONGEST_AWAY[why])
        target.ejection = Ejection(why, now, now + away)
        target.ejections = min(target.ejections + 1, 10)
        self.refresh()

    def readmit(self, target: Target, now: float) -> None:
        """Send it calls again: few at first."""
        target.seconds = self.pace() / target.endpoint.weight
        target.ejection = None
        target.readmitted_at = now
        target.failures = 0
        target.penalty = SLOW_START_PENALTY
        self.refresh()


Choose = Callable[[Pool, float], Target]
"""Takes an active target of a pool that has one; a chance, uniform in [0, 1), decides where it must."""
