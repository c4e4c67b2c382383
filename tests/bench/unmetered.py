"""A gateway that keeps no books: only to measure what metering costs. Nothing ships this switch."""

import sys

import uvloop
from pydantic_settings import CliApp

from capability_sdk.kit import logs
from edge_gateway.gateway.metering import Meter, Released
from edge_gateway.gateway.server import GatewayServer
from edge_gateway.gateway.settings import GatewaySettings
from edge_gateway.state import load_site


class _NoMeter(Meter):
    """Releases every answer at once and writes nothing."""

    def __init__(self) -> None:
        self.blocked_by = None

    def record(self, payload: bytes, released: Released, *, is_lone: bool = False) -> None:  # noqa: ARG002 - dropped
        released(True)


async def _serve() -> None:
    settings = CliApp.run(GatewaySettings, cli_args=sys.argv[1:])
    server = GatewayServer(settings, load_site(settings.data))
    server.app._inference.meter = _NoMeter()  # noqa: SLF001 - a switch that the product must not have
    await server.run()


if __name__ == "__main__":
    logs.configure()
    uvloop.run(_serve())
