"""Prometheus metrics of the gateway: plain integers on the hot path, put into words on a scrape."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from capability_sdk.contracts.scaling import LATENCY_BOUNDS

CLASSES = len(LATENCY_BOUNDS) + 1


class _Calls:
    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        self.buckets = [0] * CLASSES
        self.seconds = 0.0

    def add(self, other: "_Calls") -> None:
        self.buckets = [mine + more for mine, more in zip(self.buckets, other.buckets, strict=True)]
        self.seconds += other.seconds


class GatewayMetrics(Collector):
    """Counts calls and refusals."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str, int], _Calls] = {}
        self._trials: dict[tuple[str, int], int] = {}
        self._refusals: dict[tuple[int, str], int] = {}
        self._gauges: dict[str, tuple[str, Callable[[], float]]] = {}
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def count_call(self, capability: str, version: str, status: int, seconds: float) -> None:
        """Count a metered call."""
        calls = self._calls.get((capability, version, status))
        if calls is None:
            calls = self._calls[capability, version, status] = _Calls()
        calls.buckets[bisect_left(LATENCY_BOUNDS, seconds)] += 1
        calls.seconds += seconds

    def count_trial(self, capability: str, status: int) -> None:
        """Count a call by which somebody tried a capability; replicas do not follow those."""
        key = (capability, status)
        self._trials[key] = self._trials.get(key, 0) + 1

    def by_version(self) -> dict[tuple[str, str], tuple[list[int], float]]:
        """Return answered calls by class of latency, and their seconds, by capability and version."""
        sums: defaultdict[tuple[str, str], _Calls] = defaultdict(_Calls)
        for (capability, version, _), item in self._calls.items():
            sums[capability, version].add(item)
        return {name: (item.buckets, item.seconds) for name, item in sums.items()}

    def count_refusal(self, status: int, code: str) -> None:
        """Count a request that was refused by the gateway itself."""
        key = (status, code)
        self._refusals[key] = self._refusals.get(key, 0) + 1

    def watch(self, name: str, description: str, value: Callable[[], float]) -> None:
        """Show a value that is read on each scrape."""
        self._gauges[name] = (description, value)

    def include(self, collector: Collector) -> None:
        """Show what another part counts."""
        self._registry.register(collector)

    def text(self) -> bytes:
        """Write everything in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Give the metrics to a scrape."""
        calls = HistogramMetricFamily(
            "gateway_call_seconds",
            "Metered calls, by the time from first byte to answer.",
            labels=["capability", "status"],
        )
        sums: defaultdict[tuple[str, int], _Calls] = defaultdict(_Calls)
        for (capability, _, status), item in self._calls.items():
            sums[capability, status].add(item)
        for (capability, status), item in sums.items():
            total, buckets = 0, []
            for bound, count in zip((*map(str, LATENCY_BOUNDS), "+Inf"), item.buckets, strict=True):
                total += count
                buckets.append((bound, total))
            calls.add_metric([capability, str(status)], buckets, item.seconds)
        yield calls
        trials = CounterMetricFamily(
            "gateway_trials", "Calls that tried a capability.", labels=["capability", "status"]
        )
        for (capability, status), count in self._trials.items():
            trials.add_metric([capability, str(status)], count)
        yield trials
        refusals = CounterMetricFamily(
            "gateway_refusals", "Requests refused by the gateway.", labels=["status", "code"]
        )
        for (status, code), count in self._refusals.items():
            refusals.add_metric([str(status), code], count)
        yield refusals
        for name, (description, value) in self._gauges.items():
            yield GaugeMetricFamily(name, description, value=value())
