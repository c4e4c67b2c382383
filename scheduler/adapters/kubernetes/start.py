"""From settings to a running runner: what the application puts together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from capability_sdk.contracts.manifest import Engine
from scheduler.adapters.kubernetes.cast import Cast
from scheduler.adapters.kubernetes.check import open_cluster
from scheduler.adapters.kubernetes.convergence import Bounds
from scheduler.adapters.kubernetes.nodes import ClusterNodes
from scheduler.adapters.kubernetes.runner import KubernetesRunner
from scheduler.adapters.kubernetes.storage import Storage
from scheduler.domain import Binding

__all__ = ["IMAGE_ENGINES", "Cast", "ClusterNodes", "Place", "Storage", "start_runner"]

IMAGE_ENGINES = (Engine.ONNX, Engine.XGBOOST, Engine.LIGHTGBM)
"""What the image has; code is not among them, since a pod without rights confines none."""


@dataclass(frozen=True, slots=True)
class Place:
    """A cluster and the namespace in it."""

    kubeconfig: Path
    namespace: str


async def start_runner(
    place: Place,
    cast: Cast,
    key: bytes,
    bindings: Sequence[Binding],
    bounds: Callable[[], Bounds],
) -> KubernetesRunner:
    """Connect to a cluster and take over what an earlier scheduler left running there.

    Raises:
        ClusterUnusable: It cannot be used; the message says what to do.
    """
    cluster = await open_cluster(place.kubeconfig, place.namespace)
    runner = KubernetesRunner(cluster, place.namespace, cast, key, bounds)
    await runner.open(bindings)
    return runner
