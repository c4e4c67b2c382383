"""Brings a database to the tables of this release; refuses one from a later release."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from center.database import Database

_LOCK = 0x6A69757A  # any constant that no other program takes on the same server
_LOCK_WAIT_SECONDS = 120


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
    config = Config(attributes={"configure_logger": False})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    script = ScriptDirectory.from_config(config)
    with database.migration() as connection:
        _lock(connection)
        _refuse_newer(connection, script)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        _check_references(connection)


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


def _refuse_newer(connection: Connection, script: ScriptDirectory) -> None:
    known = {revision.revision for revision in script.walk_revisions()}
    unknown = set(MigrationContext.configure(connection).get_current_heads()) - known
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
