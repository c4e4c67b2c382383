"""``python -m edge_gateway.gateway``: one worker of a province's gateway."""

import logging
import sys

import uvloop
from pydantic import ValidationError
from pydantic_settings import CliApp

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.kit import logs
from edge_gateway.gateway.server import GatewayServer
from edge_gateway.gateway.settings import GatewaySettings
from edge_gateway.state import EdgeSite, load_site

_log = logging.getLogger("edge_gateway.gateway")


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM; return the exit code: 2 bad arguments, 3 cannot start."""
    logs.configure()
    try:
        settings = CliApp.run(GatewaySettings, cli_args=arguments)
    except ValidationError as error:
        for item in error.errors():
            _log.error("--%s: %s", "-".join(map(str, item["loc"])), item["msg"])
        return 2
    try:
        uvloop.run(_serve(settings, load_site(settings.data)))
    except ServiceError as error:
        _log.critical("%s: %s", error.title, error)
        return 3
    except OSError as error:
        _log.critical("cannot listen on port %d: %s", settings.port, error.strerror)
        return 3
    return 0


async def _serve(settings: GatewaySettings, site: EdgeSite) -> None:
    await GatewayServer(settings, site).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
