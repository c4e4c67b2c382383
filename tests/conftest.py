"""Fixtures that every suite shares: real servers and real data."""

import gc
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import center_tables
from tests.servers import mariadb, postgresql, redis
from tests.servers.kubernetes.controlplane import ControlPlane, running_control_plane
from tests.servers.kubernetes.program import program
from tests.servers.nacos import Nacos, running_nacos
from tests.servers.process import missing_servers

_BUILD_SECONDS = 1800
"""What a test may take that waits for the control plane to be built."""


_HERE = Path(__file__).parent
_ENGINES = ("sqlite", "postgresql", "mariadb")
_LONGEST_FIRST = ("campaigns", "browser", "e2e", "integration")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which servers were missed, and the one command that installs them."""
    missing = missing_servers()
    if missing:
        terminalreporter.section("servers that are not installed", yellow=True)
        terminalreporter.line(f"Tests that need {', '.join(missing)} were skipped.")
        terminalreporter.line("Install them with: make servers peers nacos keycloak control-plane")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker has to wait for another's file at the end.

    What needs the control plane comes last, and waits: its program may still be built. A file is
    one worker's, so that its place is that of all its tests.
    """
    needing = [item for item in items if "control_plane" in getattr(item, "fixturenames", ())]
    for item in needing:
        item.add_marker(pytest.mark.timeout(_BUILD_SECONDS))
    last = {item.path for item in needing}
    places = {name: place for place, name in enumerate(_LONGEST_FIRST)}

    def place_of(item: pytest.Item) -> tuple[bool, int]:
        folder = item.path.relative_to(_HERE).parts[0]
        return item.path in last, places.get(folder, len(places))

    items.sort(key=place_of)


def pytest_collection_finish() -> None:
    """Look through what was collected no more: it lives until the end, and is a million objects."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def _postgresql() -> Iterator[str]:
    # Not below pytest's own folder: that is closed to every other user, and PostgreSQL runs as one.
    with (
        tempfile.TemporaryDirectory(prefix="jiuzhou-postgresql-") as folder,
        postgresql.postgresql_server(Path(folder)) as address,
    ):
        yield address


@pytest.fixture(scope="session")
def _mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mariadb.mariadb_server(tmp_path_factory.mktemp("mariadb")) as address:
        yield address


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a real Redis of this session; isolate tests by key names."""
    with redis.redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A real Kubernetes control plane with two fake nodes; isolate tests by namespaces."""
    with running_control_plane(program(), tmp_path_factory.mktemp("kubernetes") / "plane") as plane:
        yield plane


@pytest.fixture(scope="session")
def nacos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nacos]:
    """Run a real Nacos for this session; isolate tests by namespace, and never stop this one."""
    with running_nacos(tmp_path_factory.mktemp("nacos")) as server:
        yield server


@pytest.fixture
def postgresql_url(_postgresql: str) -> str:
    """SQLAlchemy URL of a fresh database on a real PostgreSQL."""
    return postgresql.create_database(_postgresql, f"t{secrets.token_hex(6)}")


@pytest.fixture
def mariadb_url(_mariadb: str) -> str:
    """SQLAlchemy URL of a fresh database on a real MariaDB."""
    return mariadb.create_database(_mariadb, f"t{secrets.token_hex(6)}")


@pytest.fixture(params=_ENGINES)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """SQLAlchemy URL of a fresh database without a table, on each engine in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'center.db'}"
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
def _sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tables") / "center.db"
    center_tables.with_tables(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def _postgresql_tables(_postgresql: str) -> str:
    return center_tables.with_tables(postgresql.create_database(_postgresql, "tables"))


@pytest.fixture(scope="session")
def _mariadb_tables(_mariadb: str) -> str:
    return center_tables.with_tables(mariadb.create_database(_mariadb, "tables"))


@pytest.fixture(params=_ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """SQLAlchemy URL of a database with the center's tables and no row, on each engine in turn.

    A server's is the same for every test, emptied: only SQLite's is a test's own after its end.
    """
    if request.param == "sqlite":
        file = tmp_path / "center.db"
        shutil.copyfile(request.getfixturevalue("_sqlite_tables"), file)
        return f"sqlite:///{file}"
    return center_tables.emptied(request.getfixturevalue(f"_{request.param}_tables"))


@pytest.fixture(scope="module", params=_ENGINES)
def lasting_database_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """SQLAlchemy URL of a database that a whole module shares, on each engine in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('shared') / 'center.db'}"
    create = {"postgresql": postgresql.create_database, "mariadb": mariadb.create_database}
    address = request.getfixturevalue(f"_{request.param}")
    return create[request.param](address, f"t{secrets.token_hex(6)}")


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Folder of real data sets, named by ``JIUZHOU_TEST_DATA``."""
    folder = Path(os.environ.get("JIUZHOU_TEST_DATA", "../shared/data"))
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is not a folder; set JIUZHOU_TEST_DATA")
    return folder
