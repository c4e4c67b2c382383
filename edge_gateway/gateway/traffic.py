"""Tells the scheduler about once a second what is called, so that replicas follow."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from capability_sdk.contracts.scaling import TrafficReport, VersionTraffic
from edge_gateway.gateway.fetching import fetch
from edge_gateway.gateway.metrics import CLASSES, GatewayMetrics
from edge_gateway.gateway.upstream import Upstream, UpstreamFailed

_SECONDS = 1.0
_NO_CONTENT = 204

Counts = dict[tuple[str, str], int]
"""Calls by capability and version."""

_log = logging.getLogger(__name__)


class TrafficReporter:
    """Belongs to one event loop; counts only grow, so a report that is lost costs nothing."""

    def __init__(
        self,
        gateway: str,
        scheduler: Upstream,
        credential: bytes,
        metrics: GatewayMetrics,
        on_the_way: Callable[[], tuple[Counts, Counts]],
    ) -> None:
        """Prepare.

        Args:
            gateway: Name of this worker.
            scheduler: Address of the scheduler.
            credential: Authorization header line of the province's own processes.
            metrics: Counts the answered calls.
            on_the_way: Tells how many calls wait for an answer now, and how many for a replica.
        """
        self._gateway = gateway
        self._epoch = time.time_ns()
        self._scheduler = scheduler
        self._credential = credential
        self._metrics = metrics
        self._on_the_way = on_the_way
        self._news = asyncio.Event()
        self._is_heard = True

    def hurry(self) -> None:
        """Report at once: somebody waits for it."""
        self._news.set()

    async def run(self) -> None:
        """Report until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_SECONDS):
                    await self._news.wait()
            self._news.clear()
            is_heard = await self._send()
            if is_heard != self._is_heard:
                _log.warning("the scheduler %s", "hears again" if is_heard else "does not hear")
            self._is_heard = is_heard

    async def _send(self) -> bool:
        headers = self._credential + b"content-type: application/json\r\n"
        body = self._report().model_dump_json(by_alias=True).encode()
        path = f"/api/v1/traffic/{self._gateway}"
        try:
            answer = await fetch(self._scheduler, "PUT", path, headers=headers, body=body)
        except UpstreamFailed:
            return False
        return answer.head.status == _NO_CONTENT

    def _report(self) -> TrafficReport:
        in_flight, waiting = self._on_the_way()
        answered = self._metrics.by_version()
        names = answered.keys() | in_flight.keys() | waiting.keys()
        none = ([0] * CLASSES, 0.0)
        return TrafficReport(
            gateway=self._gateway,
            epoch=self._epoch,
            versions=[
                VersionTraffic(
                    capability=name[0],
                    version=name[1],
                    in_flight=in_flight.get(name, 0),
                    waiting=waiting.get(name, 0),
                    latencies=answered.get(name, none)[0],
                    seconds=answered.get(name, none)[1],
                )
                for name in sorted(names)
            ],
        )
