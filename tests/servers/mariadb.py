"""A real MariaDB."""

import getpass
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql

from tests.servers.process import find_program, free_port, running


@contextmanager
def mariadb_server(folder: Path) -> Iterator[str]:
    """Run MariaDB on loopback; yields ``host:port`` with the user ``jiuzhou``, no password."""
    server = find_program("mariadbd")
    install = find_program("mariadb-install-db")
    port = free_port()
    data = folder / "data"
    user = getpass.getuser()
    subprocess.run(
        [
            *(install, "--no-defaults", f"--datadir={data}", f"--user={user}"),
            *("--auth-root-authentication-method=normal", "--skip-test-db"),
        ],
        check=True,
        capture_output=True,
    )
    command = [
        *(server, "--no-defaults", f"--datadir={data}", f"--user={user}"),
        *("--bind-address=127.0.0.1", f"--port={port}", f"--socket={folder / 'mariadb.sock'}"),
        *("--innodb-flush-log-at-trx-commit=0", "--max-connections=200"),
        *("--character-set-server=utf8mb4", "--transaction-isolation=REPEATABLE-READ"),
    ]

    def is_ready() -> bool:
        try:
            connect(port).close()
        except pymysql.err.OperationalError:
            return False
        return True

    with running(command, log=folder / "mariadb.log", is_ready=is_ready):
        yield f"127.0.0.1:{port}"


def connect(port: int) -> "pymysql.connections.Connection[pymysql.cursors.Cursor]":
    """Connect to the server as its administrator."""
    return pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True)


def create_database(address: str, name: str) -> str:
    """Make an empty database and return its SQLAlchemy URL."""
    connection = connect(int(address.rsplit(":", 1)[1]))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
    connection.close()
    return f"mysql+pymysql://root@{address}/{name}?charset=utf8mb4"
