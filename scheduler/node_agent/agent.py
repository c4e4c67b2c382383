"""Reports this machine: its metadata once to the directory, its load about once a second."""

import asyncio
from collections.abc import Callable

from capability_sdk.contracts.nodes import NodeLoad, NodeMetadata
from capability_sdk.directory.nodes import node_entry
from capability_sdk.directory.ports import ServiceDirectory
from scheduler.node_agent.load import LoadMeter


class NodeAgent:
    """Speaks for the scheduler's own node; the load never goes into the directory."""

    def __init__(
        self,
        metadata: NodeMetadata,
        directory: ServiceDirectory,
        meter: LoadMeter,
        report: Callable[[NodeLoad], None],
    ) -> None:
        self._metadata = metadata
        self._directory = directory
        self._meter = meter
        self._report = report

    async def register(self) -> None:
        """Report the metadata; once, at the start."""
        await self._directory.register(node_entry(self._metadata))
        self._report(self._meter.read())

    async def run(self, interval_seconds: float) -> None:
        """Report the load for good."""
        while True:
            await asyncio.sleep(interval_seconds)
            self._report(self._meter.read())
