"""The cluster's nodes in the words of a province: what a Node object says of families and capacity."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TypeVar

from kubernetes.utils.quantity import parse_quantity

from capability_sdk.contracts.manifest import AlgorithmFamily, Engine
from capability_sdk.contracts.nodes import NodeLoad, NodeMetadata
from capability_sdk.directory.nodes import NODES, node_entry
from capability_sdk.directory.ports import ServiceDirectory
from capability_sdk.kit.clock import Clock
from scheduler.adapters.kubernetes.kinds import Object, name_of
from scheduler.adapters.kubernetes.pod import ENGINE_LABEL, FAMILY_LABEL, GPU, GPU_MODEL, REFUSES

_log = logging.getLogger(__name__)
_SHOWN_LABELS = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region")
_MIB = 1 << 20
_Member = TypeVar("_Member", bound=StrEnum)


def is_alive(node: Object) -> bool:
    """Tell whether a node's kubelet reports."""
    conditions = node["status"].get("conditions", [])
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


def is_usable(node: Object) -> bool:
    """Tell whether a node takes new pods that tolerate nothing."""
    spec = node["spec"]
    is_tainted = any(item["effect"] != "PreferNoSchedule" for item in spec.get("taints", []))
    return is_alive(node) and not is_tainted and not spec.get("unschedulable", False)


def describe(
    node: Object, families: Sequence[AlgorithmFamily], engines: Sequence[Engine], epoch: int
) -> NodeMetadata:
    """Describe a node of the cluster.

    Args:
        node: The Node object.
        families: What the image supports; a node's label ``family.jiuzhou.io/lstm: "false"`` takes
            one of them away there.
        engines: The same of engines, with ``engine.jiuzhou.io/python: "false"``.
        epoch: Start of this scheduler.
    """
    labels: dict[str, str] = node["metadata"].get("labels", {})
    has: dict[str, str] = node["status"].get("allocatable", {})
    return NodeMetadata(
        node=name_of(node),
        epoch=epoch,
        families=_admitted(families, FAMILY_LABEL, labels),
        engines=_admitted(engines, ENGINE_LABEL, labels),
        cpu_millicores=int(parse_quantity(has.get("cpu", "0")) * 1000),
        memory_mib=int(parse_quantity(has.get("memory", "0"))) // _MIB,
        gpu_model=labels.get(GPU_MODEL),
        gpu_milli=int(parse_quantity(has.get(GPU, "0")) * 1000),
        labels={name: labels[name] for name in _SHOWN_LABELS if name in labels},
    )


class ClusterNodes:
    """Speaks for the cluster's nodes, as a node agent does for its machine."""

    def __init__(
        self,
        nodes: Callable[[], Sequence[Object]],
        offer: tuple[Sequence[AlgorithmFamily], Sequence[Engine]],
        directory: ServiceDirectory,
        report: Callable[[NodeLoad], None],
        clock: Clock,
    ) -> None:
        """Prepare.

        Args:
            nodes: Tells the Node objects as they are now.
            offer: Families and engines of the image.
            directory: Where nodes are registered.
            report: Takes a node's load.
            clock: Tells the time.
        """
        self._nodes = nodes
        self._families, self._engines = offer
        self._directory = directory
        self._report = report
        self._clock = clock
        self._epoch = int(time.time())
        self._known: dict[str, NodeMetadata] = {}

    async def register(self) -> None:
        """Register what is new or has changed, withdraw what is gone, report who is alive."""
        present: dict[str, NodeMetadata] = {}
        for node in self._nodes():
            try:
                metadata = describe(node, self._families, self._engines, self._epoch)
            except ValueError as error:
                _log.debug("node %s is left out: %s", name_of(node), error)
                continue
            present[metadata.node] = metadata
            if self._known.get(metadata.node) != metadata:
                await self._directory.register(node_entry(metadata))
            if is_alive(node):
                self._report(self._load(metadata.node))
        for name in self._known.keys() - present.keys():
            await self._directory.deregister(NODES, name)
        self._known = present

    async def run(self, interval_seconds: float) -> None:
        """Keep the directory and the loads up to date for good."""
        while True:
            await asyncio.sleep(interval_seconds)
            await self.register()

    def _load(self, node: str) -> NodeLoad:
        # How busy a node is, the cluster's own scheduler and autoscaler look after.
        return NodeLoad(node=node, cpu_fraction=0, memory_fraction=0, at=self._clock())


def _admitted(offered: Sequence[_Member], prefix: str, labels: dict[str, str]) -> list[_Member]:
    return [item for item in offered if labels.get(f"{prefix}/{item.value}") != REFUSES]
