"""What an instance is busy with, told with each look at its health.

The header and its form are those of ORCA (Open Request Cost Aggregation), which Envoy and gRPC read from
answers. Here it comes with the answer to a question that the node agent asks anyway, so that the load
of a hundred instances costs no further request.
"""

import json
import time
from collections.abc import Callable, Sequence

from capability_sdk.contracts.inference import LOAD_HEADER
from capability_sdk.serving.metrics import Histogram
from capability_sdk.serving.repository import ModelRepository

_WINDOW_SECONDS = 5.0
_QUANTILE = 0.99


class RecentLatency:
    """The 99th percentile of the last 5 to 10 seconds, from a histogram that only grows."""

    def __init__(
        self, histogram: Histogram, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._histogram = histogram
        self._monotonic = monotonic
        self._turned_at = monotonic()
        self._before = self._since = tuple(histogram.counts)

    def p99_ms(self) -> float | None:
        """Return it in milliseconds, as exact as the histogram's bounds; None without a call."""
        now, counts = self._monotonic(), tuple(self._histogram.counts)
        if now - self._turned_at >= _WINDOW_SECONDS:
            self._before, self._since, self._turned_at = self._since, counts, now
        recent = [count - before for count, before in zip(counts, self._before, strict=True)]
        seconds = quantile(self._histogram.bounds, recent, _QUANTILE)
        return None if seconds is None else round(seconds * 1000, 3)


def quantile(bounds: Sequence[float], counts: Sequence[int], share: float) -> float | None:
    """Read a quantile off a histogram, evenly spread within a cell.

    Args:
        bounds: Upper bounds of the cells but the last, which has none.
        counts: Of each cell, one more than bounds.
        share: Of all counts, 0 to 1.

    Returns:
        The quantile; the last bound where it lies above, None where nothing was counted.
    """
    rank = sum(counts) * share
    if not rank:
        return None
    lower, passed = 0.0, 0
    for bound, count in zip(bounds, counts, strict=False):
        if passed + count >= rank:
            return lower + (bound - lower) * (rank - passed) / count
        lower, passed = bound, passed + count
    return bounds[-1]


class LoadReport:
    """Writes the header line of an instance's load."""

    def __init__(self, repository: ModelRepository) -> None:
        self._repository = repository
        self._latency = RecentLatency(repository.metrics.latency)

    def line(self) -> bytes:
        """Write it as it is now, with its line end."""
        metrics = {
            "queue": self._repository.waiting,
            "in_flight": self._repository.in_flight,
            "p99_ms": self._latency.p99_ms(),
        }
        told = {name: value for name, value in metrics.items() if value is not None}
        return f"{LOAD_HEADER}: JSON {json.dumps({'named_metrics': told})}\r\n".encode()
