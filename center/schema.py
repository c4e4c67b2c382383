"""Brings a database to the tables of this release; refuses one from a later release."""

import re
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from center.database import Database

_LOCK = 0x6A69757A  # any constant that no other program takes on the same server
_LOCK_WAIT_SECONDS = 120
_VERSIONS: Final = Path(__file__).parent / "migrations" / "versions"
_NAMED: Final = re.compile(r"^(down_)?revision = ['\"](\w+)['\"]$", re.MULTILINE)


class DatabaseTooNew(RuntimeError):
    """The database was migrated by a later release than this one."""


class MigrationBroken(RuntimeError):
    """A migration could not start, or left rows that refer to nothing."""


def migrate(database: Database) -> None:
    """Upgrade the tables in one transaction, while other processes wait for it.

    MySQL and MariaDB commit each change of a table by themselves; there a failed migration stops
    between two steps and must be repaired by hand.

    Raises:
        DatabaseTooNew: The database belongs to a later release.
        MigrationBroken: Another process migrates for too long, or references are broken.
    """
    known, newest = revisions()
    with database.migration() as connection:
        _lock(connection)
        present = _present(connection)
        _refuse_newer(present - known)
        if present != newest:
            from center.migrations.upgrade import upgrade  # noqa: PLC0415 - Alembic takes memory

            upgrade(connection)
        _check_references(connection)


def revisions() -> tuple[set[str], set[str]]:
    """Read off the migrations' files all revisions, and those that no other follows."""
    known, followed = set[str](), set[str]()
    for file in _VERSIONS.glob("*.py"):
        for is_followed, name in _NAMED.findall(file.read_text(encoding="utf-8")):
            (followed if is_followed else known).add(name)
    return known, known - followed


def _lock(connection: Connection) -> None:
    name = connection.dialect.name
    if name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    elif name in ("mysql", "mariadb"):
        # Held until the connection closes, which it does right after.
        asked = {"key": f"jiuzhou-{_LOCK}", "wait": _LOCK_WAIT_SECONDS}
        if connection.scalar(text("SELECT GET_LOCK(:key, :wait)"), asked) != 1:
            raise MigrationBroken("Another process has been migrating for too long.")
    # On SQLite the transaction has begun IMMEDIATE, which is the lock.


def _present(connection: Connection) -> set[str]:
    if not inspect(connection).has_table("alembic_version"):
        return set()
    return set(connection.scalars(text("SELECT version_num FROM alembic_version")))


def _refuse_newer(unknown: set[str]) -> None:
    if unknown:
        raise DatabaseTooNew(
            f"The database is at revision {', '.join(sorted(unknown))}, which this release does "
            "not know: it was used by a later release. Start that release, or restore the backup "
            "from before the upgrade."
        )


def _check_references(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        tables = sorted({row[0] for row in broken})
        raise MigrationBroken(f"Rows of {', '.join(tables)} refer to rows that do not exist.")
