"""The procedure: CPU of a process tree per answered request, in rounds that alternate.

Servers are pinned to core 0, the load (wrk) and a static upstream to core 1. Before each window
there is a second of warm-up. Every candidate has its windows within each round, so that what
else the machine does falls on all of them alike; medians and ranges are over the rounds.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

import psutil

from tests.bench.load import LOAD_CORE, Runs, Seen

SERVER_CORE = 0
CONNECTIONS = (1, 16, 64)
WARM_UP_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    Attributes:
        rounds: Windows of each candidate at each number of connections.
        seconds: Length of a window.
        connections: Numbers of connections, one after the other.
    """

    rounds: int = 5
    seconds: int = 3
    connections: tuple[int, ...] = CONNECTIONS


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server under load; ``pids`` are the processes whose trees are counted."""

    name: str
    pids: Sequence[int]
    load: Runs


@dataclass(frozen=True, slots=True)
class Window:
    """What one window cost; microseconds of CPU per request, requests per second."""

    cpu_us: float
    rate: float
    p50_us: float
    p99_us: float


@dataclass(slots=True)
class Windows:
    """All windows of one candidate at one number of connections."""

    valid: list[Window] = field(default_factory=list)
    void: int = 0

    @property
    def cpu_us(self) -> float:
        """Median CPU per request."""
        return median(window.cpu_us for window in self.valid)

    def add(self, window: Window | None) -> None:
        """Take a window; one with a wrong answer only counts as void."""
        if window is None:
            self.void += 1
        else:
            self.valid.append(window)


Results = dict[str, dict[int, Windows]]
"""Windows by candidate and number of connections."""


@contextmanager
def pinned_to(core: int) -> Iterator[None]:
    """Start processes on a core: they inherit it."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def pin_load() -> None:
    """Keep this process off the servers' core from now on."""
    os.sched_setaffinity(0, {LOAD_CORE})


def cpu_seconds(pids: Sequence[int]) -> float:
    """Return user and system time of processes with all that they started and that still runs."""
    total = 0.0
    for pid in pids:
        process = psutil.Process(pid)
        for member in (process, *process.children(recursive=True)):
            times = member.cpu_times()
            total += times.user + times.system
    return total


def measure(candidate: Candidate, connections: int, seconds: int) -> Window | None:
    """Warm up, then load for some seconds; None where the window is void."""
    candidate.load.run(connections, WARM_UP_SECONDS)
    before = cpu_seconds(candidate.pids)
    seen = candidate.load.run(connections, seconds)
    return window_of(cpu_seconds(candidate.pids) - before, seen)


def window_of(cpu: float, seen: Seen) -> Window | None:
    """Put a window's figures together; None where it is void."""
    if seen.is_void:
        return None
    rate = seen.requests / seen.seconds
    return Window(cpu / seen.requests * 1e6, rate, seen.p50_us, seen.p99_us)


def alternate(candidates: Sequence[Candidate], plan: Plan) -> Results:
    """Measure all candidates in turn, round by round; every other round in reverse order."""
    results: Results = {
        candidate.name: {count: Windows() for count in plan.connections} for candidate in candidates
    }
    pin_load()
    for number in range(plan.rounds):
        order = candidates if number % 2 == 0 else tuple(reversed(candidates))
        for connections in plan.connections:
            for candidate in order:
                window = measure(candidate, connections, plan.seconds)
                results[candidate.name][connections].add(window)
        say(f"round {number + 1} of {plan.rounds} done")
    return results


def say(text: str) -> None:
    """Tell the person who waits."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
