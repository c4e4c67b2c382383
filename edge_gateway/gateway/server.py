"""A running gateway worker: puts the parts together, listens, and ends in order."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

from capability_sdk.contracts.nodes import EndpointList
from capability_sdk.kit.files import read_or_create_secret
from capability_sdk.spool import SpoolWriter
from edge_gateway.adapters.agent_quota import AgentQuotaLedger
from edge_gateway.compiled import is_loaded
from edge_gateway.gateway.agent import Agent
from edge_gateway.gateway.app import GatewayApp
from edge_gateway.gateway.connection import Connection, Patience
from edge_gateway.gateway.dispatch.health import PROBE_TIMEOUT, TICK_SECONDS, Health
from edge_gateway.gateway.dispatch.report import DispatchMetrics
from edge_gateway.gateway.endpoints import ENDPOINTS_FILE, WAIT_SECONDS, EndpointWatch
from edge_gateway.gateway.feedback import Feedback
from edge_gateway.gateway.inference import CallLimits, Inference
from edge_gateway.gateway.metering import Meter
from edge_gateway.gateway.metrics import GatewayMetrics
from edge_gateway.gateway.quota import Quotas
from edge_gateway.gateway.settings import GatewaySettings
from edge_gateway.gateway.targets import Targets
from edge_gateway.gateway.tokens import TokenVerifier
from edge_gateway.gateway.traffic import TrafficReporter
from edge_gateway.gateway.turned_away import WRITE_SECONDS
from edge_gateway.gateway.upstream import MAX_TOGETHER, Upstream
from edge_gateway.ports import QuotaLedger
from edge_gateway.state import EdgeSite, StateKeeper

MAX_CONNECTIONS = 4096
_INTERNAL_TOKEN_FILE = "internal.token"  # noqa: S105 - a file's name
_STATE_SECONDS = 0.2
_SWEEP_SECONDS = 0.5
_STOP_SECONDS = 8.0
_AGENT_SECONDS = 10.0

_log = logging.getLogger(__name__)


class GatewayServer:
    """One worker."""

    def __init__(self, settings: GatewaySettings, site: EdgeSite) -> None:
        """Open the spools and put the parts together; needs a running event loop."""
        folder = settings.data
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._connections: set[Connection] = set()
        self._patience = _patience(settings)
        credential = f"Bearer {read_or_create_secret(folder / _INTERNAL_TOKEN_FILE)}".encode()
        line = b"authorization: %b\r\n" % credential
        self._meters = [
            _meter(settings, folder / "spool" / f"{kind}-{settings.worker}")
            for kind in ("usage", "feedback")
        ]
        metrics = GatewayMetrics()
        self._agent = Upstream(f"unix:{folder / 'agent.sock'}", timeout=_AGENT_SECONDS)
        scheduler = f"http://127.0.0.1:{site.scheduler_port}"
        self._scheduler = Upstream(scheduler, timeout=WAIT_SECONDS + 10)
        agent = Agent(self._agent, line)
        ledger = _redis(settings.redis_url) if settings.redis_url else AgentQuotaLedger(agent)
        quotas = Quotas(ledger, workers=settings.workers)
        self._targets = Targets(self._connect)
        self._health = Health(self._loop.time, partial(Upstream, timeout=PROBE_TIMEOUT))
        limits = _call_limits(settings)
        inference = Inference(self._targets, quotas, self._meters[0], metrics, limits)
        self._waiting = inference.waiting
        self._turned_away = inference.turned_away
        self._keeper = StateKeeper(folder, site)
        self.app = GatewayApp(
            self._keeper,
            TokenVerifier(site.province),
            inference,
            Feedback(self._meters[1]),
            agent,
            metrics,
            internal_credential=credential,
        )
        self._watch = EndpointWatch(
            folder / ENDPOINTS_FILE, self._scheduler, line, self._use_endpoints
        )
        self._traffic = self._reporter(line, metrics)
        self._watch_values(metrics, quotas)

    def _reporter(self, credential: bytes, metrics: GatewayMetrics) -> TrafficReporter:
        reporter = TrafficReporter(
            f"gateway-{self._settings.worker}",
            self._scheduler,
            credential,
            metrics,
            lambda: (self._targets.in_flight(), self._waiting.waiting()),
        )
        self._waiting.changed = reporter.hurry
        return reporter

    async def run(self) -> None:
        """Serve until SIGTERM or Ctrl-C."""
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, stopping.set)
        self.app.refresh_state()
        self._watch.load()
        work = [
            self._loop.create_task(self._watch.run()),
            self._loop.create_task(self._traffic.run()),
            self._loop.create_task(_every(_STATE_SECONDS, self.app.refresh_state)),
            self._loop.create_task(_every(_SWEEP_SECONDS, self._sweep)),
            self._loop.create_task(_every(TICK_SECONDS, self._look)),
            self._loop.create_task(_every(WRITE_SECONDS, self._turned_away.write)),
        ]
        listener = _listen(self._settings.host, self._settings.port)
        server = await self._loop.create_server(self._accept, sock=listener, backlog=1024)
        form = "compiled" if is_loaded() else "plain Python"
        _log.info("gateway (%s) listens on port %d", form, listener.getsockname()[1])
        await stopping.wait()
        server.close()
        await self._drain()
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        # A long poll that is still open would hold the event loop until it is answered.
        for upstream in (self._agent, self._scheduler, *self._targets.upstreams):
            upstream.abort()
        self._turned_away.write()
        for meter in self._meters:
            await meter.close()

    def _watch_values(self, metrics: GatewayMetrics, quotas: Quotas) -> None:
        usage = self._meters[0]
        metrics.include(DispatchMetrics(lambda: self._targets.pools))
        metrics.watch("gateway_connections", "Open connections.", lambda: len(self._connections))
        metrics.watch("gateway_usage_last_seq", "Last usage record.", lambda: usage.last_seq)
        metrics.watch("gateway_spool_blocked", "1 if no call is served.", lambda: usage.is_blocked)
        metrics.watch("gateway_state_refused", "1 if one is.", lambda: bool(self._keeper.refusal))
        metrics.watch(
            "gateway_waiting",
            "Calls that wait for a first replica.",
            lambda: self._waiting.waiting().total(),
        )
        metrics.watch("gateway_quota_alone", "1 without ledger.", lambda: quotas.is_alone)
        metrics.watch("gateway_compiled", "0 where it runs as plain Python.", is_loaded)

    def _accept(self) -> asyncio.Protocol:
        if len(self._connections) >= MAX_CONNECTIONS:
            return _Refused()
        return Connection(self.app, self._connections, self._patience)

    def _connect(self, address: str) -> Upstream:
        timeout = self._settings.instance_timeout.total_seconds()
        return Upstream(address, timeout=timeout, together=MAX_TOGETHER)

    def _use_endpoints(self, found: EndpointList) -> None:
        self._targets.use_endpoints(found.endpoints)
        self._waiting.look(self._loop.time())

    def _sweep(self) -> None:
        now = self._loop.time()
        self._waiting.look(now)
        for connection in list(self._connections):
            connection.sweep(now)
        for upstream in (self._agent, self._scheduler, *self._targets.upstreams):
            upstream.sweep(now)

    def _look(self) -> None:
        self._health.look(self._targets.pools)

    async def _drain(self) -> None:
        for connection in list(self._connections):
            connection.finish()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                while self._connections:  # noqa: ASYNC110 - once, bounded, at the end of the process
                    await asyncio.sleep(0.02)
        for connection in list(self._connections):
            connection.abort()


class _Refused(asyncio.Protocol):
    """A connection that is one too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def _call_limits(settings: GatewaySettings) -> CallLimits:
    return CallLimits(
        max_body_bytes=settings.max_body_bytes,
        longest_seconds=settings.instance_timeout.total_seconds(),
        wake_seconds=settings.wake_patience.total_seconds(),
    )


