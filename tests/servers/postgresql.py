"""A real PostgreSQL."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.servers.process import find_program, free_port, running

_FOLDERS = [str(p) for p in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]


@contextmanager
def postgresql_server(folder: Path) -> Iterator[str]:
    """Run a new PostgreSQL with trust on loopback; yields ``host:port`` with the user ``postgres``."""
    initdb = find_program("initdb", *_FOLDERS)
    data = folder / "data"
    data.mkdir()
    # PostgreSQL refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        shutil.chown(data, user)
        folder.chmod(0o711)
    subprocess.run(
        [initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True,
        capture_output=True,
        user=user,
        cwd="/",
    )
    with serving_folder(folder, free_port()) as address:
        yield address


@contextmanager
def serving_folder(folder: Path, port: int) -> Iterator[str]:
    """Run PostgreSQL over a folder that `postgresql_server` made, such as after it was killed."""
    server = find_program("postgres", *_FOLDERS)
    user = "postgres" if os.geteuid() == 0 else None
    command = [
        *(server, "-D", str(folder / "data"), "-p", str(port), "-c", "listen_addresses=127.0.0.1"),
        *("-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=200"),
    ]

    def is_ready() -> bool:
        try:
            connect(port, "postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    with running(command, log=folder / "postgresql.log", is_ready=is_ready, user=user):
        yield f"127.0.0.1:{port}"


def connect(port: int, database: str) -> psycopg.Connection[tuple[object, ...]]:
    """Connect to a database of the server, committing each statement."""
    return psycopg.connect(
        host="127.0.0.1", port=port, user="postgres", dbname=database, autocommit=True
    )


def create_database(address: str, name: str) -> str:
    """Make an empty database and return its SQLAlchemy URL."""
    with connect(int(address.rsplit(":", 1)[1]), "postgres") as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"postgresql+psycopg://postgres@{address}/{name}"
