"""A PostgreSQL that is frozen or killed under a center: every route says so, and nothing hangs (C06)."""

import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from center.permissions import Permission, declared_permissions
from tests.center_world import World, running_center
from tests.servers.postgresql import create_database, postgresql_server

_PATIENCE_SECONDS = 120
"""For all routes at once on a crowded machine; one of them takes three seconds."""
_WITHOUT_A_DATABASE = {"/api/v1/sign-in-options", "/api/v1/oidc/start", "/api/v1/oidc/callback"}


class Frozen:
    """Every process of one PostgreSQL, stopped in the middle of whatever it did."""

    def __init__(self, folder: Path) -> None:
        self._main = int((folder / "data" / "postmaster.pid").read_text().split()[0])

    def _processes(self) -> list[int]:
        children = Path(f"/proc/{self._main}/task/{self._main}/children").read_text().split()
        return [self._main, *map(int, children)]

    def freeze(self) -> None:
        for process in self._processes():
            os.kill(process, signal.SIGSTOP)

    def thaw(self) -> None:
        for process in self._processes():
            os.kill(process, signal.SIGCONT)


@contextmanager
def _server() -> Iterator[tuple[str, Frozen]]:
    # Not below pytest's own folder: that is closed to every other user, and PostgreSQL runs as one.
    with tempfile.TemporaryDirectory(prefix="jiuzhou-frozen-") as name:
        folder = Path(name)
        with postgresql_server(folder) as address:
            server = Frozen(folder)
            try:
                yield create_database(address, "center"), server
            finally:
                server.thaw()


@pytest.fixture
def frozen(tmp_path: Path) -> Iterator[tuple[World, Frozen]]:
    with _server() as (url, server), running_center(url, tmp_path) as world:
        world.add_province("zhejiang")
        yield world, server


def _routes(world: World) -> list[tuple[str, str, Permission]]:
    declared = declared_permissions(world.app)
    return [
        (method, path.replace("{", "").replace("}", ""), right)
        for (method, path), right in declared.items()
        if path.startswith("/api/") and path not in _WITHOUT_A_DATABASE
    ]


def _all_at_once(asks: list[Callable[[], tuple[str, int]]]) -> list[tuple[str, int]]:
    with ThreadPoolExecutor(20) as pool:
        pending = [pool.submit(ask) for ask in asks]
        done, hanging = wait(pending, _PATIENCE_SECONDS)
        assert not hanging, f"{len(hanging)} routes hang"
    return [one.result() for one in done]


def test_C06_every_route_that_asks_who_asks_says_503_while_the_database_is_frozen(
    frozen: tuple[World, Frozen],
) -> None:
    world, server = frozen
    routes = [item for item in _routes(world) if item[2] is not Permission.ANYONE]
    before = world.admin.get("/audit:verify").json()

    def ask(method: str, path: str) -> tuple[str, int]:
        http: TestClient = world.admin.http
        return f"{method} {path}", http.request(method, path).status_code

    server.freeze()
    try:
        found = _all_at_once([lambda m=m, p=p: ask(m, p) for m, p, _ in routes])  # type: ignore[misc]  # bound now
    finally:
        server.thaw()

    assert [one for one in found if one[1] != 503] == []
    assert len(found) > 90
    assert world.admin.get("/audit:verify").json() == before
    assert world.admin.get("/me").status_code == 200
