"""Why calls go where they go: each endpoint as the gateway sees it, for people and for Prometheus."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from edge_gateway.gateway.dispatch.pool import Pool
from edge_gateway.gateway.dispatch.target import Target

_LABELS = ("capability", "version", "instance", "node")


def describe(pools: Sequence[Pool], now: float) -> dict[str, Any]:
    """Describe the endpoints of every version: what a call is expected to take, and who is left out."""
    return {
        "rule": "Of two endpoints, drawn by their speed, the one whose answer is expected first.",
        "versions": [
            {
                "capability": pool.capability,
                "version": pool.version,
                "retries": {"sent": pool.retries.taken, "over_budget": pool.retries.refused},
                "endpoints": [_describe(target, now) for target in pool.targets],
            }
            for pool in pools
        ],
    }


def _describe(target: Target, now: float) -> dict[str, Any]:
    ejection = target.ejection
    return {
        "instance": target.endpoint.instance,
        "node": target.endpoint.node,
        "weight": target.endpoint.weight,
        "trust": round(target.trust, 3),
        "in_flight": target.upstream.in_flight,
        "answers": target.answers,
        "call_ms": round(target.seconds * 1000, 3),
        "expected_ms": round(target.expected() * 1000, 3),
        "slow_start": round(target.penalty, 2),
        "ejected": None if ejection is None else ejection.why.value,
        "ejected_seconds": None if ejection is None else round(now - ejection.since, 1),
    }


_GAUGES: dict[str, tuple[str, Callable[[Target], float]]] = {
    "weight": ("How fast the scheduler holds it to be.", lambda item: item.endpoint.weight),
    "trust": ("How far its weight has proved true.", lambda item: item.trust),
    "in_flight": ("Calls that wait for its answer.", lambda item: item.upstream.in_flight),
    "call_seconds": ("What a call takes there alone, as learnt.", lambda item: item.seconds),
    "expected_seconds": ("What the next call would take.", Target.expected),
}


class DispatchMetrics(Collector):
    """Gauges of each endpoint, and what was retried."""

    def __init__(self, pools: Callable[[], Sequence[Pool]]) -> None:
        self._pools = pools

    def collect(self) -> Iterator[Metric]:
        """Give the metrics to a scrape."""
        rows = [(_labels(pool, item), item) for pool in self._pools() for item in pool.targets]
        for name, (description, value) in _GAUGES.items():
            gauge = GaugeMetricFamily(f"gateway_endpoint_{name}", description, labels=_LABELS)
            for labels, target in rows:
                gauge.add_metric(labels, value(target))
            yield gauge
        yield _ejected(rows)
        answers = CounterMetricFamily("gateway_endpoint_answers", "Calls answered.", labels=_LABELS)
        for labels, target in rows:
            answers.add_metric(labels, target.answers)
        yield answers
        retries = CounterMetricFamily(
            "gateway_retries", "Calls sent once more.", labels=["capability", "version"]
        )
        for pool in self._pools():
            retries.add_metric([pool.capability, pool.version], pool.retries.taken)
        yield retries


def _labels(pool: Pool, target: Target) -> list[str]:
    return [pool.capability, pool.version, target.endpoint.instance, target.endpoint.node]


def _ejected(rows: Sequence[tuple[list[str], Target]]) -> Metric:
    ejected = GaugeMetricFamily(
        "gateway_endpoint_ejected", "1 where it takes no calls.", labels=[*_LABELS, "why"]
    )
    for labels, target in rows:
        why = "" if target.ejection is None else target.ejection.why.value
        ejected.add_metric([*labels, why], 0.0 if target.ejection is None else 1.0)
    return ejected
