"""What Prometheus sees of a scheduler; read from the parts when it asks."""

from collections import Counter
from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from capability_sdk.contracts.nodes import InstanceHealth
from scheduler.service import Scheduler


class SchedulerMetrics(Collector):
    """Instances by health, restarts, endpoints, rejected nodes, the directory."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Read the present figures."""
        observed = self._scheduler.runner.observe().values()
        counts = Counter(seen.health for seen in observed)
        instances = GaugeMetricFamily(
            "scheduler_instances", "Instances by observed health.", labels=["health"]
        )
        for health in InstanceHealth:
            instances.add_metric([health.value], counts[health])
        yield instances
        yield GaugeMetricFamily(
            "scheduler_instance_restarts",
            "Restarts of the present instances.",
            value=sum(seen.restarts for seen in observed),
        )
        yield GaugeMetricFamily(
            "scheduler_endpoints",
            "Endpoints that the gateway may use.",
            value=len(self._scheduler.board.current.endpoints),
        )
        lent = self._scheduler.scaling.lender.cores
        yield GaugeMetricFamily("scheduler_lent_cores", "Cores lent to other work.", value=lent)
        yield GaugeMetricFamily(
            "scheduler_rejected_nodes",
            "Nodes in the directory whose metadata is not acceptable.",
            value=len(self._scheduler.nodes.rejected),
        )
        directory = self._scheduler.nodes.directory_view()
        yield GaugeMetricFamily(
            "scheduler_directory_refused_entries",
            "Entries of the directory that bear no seal of this province.",
            value=len(directory.refused_entries),
        )
        if directory.age_seconds is not None:
            yield GaugeMetricFamily(
                "scheduler_directory_age_seconds",
                "Since the directory last answered.",
                value=directory.age_seconds,
            )


def register(registry: CollectorRegistry, scheduler: Scheduler) -> None:
    """Show a scheduler's figures in a registry."""
    registry.register(SchedulerMetrics(scheduler))
