"""Prometheus metrics of an instance: plain integers on the hot path, put into words on a scrape."""

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Protocol

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Histogram:
    """Counts in cells.

    Attributes:
        bounds: Upper bounds of the cells but the last, which has none.
        counts: Of each cell.
    """

    def __init__(self, bounds: tuple[float, ...]) -> None:
        """Begin with nothing counted."""
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self._sum += value

    def family(self, name: str, documentation: str) -> HistogramMetricFamily:
        """Put it into words for Prometheus."""
        buckets: list[tuple[str, float]] = []
        total = 0
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            total += count
            buckets.append((bound, total))
        family = HistogramMetricFamily(name, documentation)
        family.add_metric([], buckets, sum_value=self._sum)
        return family


class Samples(Protocol):
    """What is told of the inference log."""

    @property
    def waiting(self) -> int:
        """Samples that are not written yet."""
        ...

    @property
    def lost(self) -> int:
        """Samples that were never written."""
        ...

    written: int
    evicted: int


class RuntimeMetrics:
    """What an instance has done since its start.

    Attributes:
        answers: HTTP status of an infer answer to how many there were.
        accepted: Calls that were taken in to be computed.
        withdrawn: Calls whose callers went away before they were computed.
        latency: Seconds from request to answer.
    """

    def __init__(self, waiting: Callable[[], int], lost: Callable[[], int]) -> None:
        """Prepare.

        Args:
            waiting: Tells how many calls wait.
            lost: Tells how many journal records could not be written.
        """
        self.answers: Counter[int] = Counter()
        self.accepted = 0
        self.withdrawn = 0
        self.latency = Histogram(_SECONDS)
        self._batches = Histogram(_ROWS)
        self._waiting = waiting
        self._lost = lost
        self._samples: Samples | None = None
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def watch(self, samples: Samples) -> None:
        """Tell of the inference log too."""
        self._samples = samples

    def answered(self, status: int, began: float) -> None:
        """Count an infer answer; ``began`` is of `time.perf_counter`."""
        self.answers[status] += 1
        self.latency.observe(time.perf_counter() - began)

    def computed(self, rows: int) -> None:
        """Count a batch."""
        self._batches.observe(rows)

    def text(self) -> bytes:
        """Write all metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield the metric families (prometheus_client's collector protocol)."""
        answers = CounterMetricFamily(
            "jiuzhou_runtime_answers", "Infer answers by HTTP status.", labels=["status"]
        )
        for status, count in sorted(self.answers.items()):
            answers.add_metric([str(status)], count)
        yield answers
        yield self.latency.family("jiuzhou_runtime_seconds", "Time from request to answer.")
        yield self._batches.family("jiuzhou_runtime_batch_rows", "Rows computed together.")
        yield CounterMetricFamily(
            "jiuzhou_runtime_accepted", "Calls taken in to be computed.", self.accepted
        )
        yield GaugeMetricFamily("jiuzhou_runtime_waiting", "Calls that wait.", self._waiting())
        yield CounterMetricFamily(
            "jiuzhou_runtime_withdrawn", "Calls whose callers went away.", self.withdrawn
        )
        yield CounterMetricFamily(
            "jiuzhou_runtime_journal_lost", "Journal records that were lost.", self._lost()
        )
        if self._samples is not None:
            yield from _samples(self._samples)


def _samples(samples: Samples) -> Iterator[Metric]:
    name = "jiuzhou_runtime_samples"
    yield GaugeMetricFamily(f"{name}_waiting", "Samples not written yet.", samples.waiting)
    yield CounterMetricFamily(f"{name}_written", "Calls in the inference log.", samples.written)
    yield CounterMetricFamily(f"{name}_lost", "Samples never written.", samples.lost)
    yield CounterMetricFamily(f"{name}_evicted", "Samples given up for newer.", samples.evicted)