def _patience(settings: GatewaySettings) -> Patience:
    return Patience(
        head=settings.head_timeout.total_seconds(),
        body=settings.body_timeout.total_seconds(),
        idle=settings.idle_timeout.total_seconds(),
    )


def _redis(url: str) -> QuotaLedger:
    # Imported only where it is used: a gateway without Redis does not pay for its client.
    from edge_gateway.adapters.redis_quota import RedisQuotaLedger  # noqa: PLC0415 - only where Redis is used

    return RedisQuotaLedger(url)


def _meter(settings: GatewaySettings, folder: Path) -> Meter:
    spool = SpoolWriter(folder)
    for damage in spool.damage:
        _log.critical(
            "spool %s is damaged: records %d to %d of epoch %d are affected; what is left is in %s",
            folder.name,
            damage.first,
            damage.last,
            damage.epoch,
            damage.copy.name,
        )
    seconds = settings.sync_window.total_seconds()
    return Meter(spool, sync_seconds=seconds, is_strict=settings.strict)


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Workers share the port; the kernel spreads connections over them.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((host, port))
    return listener


async def _every(seconds: float, act: Callable[[], object]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            act()
        except Exception:  # noqa: BLE001 - a timer that ends in silence would be worse
            _log.exception("what is done every %s s failed; it is tried again", seconds)
