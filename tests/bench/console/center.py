"""A center over a country's figures, for as long as its console is measured."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import httpx

from capability_sdk.contracts.errors import Conflict
from capability_sdk.kit.clock import system_clock
from center.database import Database
from center.identity.service.users import create_first_admin
from center.schema import migrate
from center.settings import CenterSettings
from tests.bench.country_lists import PASSWORD
from tests.servers.process import free_port, running

NAME = "root"


@contextmanager
def running_center(data: Path, log: Path) -> Iterator[str]:
    """Serve a center's data folder and yield its address; its first admin is made where there is none."""
    with closing(Database(CenterSettings(data=data).sqlalchemy_url)) as database:
        migrate(database)
        with suppress(Conflict):
            create_first_admin(database, NAME, PASSWORD, system_clock())
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    settings = {"CENTER_DATA": str(data), "CENTER_PORT": str(port), "CENTER_PUBLIC_URL": address}
    command = (sys.executable, "-m", "center")
    with running(
        command, log=log, is_ready=lambda: _is_ready(address), environment=settings, poll_seconds=1
    ):
        yield address


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health/ready", timeout=5).is_success
    except httpx.TransportError:
        return False
