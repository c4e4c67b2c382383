"""A center in a process of its own, over the database that was settled before, and its callers."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from center.permissions import Permission, declared_permissions
from tests.center_tenants import Tenants, migrated_center, settle
from tests.center_world import EdgeWorld, Person
from tests.servers.process import accepts, free_port, running

_SETTINGS = {
    "sign_in_attempts": 1_000_000,
    "sign_in_attempts_per_address": 1_000_000,
    "enrolment_lifetime": "PT12H",
    "invitation_lifetime": "PT72H",
}
Headers = dict[str, str]


@dataclass
class Caller:
    """Somebody with a credential, which is got anew where it was lost."""

    name: str
    role: str
    credential: Callable[[], Headers]
    headers: Headers = field(default_factory=dict)

    def renew(self) -> None:
        """Present a credential that is valid now."""
        self.headers = self.credential()


@dataclass
class Running:
    """The process: its address, its log, and what it stands on."""

    url: str
    log: Path
    tenants: Tenants
    callers: list[Caller]
    permissions: Mapping[tuple[str, str], Permission]
    document: dict[str, Any]


@contextmanager
def running_center(database_url: str, folder: Path) -> Iterator[Running]:
    """Settle a center, then run it as `python -m center` does for as long as the block lasts."""
    with migrated_center(database_url, folder, **_SETTINGS) as world:
        tenants = settle(world)
        permissions = declared_permissions(world.app)
        port = free_port()
        environment = {
            "CENTER_DATA": str(folder / "data"),
            "CENTER_DATABASE_URL": database_url,
            "CENTER_PORT": str(port),
            "CENTER_LOG_LEVEL": "WARNING",
            **{f"CENTER_{name.upper()}": str(value) for name, value in _SETTINGS.items()},
        }
        log = folder / "center.log"
        command = [sys.executable, "-m", "center"]
        with running(
            command,
            log=log,
            is_ready=lambda: accepts(port),
            environment={**os.environ, **environment},
        ):
            url = f"http://127.0.0.1:{port}"
            document = requests.get(f"{url}/openapi.json", timeout=30).json()
            callers = _callers(url, tenants)
            for caller in callers:
                caller.renew()
            yield Running(url, log, tenants, callers, permissions, document)


def _callers(url: str, tenants: Tenants) -> list[Caller]:
    own = tenants.by_province["zhejiang"]
    world = tenants.world
    return [
        Caller("anonymous", "anonymous", dict),
        Caller("engineer", "engineer", lambda: _session(url, tenants.shop.author)),
        Caller("operator", "operator", lambda: _session(url, own.operator)),
        Caller("operator's token", "operator", lambda: _api_token(url, own.operator)),
        Caller("admin", "admin", lambda: _session(url, world.admin)),
        Caller("admin's token", "admin", lambda: _api_token(url, world.admin)),
        Caller("edge", "edge", lambda: _edge_token(own.edge)),
    ]


def _session(url: str, person: Person) -> Headers:
    body = {"name": person.name, "password": "a long sentence for tests"}
    answer = requests.post(f"{url}/api/v1/sessions", json=body, timeout=30)
    answer.raise_for_status()
    cookie = f"jiuzhou_session={answer.cookies['jiuzhou_session']}"
    return {"Cookie": cookie, "X-CSRF-Token": answer.json()["csrf_token"]}


def _api_token(url: str, person: Person) -> Headers:
    headers = _session(url, person)
    body = {"label": "campaign"}
    answer = requests.post(f"{url}/api/v1/api-tokens", json=body, headers=headers, timeout=30)
    answer.raise_for_status()
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def _edge_token(edge: EdgeWorld) -> Headers:
    return {"Authorization": f"Bearer {edge.ask_token().json()['access_token']}"}
