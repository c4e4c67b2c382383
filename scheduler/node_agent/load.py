"""What this machine is busy with now."""

from collections.abc import Callable

import psutil

from capability_sdk.contracts.nodes import InstanceLoad, NodeLoad
from capability_sdk.kit.clock import Clock
from scheduler.node_agent.gpus import GpuWatch


class LoadMeter:
    """Reads the load of one node: the machine's, and what its instances tell of theirs."""

    def __init__(
        self,
        node: str,
        instances: Callable[[], list[InstanceLoad]],
        gpus: GpuWatch,
        clock: Clock,
    ) -> None:
        self._node = node
        self._instances = instances
        self._gpus = gpus
        self._clock = clock
        psutil.cpu_percent()  # the first call only sets the mark that the next measures from

    def read(self) -> NodeLoad:
        """Return the load since the last reading."""
        return NodeLoad(
            node=self._node,
            cpu_fraction=_share(psutil.cpu_percent()),
            memory_fraction=_share(psutil.virtual_memory().percent),
            gpu_fraction=self._gpus.fraction,
            instances=self._instances(),
            at=self._clock(),
        )


def _share(percent: float) -> float:
    return min(max(percent / 100, 0.0), 1.0)
