"""Reports this machine: its metadata once to the directory, its load about once a second."""

import asyncio
from collections.abc import Callable

import psutil

from capability_sdk.contracts.nodes import NodeLoad, NodeMetadata
from capability_sdk.directory.nodes import node_entry
from capability_sdk.directory.ports import ServiceDirectory
from capability_sdk.kit.clock import Clock


class NodeAgent:
    """Speaks for one node; the load goes to the scheduler, never into the directory."""

    def __init__(
        self,
        metadata: NodeMetadata,
        directory: ServiceDirectory,
        report: Callable[[NodeLoad], None],
        clock: Clock,
    ) -> None:
        self._metadata = metadata
        self._directory = directory
        self._report = report
        self._clock = clock

    async def register(self) -> None:
        """Report the metadata; once, at the start."""
        psutil.cpu_percent()  # the first call only sets the mark that the next measures from
        await self._directory.register(node_entry(self._metadata))
        self.report_load()

    def report_load(self) -> None:
        """Report the load since the last report."""
        load = NodeLoad(
            node=self._metadata.node,
            cpu_fraction=min(max(psutil.cpu_percent() / 100, 0.0), 1.0),
            memory_fraction=min(max(psutil.virtual_memory().percent / 100, 0.0), 1.0),
            at=self._clock(),
        )
        self._report(load)

    async def run(self, interval_seconds: float) -> None:
        """Report the load for good."""
        while True:
            await asyncio.sleep(interval_seconds)
            self.report_load()
