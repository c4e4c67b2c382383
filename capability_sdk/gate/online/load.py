"""Do the objectives hold at the declared rate? Open loop: calls come when they come.

A call is due at its moment whatever became of those before, and its latency counts from that moment:
a capability that cannot keep up cannot slow its callers down to look fast.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from capability_sdk.contracts.manifest import Objectives
from capability_sdk.contracts.packages import Bound, Check, Figure, Section, Series
from capability_sdk.gate.online.calls import Case
from capability_sdk.gate.online.wire import Gateway, NoAnswer

SECONDS = 5.0
_SIDE_SECONDS = 1.5
_MOST_CALLS = 5_000
_LEAST_CALLS = 10
_OK = 200
_CURE = (
    "Make the model smaller or faster, or declare objectives that it keeps: p99_ms, availability and "
    "rate_per_second in capability.toml."
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What callers met at one rate; latencies are milliseconds."""

    rate: float
    calls: int
    failed: int
    p50: float
    p99: float

    @property
    def availability(self) -> float:
        """Share of the calls that were answered."""
        return 1 - self.failed / self.calls

    def keeps(self, objectives: Objectives) -> bool:
        """Tell whether the objectives hold."""
        return self.p99 <= objectives.p99_ms and self.availability >= objectives.availability


async def check_load(gateway: Gateway, objectives: Objectives, cases: Sequence[Case]) -> Check:
    """Load a version at the declared rate, at half of it and at twice it."""
    rate = objectives.rate_per_second
    half = await _measure(gateway, cases, rate / 2, _SIDE_SECONDS)
    full = await _measure(gateway, cases, rate, SECONDS)
    if not full.keeps(objectives):
        # Once more: a hiccup of the machine that proves is not the capability's fault.
        full = await _measure(gateway, cases, rate, SECONDS)
    double = await _measure(gateway, cases, rate * 2, _SIDE_SECONDS)
    return _verdict(objectives, half, full, double)


async def _measure(
    gateway: Gateway, cases: Sequence[Case], rate: float, seconds: float
) -> Measured:
    calls = max(_LEAST_CALLS, min(int(rate * seconds), _MOST_CALLS))
    began = time.perf_counter() + 0.05
    tasks = []
    for number in range(calls):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(_one(gateway, cases[number % len(cases)], due)))
    took = await asyncio.gather(*tasks)
    answered = sorted(latency for latency in took if latency is not None)
    return Measured(
        rate=rate,
        calls=calls,
        failed=calls - len(answered),
        p50=_quantile(answered, 0.5),
        p99=_quantile(answered, 0.99),
    )


async def _one(gateway: Gateway, case: Case, due: float) -> float | None:
    """Return the milliseconds of an answered call; None where it failed."""
    try:
        answer = await gateway.ask(case.plain)
    except NoAnswer:
        return None
    return (time.perf_counter() - due) * 1e3 if answer.status == _OK else None


def _quantile(ordered: Sequence[float], share: float) -> float:
    return round(ordered[ceil(share * len(ordered)) - 1], 3) if ordered else 0.0


def _verdict(objectives: Objectives, half: Measured, full: Measured, double: Measured) -> Check:
    points = (half, full, double)
    rates = [round(point.rate, 3) for point in points]
    is_kept = full.keeps(objectives)
    found = (
        f"at {full.rate:g} calls a second p99 is {full.p99:.1f} ms (objective "
        f"{objectives.p99_ms:g}) and {full.failed} of {full.calls} calls failed"
    )
    return Check(
        name="load",
        section=Section.LOAD,
        passed=is_kept,
        detail=found,
        cure="" if is_kept else _CURE,
        figures=[
            Figure(name="latency_p50", value=full.p50, unit="ms"),
            Figure(name="latency_p99", value=full.p99, unit="ms", limit=objectives.p99_ms),
            Figure(
                name="availability",
                value=round(full.availability * 100, 4),
                unit="%",
                limit=objectives.availability * 100,
                bound=Bound.AT_LEAST,
            ),
            Figure(name="rate", value=full.rate, unit="req/s"),
            Figure(name="latency_p99_at_twice_the_rate", value=double.p99, unit="ms"),
        ],
        series=[
            _line("latency_p50", rates, [point.p50 for point in points]),
            _line("latency_p99", rates, [point.p99 for point in points]),
        ],
    )


def _line(name: str, rates: list[float], values: list[float]) -> Series:
    return Series(name=name, unit="ms", along="requests_per_second", x=rates, y=values)
