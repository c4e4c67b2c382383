"""The parts that every FastAPI service of the house has: problems, health, metrics, a server."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI, Response, params
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from capability_sdk import __version__
from capability_sdk.kit import openapi, problems

_START_FAILED = 3

Readiness = Callable[[], Awaitable[dict[str, Any]]]
"""Returns what a service depends on; raises `Unavailable` where it cannot work."""


def create_service(
    title: str,
    *,
    registry: CollectorRegistry,
    readiness: Readiness,
    lifespan: Callable[[FastAPI], Any] | None = None,
    description: str = "",
    metrics_guard: Sequence[params.Depends] = (),
    max_body_bytes: int | None = None,
) -> FastAPI:
    """Make the application that a service adds its routers to.

    Args:
        title: Name of the service.
        registry: What ``/metrics`` shows.
        readiness: What ``/health/ready`` asks.
        lifespan: Runs around the service's life.
        description: Text of the OpenAPI document.
        metrics_guard: Dependencies that decide who may read ``/metrics``.
        max_body_bytes: Largest request body where a route sets no limit of its own.
    """
    app = FastAPI(
        title=title,
        # An address with a slash too many is no other address: it would be a redirect to wherever
        # the request's Host says.
        redirect_slashes=False,
        description=description,
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    # Set on the router, not on the application: there it would act outside of the middleware
    # that turns its plain answer into a problem document.
    app.router.max_body_size = max_body_bytes
    problems.install(app)
    openapi.install(app)

    _add_health(app, readiness)
    _add_metrics(app, registry, metrics_guard)
    return app


def _add_metrics(
    app: FastAPI, registry: CollectorRegistry, guard: Sequence[params.Depends]
) -> None:
    @app.get(
        "/metrics",
        tags=["health"],
        dependencies=guard,
        response_class=PlainTextResponse,
        responses=problems.problem_responses(401, 403, 503) if guard else {},
    )
    async def metrics() -> Response:
        """Prometheus metrics of this process."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _add_health(app: FastAPI, readiness: Readiness) -> None:
    @app.get("/health/live", tags=["health"])
    async def live() -> dict[str, str]:
        """Tell that the process runs."""
        return {"status": "live"}

    @app.get("/health/ready", tags=["health"], responses=problems.problem_responses(503))
    async def ready() -> JSONResponse:
        """Tell that the service can do its work, and what it stands on."""
        return JSONResponse({"status": "ready", **await readiness()})


def serve(
    app: Any,  # noqa: ANN401 - any ASGI application
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    uds: Path | None = None,
    on_stop: Callable[[], None] | None = None,
) -> None:
    """Serve an ASGI application until SIGTERM or Ctrl-C; requests in flight get 10 seconds.

    ``on_stop`` is called at the signal, before the server waits for those requests, so that a
    service can answer its long polls at once.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        uds=str(uds) if uds else None,
        loop="uvloop",
        http="httptools",
        access_log=False,
        server_header=False,
        log_config=None,
        timeout_graceful_shutdown=10,
    )
    server = _Server(config, on_stop)
    server.run()
    if not server.started:
        sys.exit(_START_FAILED)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._on_stop is not None:
            self._on_stop()
        super().handle_exit(sig, frame)
