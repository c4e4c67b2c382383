"""Prometheus metrics of the gateway: plain integers on the hot path, put into words on a scrape."""

from bisect import bisect_left
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class _Calls:
    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0


class GatewayMetrics(Collector):
    """Counts calls and refusals."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, int], _Calls] = {}
        self._refusals: dict[tuple[int, str], int] = {}
        self._gauges: dict[str, tuple[str, Callable[[], float]]] = {}
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def count_call(self, capability: str, status: int, seconds: float) -> None:
        """Count a metered call."""
        calls = self._calls.get((capability, status))
        if calls is None:
            calls = self._calls[capability, status] = _Calls()
        calls.buckets[bisect_left(BUCKETS, seconds)] += 1
        calls.seconds += seconds

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
        for (capability, status), item in self._calls.items():
            total, buckets = 0, []
            for bound, count in zip((*map(str, BUCKETS), "+Inf"), item.buckets, strict=True):
                total += count
                buckets.append((bound, total))
            calls.add_metric([capability, str(status)], buckets, item.seconds)
        yield calls
        refusals = CounterMetricFamily(
            "gateway_refusals", "Requests refused by the gateway.", labels=["status", "code"]
        )
        for (status, code), count in self._refusals.items():
            refusals.add_metric([str(status), code], count)
        yield refusals
        for name, (description, value) in self._gauges.items():
            yield GaugeMetricFamily(name, description, value=value())
