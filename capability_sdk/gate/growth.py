"""Does an instance grow, or leave files, with the calls that it answers?"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise

from capability_sdk.contracts.packages import Check, Figure, Section, Series
from capability_sdk.gate.cases import Case
from capability_sdk.gate.instance import Instance
from capability_sdk.gate.verdicts import Findings
from capability_sdk.gate.wire import NoAnswer, Wire

_CONNECTIONS = 16
_POINTS = 100
_FEWEST_ROUNDS = 40
_MOST_BYTES_A_CALL = 128.0
"""More than this for each call, over the second half of the calls, is suspicious …"""
_LEAST_GROWTH = 4 << 20
"""… where it comes to this: allocators take memory in steps …"""
_PARTS, _GROWN_PARTS = 5, 4
"""… and where it rises in that many parts of the half: a leak goes on, a step does not."""
_LONGER = 3
"""Who is suspected is watched up to so many times as long."""
_BEYOND_DOUBT = 16 << 20
_ENOUGH = 64 << 20
"""Nobody needs to see an instance grow further than this."""
_MIB = 1 << 20
_LEAK = (
    "Let go of what belongs to one request: lists and dictionaries that only grow, caches without a"
    " bound, references kept on self."
)
_RESIDUE = "Delete temporary files when the request is answered, or write none."


@dataclass(frozen=True, slots=True)
class Growth:
    """How resident memory rose over the second half of the calls.

    Attributes:
        calls: Calls of that half.
        slope: Bytes a call, a line fitted by least squares.
        grown_parts: In how many of its `_PARTS` parts it rose.
    """

    calls: int
    slope: float
    grown_parts: int

    @property
    def is_leak(self) -> bool:
        """Whether it goes on and comes to something."""
        is_much = self.slope > _MOST_BYTES_A_CALL and self.slope * self.calls > _LEAST_GROWTH
        return is_much and self.grown_parts >= _GROWN_PARTS

    @property
    def is_beyond_doubt(self) -> bool:
        """Whether there is no need to watch on."""
        return self.slope * self.calls > _BEYOND_DOUBT


class Watched:
    """Resident memory over numbers of calls, and the files that came with them."""

    def __init__(self, instance: Instance, cases: Sequence[Case], wires: Sequence[Wire]) -> None:
        self._instance = instance
        self._cases = cases
        self._wires = wires
        self._rounds = 0
        self.calls: list[int] = []
        self.resident: list[int] = []
        self._look()
        self._ask()
        self._files = instance.temporary_files()

    def go_on(self, seconds: float) -> None:
        """Make calls for some seconds, looking at the memory from time to time.

        Raises:
            NoAnswer: The instance stopped to answer.
        """
        until, enough = time.monotonic() + seconds, self._rounds + _FEWEST_ROUNDS
        pause, most = seconds / _POINTS, self.resident[-1] + _ENOUGH
        look = time.monotonic() + pause
        while (now := time.monotonic()) < until or self._rounds < enough:
            self._ask()
            if now >= look:
                self._look()
                look = now + pause
            if now > until + seconds:
                break  # a model so slow is watched over fewer calls
            if self._rounds >= enough and self.resident[-1] > most:
                break
        self._look()

    def new_files(self) -> list[str] | None:
        """Name the temporary files that came with the calls; None where they may not be seen."""
        after = self._instance.temporary_files()
        return None if self._files is None or after is None else sorted(after - self._files)

    def growth(self) -> Growth:
        """Fit the second half: pools and caches fill up first, what still rises then rises on."""
        half = len(self.calls) // 2
        calls, resident = self.calls[half:], self.resident[half:]
        edges = [resident[(len(resident) - 1) * part // _PARTS] for part in range(_PARTS + 1)]
        grown = sum(later > earlier for earlier, later in pairwise(edges))
        return Growth(calls[-1] - calls[0], _slope(calls, resident), grown)

    def series(self) -> Series:
        """Return memory over calls, thinned out for a plot."""
        every = -(-len(self.calls) // _POINTS)
        calls, resident = self.calls[::every], self.resident[::every]
        return Series(
            name="resident",
            unit="MiB",
            along="calls",
            x=[float(count) for count in calls],
            y=[round(size / _MIB, 3) for size in resident],
        )

    def _ask(self) -> None:
        for number, wire in enumerate(self._wires):
            wire.send(self._cases[(self._rounds + number) % len(self._cases)].request)
        for wire in self._wires:
            wire.receive()
        self._rounds += 1

    def _look(self) -> None:
        self.calls.append(self._rounds * len(self._wires))
        self.resident.append(self._instance.usage().resident_bytes)


def check_growth(instance: Instance, cases: list[Case], seconds: float) -> tuple[Check, Check]:
    """Make calls for some seconds and judge memory and temporary files."""
    memory = Findings("memory-growth", Section.MEMORY_GROWTH, _LEAK)
    residue = Findings("residue", Section.STATELESSNESS, _RESIDUE)
    try:
        with ExitStack() as stack:
            wires = [stack.enter_context(instance.connect()) for _ in range(_CONNECTIONS)]
            watched = Watched(instance, cases, wires)
            for _ in range(_LONGER):
                watched.go_on(seconds)
                growth = watched.growth()
                if not growth.is_leak or growth.is_beyond_doubt:
                    break
            new_files = watched.new_files()
    except NoAnswer as error:
        memory.breaks.append(f"the instance stopped to answer: {error}")
        return memory.check(""), residue.check("not judged: the instance stopped to answer")
    return _memory_check(watched, memory), _residue_check(new_files, residue)


def _memory_check(watched: Watched, findings: Findings) -> Check:
    growth = watched.growth()
    if growth.is_leak:
        findings.breaks.append(
            f"memory grows by {growth.slope:.0f} bytes with every call, by"
            f" {growth.slope * growth.calls / _MIB:.1f} MiB over the last {growth.calls} calls"
        )
    findings.figures += [
        Figure(name="calls", value=watched.calls[-1]),
        Figure(name="growth_per_call", value=round(max(growth.slope, 0.0), 2), unit="B"),
    ]
    findings.series.append(watched.series())
    return findings.check(f"resident memory does not go on to grow over {watched.calls[-1]} calls")


def _slope(calls: Sequence[int], resident: Sequence[int]) -> float:
    """Fit a line by least squares; returns bytes a call."""
    count = len(calls)
    middle, level = sum(calls) / count, sum(resident) / count
    spread = sum((call - middle) ** 2 for call in calls)
    if not spread:
        return 0.0
    pairs = zip(calls, resident, strict=True)
    return sum((call - middle) * (size - level) for call, size in pairs) / spread


def _residue_check(new_files: Sequence[str] | None, findings: Findings) -> Check:
    if new_files is None:
        return findings.check("").model_copy(
            update={
                "skipped": True,
                "detail": "this host does not let the sandbox's files be seen",
            }
        )
    if new_files:
        names = ", ".join(new_files[:3])
        findings.breaks.append(f"{len(new_files)} files stay behind, such as {names}")
    findings.figures.append(Figure(name="files_left", value=len(new_files), limit=0))
    return findings.check("no file stays behind")
