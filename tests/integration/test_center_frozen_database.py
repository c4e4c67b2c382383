"""A PostgreSQL that is frozen, killed or slow under a center: every route says so, nothing hangs (C06)."""

import os
import secrets
import signal
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from center.permissions import Permission, declared_permissions
from tests.campaigns.link import Link, running_link
from tests.center_world import World, running_center
from tests.servers.postgresql import connect, create_database, postgresql_server, serving_folder
from tests.waiting import eventually

_PATIENCE_SECONDS = 120
"""For all routes at once on a crowded machine; one of them takes three seconds."""
_AT_ONCE = 40
_WITHOUT_A_DATABASE = {"/api/v1/sign-in-options", "/api/v1/oidc/start", "/api/v1/oidc/callback"}
_SLOW_SECONDS = 5.0
_EMPTY_RESPONSE_BYTES = 5
"""PostgreSQL's first word to a question without words; that it is ready for the next one follows."""


@dataclass
class Server:
    """Every process of one PostgreSQL, and the line that the center reaches it by."""

    folder: Path
    port: int
    link: Link
    again: ExitStack

    def signal(self, number: signal.Signals) -> None:
        main = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for process in [main, *map(int, children)]:
            with suppress(ProcessLookupError):  # one that ends by itself
                os.kill(process, number)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)

    @contextmanager
    def slow(self) -> Iterator[None]:
        self.link.slow_down(_SLOW_SECONDS)
        try:
            yield
        finally:
            self.link.slow_down(0.0)

    @contextmanager
    def killed(self) -> Iterator[None]:
        self.signal(signal.SIGKILL)
        yield
        (self.folder / "data" / "postmaster.pid").unlink()
        self.again.enter_context(serving_folder(self.folder, self.port))

    def look(self) -> psycopg.Connection[Any]:
        return connect(self.port, "center")


@pytest.fixture(scope="module")
def shaken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Server]]:
    # Not below pytest's own folder: that is closed to every other user, and PostgreSQL runs as one.
    with tempfile.TemporaryDirectory(prefix="jiuzhou-frozen-") as name:
        folder = Path(name)
        with postgresql_server(folder) as address:
            port = int(address.rpartition(":")[2])
            create_database(address, "center")
            with ExitStack() as again, running_link(port) as link:
                url = f"postgresql+psycopg://postgres@127.0.0.1:{link.port}/center"
                with running_center(url, tmp_path_factory.mktemp("center")) as world:
                    world.add_province("zhejiang")
                    yield world, Server(folder, port, link, again)


def _routes(world: World) -> list[tuple[str, str]]:
    declared = declared_permissions(world.app)
    return [
        (method, path.replace("{", "").replace("}", ""))
        for (method, path), right in declared.items()
        if path.startswith("/api/")
        and path not in _WITHOUT_A_DATABASE
        and right is not Permission.ANYONE
    ]


def _ask_all(world: World) -> list[tuple[str, int]]:
    """Ask every route that asks who asks, and return its status."""
    http: TestClient = world.admin.http

    def ask(method: str, path: str) -> tuple[str, int]:
        return f"{method} {path}", http.request(method, path).status_code

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        pending = [pool.submit(ask, *route) for route in _routes(world)]
        done, hanging = wait(pending, _PATIENCE_SECONDS)
        assert not hanging, f"{len(hanging)} routes hang"
    return [one.result() for one in done]


@dataclass
class Adding:
    """A province that is being added, held up in the middle of its transaction."""

    answer: Future[Any]
    holder: psycopg.Connection[Any]

    def go_on(self) -> int:
        """Let it end; return its status."""
        self.holder.execute("ROLLBACK")
        return self.status()

    def status(self) -> int:
        status: int = self.answer.result(_PATIENCE_SECONDS).status_code
        return status


@pytest.fixture
def adding(shaken: tuple[World, Server]) -> Iterator[Adding]:
    world, server = shaken
    name = f"p{secrets.token_hex(4)}"
    body = {"name": name, "titles": {"zh": name, "en": name}}
    with server.look() as holder, ThreadPoolExecutor(1) as pool:
        holder.execute("BEGIN")
        holder.execute("LOCK TABLE audit_head IN ACCESS EXCLUSIVE MODE")
        answer = pool.submit(world.admin.post, "/provinces", body)
        eventually(lambda: _waits(server))
        yield Adding(answer, holder)


def _waits(server: Server) -> bool:
    """Tell whether a statement waits for a lock."""
    with server.look() as connection:
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return connection.execute(waiting).fetchone() is not None


def test_C06_a_change_that_a_freeze_meets_in_its_middle_says_so_and_leaves_no_half(
    shaken: tuple[World, Server], adding: Adding
) -> None:
    world, server = shaken
    before = world.admin.get("/provinces").json()["items"]

    with server.frozen():
        status = adding.status()
    adding.go_on()

    assert status == 503
    assert world.admin.get("/provinces").json()["items"] == before
    assert world.admin.get("/audit:verify").json()["intact"]


def test_a_statement_that_is_only_slow_goes_on(adding: Adding) -> None:
    time.sleep(2.5)  # meanwhile the center asks twice whether the server is there

    assert adding.go_on() == 201


def test_C06_a_connection_that_falls_silent_within_an_answer_is_replaced_by_a_new_one(
    shaken: tuple[World, Server],
) -> None:
    world, server = shaken
    world.admin.get("/provinces")

    server.link.break_off(after=_EMPTY_RESPONSE_BYTES)

    assert world.admin.http.get("/api/v1/provinces").status_code == 200


@pytest.mark.parametrize("how", ["frozen", "slow", "killed"])  # the last one ends the server
def test_C06_every_route_that_asks_who_asks_says_503_while_the_database_is(
    how: str, shaken: tuple[World, Server]
) -> None:
    world, server = shaken
    before = world.admin.get("/audit:verify").json()

    with getattr(server, how)():
        found = _ask_all(world)

    assert [one for one in found if one[1] != 503] == []
    assert len(found) > 200
    assert world.admin.get("/audit:verify").json() == before
