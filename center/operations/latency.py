"""Latencies as counts in fixed cells, which add up over hours, provinces and applications."""

from bisect import bisect_left
from collections.abc import Sequence

LATENCY_BOUNDS_MS = (
    *(1.0, 1.6, 2.5, 4.0, 6.3, 10.0, 16.0, 25.0, 40.0, 63.0),
    *(100.0, 160.0, 250.0, 400.0, 630.0, 1000.0, 1600.0, 2500.0, 4000.0, 6300.0, 10000.0),
)
"""Upper ends of the cells, inclusive; one more cell takes what is slower. Source: series R5, ISO 3."""

LATENCY_CELLS = len(LATENCY_BOUNDS_MS) + 1

Cells = Sequence[int]
"""Calls in each cell, shape ``(LATENCY_CELLS,)``."""


def cell_of(latency_us: int) -> int:
    """Return the cell of a latency in microseconds."""
    return bisect_left(LATENCY_BOUNDS_MS, latency_us / 1000)


def quantile_ms(cells: Cells, share: float) -> float | None:
    """Estimate the latency in milliseconds that a share of the calls did not exceed.

    Linear within the cell; what is slower than the last bound counts as that bound.

    Returns:
        None where no call was counted.
    """
    total = sum(cells)
    if total == 0:
        return None
    wanted, below = share * total, 0
    for index, count in enumerate(cells[:-1]):
        if count and below + count >= wanted:
            low, high = _ends(index)
            return low + (high - low) * (wanted - below) / count
        below += count
    return LATENCY_BOUNDS_MS[-1]


def slower_than(cells: Cells, limit_ms: float) -> float:
    """Estimate how many calls took longer than a limit; linear within the limit's cell."""
    index = bisect_left(LATENCY_BOUNDS_MS, limit_ms)
    if index == len(LATENCY_BOUNDS_MS):
        return float(cells[-1])
    low, high = _ends(index)
    return sum(cells[index + 1 :]) + cells[index] * (high - limit_ms) / (high - low)


def _ends(index: int) -> tuple[float, float]:
    return (LATENCY_BOUNDS_MS[index - 1] if index else 0.0), LATENCY_BOUNDS_MS[index]
