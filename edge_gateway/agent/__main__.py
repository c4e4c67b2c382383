"""``python -m edge_gateway.agent --data PROVINCE_DIR``: one province's agent."""

import argparse
import logging
import os
import socket
import sys
from pathlib import Path

import uvicorn
from pydantic import ValidationError

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.kit import logs
from edge_gateway.agent.app import create_app
from edge_gateway.agent.settings import AgentSettings

SOCKET_FILE = "agent.sock"
_log = logging.getLogger("edge_gateway.agent")


def main() -> int:
    """Serve until SIGTERM; return the exit code: 2 bad settings, 3 cannot start."""
    parser = argparse.ArgumentParser(prog="edge_gateway.agent", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the province's folder")
    province: Path = parser.parse_args().data
    logs.configure()
    try:
        settings = AgentSettings()
    except ValidationError as error:
        for item in error.errors():
            _log.error("AGENT_%s: %s", "_".join(map(str, item["loc"])).upper(), item["msg"])
        return 2
    try:
        app = create_app(province, settings)
        listener = _listen(province / SOCKET_FILE)
    except ServiceError as error:
        _log.critical("%s: %s", error.title, error)
        return 3
    except OSError as error:
        _log.critical("cannot listen on %s: %s", SOCKET_FILE, error.strerror or error)
        return 3
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        access_log=False,
        server_header=False,
        log_config=None,
        timeout_graceful_shutdown=5,
    )
    uvicorn.Server(config).run(sockets=[listener])
    return 0


def _listen(path: Path) -> socket.socket:
    """Bind a Unix socket that only its owner can open, from its first moment on."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(mask)
    return listener


if __name__ == "__main__":
    sys.exit(main())
