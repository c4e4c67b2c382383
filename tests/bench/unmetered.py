"""A gateway that keeps no books: only to measure what writing them costs. Nothing ships this switch."""

import sys
from pathlib import Path

import uvloop
from pydantic_settings import CliApp

from capability_sdk.kit import logs
from capability_sdk.spool import SpoolWriter
from edge_gateway.gateway.metering import Meter
from edge_gateway.gateway.server import GatewayServer
from edge_gateway.gateway.settings import GatewaySettings
from edge_gateway.state import load_site


class _NoSpool(SpoolWriter):
    """Takes every record and writes none."""

    def append(self, payload: bytes) -> int:  # noqa: ARG002 - dropped
        return 0

    def flush(self) -> None:
        pass


async def _serve() -> None:
    settings = CliApp.run(GatewaySettings, cli_args=sys.argv[1:])
    server = GatewayServer(settings, load_site(settings.data))
    spool = _NoSpool(Path(settings.data, "none"))
    server.app._inference.meter = Meter(spool)  # noqa: SLF001 - a switch that the product must not have
    await server.run()


if __name__ == "__main__":
    logs.configure()
    uvloop.run(_serve())
