"""Does an instance grow, or leave files, with the calls that it answers?"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from capability_sdk.contracts.packages import Bound, Check, Figure, Section, Series
from capability_sdk.gate.cases import Case
from capability_sdk.gate.instance import Instance
from capability_sdk.gate.verdicts import Findings
from capability_sdk.gate.wire import NoAnswer

_CONNECTIONS = 16
_POINTS = 100
_FEWEST_ROUNDS = 40
_MOST_BYTES_A_CALL = 64.0
"""More than this for each call, over the second half of the calls, is a leak …"""
_LEAST_GROWTH = 512 << 10
"""… where it comes to this: what an allocator keeps for later comes in steps below."""
_MIB = 1 << 20
_LEAK = (
    "Let go of what belongs to one request: lists and dictionaries that only grow, caches without a"
    " bound, references kept on self."
)
_RESIDUE = "Delete temporary files when the request is answered, or write none."


@dataclass(frozen=True, slots=True)
class Watched:
    """Resident memory after numbers of calls, and the files that came with them."""

    calls: Sequence[int]
    resident: Sequence[int]
    new_files: Sequence[str] | None


def check_growth(instance: Instance, cases: list[Case], seconds: float) -> tuple[Check, Check]:
    """Make calls for some seconds and judge memory and temporary files."""
    memory = Findings("memory-growth", Section.MEMORY_GROWTH, _LEAK)
    residue = Findings("residue", Section.STATELESSNESS, _RESIDUE)
    try:
        watched = _watch(instance, cases, seconds)
    except NoAnswer as error:
        memory.breaks.append(f"the instance stopped to answer: {error}")
        return memory.check(""), residue.check("not judged: the instance stopped to answer")
    _judge_memory(watched, memory)
    good = f"resident memory stays as it is over {watched.calls[-1]} calls"
    return memory.check(good), _residue_check(watched, residue)


def _watch(instance: Instance, cases: list[Case], seconds: float) -> Watched:
    calls, points = 0, [(0, instance.usage().resident_bytes)]
    before: set[str] | None = None
    until = time.monotonic() + seconds
    rounds, pause, look = 0, seconds / _POINTS, time.monotonic()
    with ExitStack() as stack:
        wires = [stack.enter_context(instance.connect()) for _ in range(_CONNECTIONS)]
        while rounds < _FEWEST_ROUNDS or time.monotonic() < until:
            for number, wire in enumerate(wires):
                wire.send(cases[(rounds + number) % len(cases)].request)
            for wire in wires:
                wire.receive()
            rounds, calls = rounds + 1, calls + _CONNECTIONS
            if rounds == 1:
                before = instance.temporary_files()
            if time.monotonic() >= look:
                points.append((calls, instance.usage().resident_bytes))
                look = time.monotonic() + pause
            if time.monotonic() > until + seconds:
                break  # a model so slow is watched over fewer calls
        points.append((calls, instance.usage().resident_bytes))
        after = instance.temporary_files()
    new_files = None if before is None or after is None else sorted(after - before)
    return Watched([c for c, _ in points], [b for _, b in points], new_files)


def _judge_memory(watched: Watched, findings: Findings) -> None:
    # Pools and caches fill up first; what still rises in the second half rises on.
    half = len(watched.calls) // 2
    calls, resident = watched.calls[half:], watched.resident[half:]
    slope = _slope(calls, resident)
    grown = slope * (calls[-1] - calls[0])
    if slope > _MOST_BYTES_A_CALL and grown > _LEAST_GROWTH:
        findings.breaks.append(
            f"memory grows by {slope:.0f} bytes with every call:"
            f" {grown / _MIB:.1f} MiB over the last {calls[-1] - calls[0]} calls"
        )
    findings.figures += [
        Figure(name="calls", value=watched.calls[-1]),
        Figure(
            name="growth_per_call",
            value=round(max(slope, 0.0), 2),
            unit="B",
            limit=_MOST_BYTES_A_CALL,
            bound=Bound.AT_MOST,
        ),
    ]
    findings.series.append(
        Series(
            name="resident",
            unit="MiB",
            along="calls",
            x=[float(count) for count in watched.calls],
            y=[round(size / _MIB, 3) for size in watched.resident],
        )
    )


def _slope(calls: Sequence[int], resident: Sequence[int]) -> float:
    """Fit a line by least squares; returns bytes a call."""
    count = len(calls)
    middle, level = sum(calls) / count, sum(resident) / count
    spread = sum((call - middle) ** 2 for call in calls)
    if not spread:
        return 0.0
    pairs = zip(calls, resident, strict=True)
    return sum((call - middle) * (size - level) for call, size in pairs) / spread


def _residue_check(watched: Watched, findings: Findings) -> Check:
    if watched.new_files is None:
        return findings.check("").model_copy(
            update={
                "skipped": True,
                "detail": "this host does not let the sandbox's files be seen",
            }
        )
    if watched.new_files:
        names = ", ".join(watched.new_files[:3])
        findings.breaks.append(f"{len(watched.new_files)} files stay behind, such as {names}")
    findings.figures.append(
        Figure(name="files_left", value=len(watched.new_files), limit=0, bound=Bound.AT_MOST)
    )
    return findings.check("no file stays behind")
