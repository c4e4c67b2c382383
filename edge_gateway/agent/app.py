"""The agent's application: its HTTP face, and its loops as long as that is served."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from capability_sdk.contracts.errors import Unavailable
from capability_sdk.kit.files import read_or_create_secret
from capability_sdk.kit.local_credential import INTERNAL_TOKEN_FILE, require_local_credential
from capability_sdk.kit.service import create_service
from edge_gateway.agent import api
from edge_gateway.agent.parts import Agent
from edge_gateway.agent.settings import AgentSettings

_MAX_BODY_BYTES = 65_536


def create_app(province: Path, settings: AgentSettings) -> FastAPI:
    """Make the agent of a province.

    Raises:
        NotEnrolled: The folder holds no enrolled province.
        SpoolBusy: Another agent runs on the folder.
    """
    agent = Agent(province, settings)
    secret = read_or_create_secret(province / INTERNAL_TOKEN_FILE)
    guard = Depends(require_local_credential(secret))
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Figures(agent))

    async def readiness() -> dict[str, Any]:
        current = agent.states.current
        if current is None:
            raise Unavailable("The province has no desired state yet.")
        return {"state_revision": current.view.revision}

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        running = asyncio.create_task(agent.run(), name="agent")
        yield
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await agent.close()

    app = create_service(
        "Jiuzhou agent",
        registry=registry,
        readiness=readiness,
        lifespan=lifespan,
        metrics_guard=[guard],
        max_body_bytes=_MAX_BODY_BYTES,
    )
    app.state.agent = agent
    app.include_router(api.router, dependencies=[guard])
    api.install_token_errors(app)
    return app


class _Figures(Collector):
    """Prometheus figures, read when they are asked for."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    def collect(self) -> list[GaugeMetricFamily]:
        """Return the present figures."""
        status = self._agent.status()
        waiting = GaugeMetricFamily(
            "agent_backlog_records", "Records that wait for the center.", labels=["stream"]
        )
        for stream, records in status["backlog"].items():
            waiting.add_metric([stream], records)
        left_out = GaugeMetricFamily(
            "agent_left_out", "Things left out by rule, since the first start.", labels=["reason"]
        )
        for reason, amount in status["left_out"].items():
            left_out.add_metric([reason], amount)
        return [
            waiting,
            left_out,
            _gauge("agent_state_revision", "Desired state in force.", status["state_revision"]),
            _gauge("agent_state_refused", "1 if one was.", int(bool(status["state_refusal"]))),
            _gauge("agent_held_streams", "Streams stopped.", len(status["standing_still"])),
            _gauge("agent_autonomous", "1 if all goes on.", int(self._agent.autonomy.autonomous)),
            _gauge("agent_center_away", "1 while away.", int(bool(status["center_trouble"]))),
        ]


def _gauge(name: str, text: str, value: int) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
