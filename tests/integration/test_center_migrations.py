"""The migrations make the tables that the rows declare, on every engine, once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from center import migrations, rows
from center.database import Database
from center.schema import migrate, revisions

_REVISIONS = list((Path(migrations.__file__).parent / "versions").glob("*.py"))
pytestmark = pytest.mark.skipif(not _REVISIONS, reason="the first revision is not there yet")


def _migrate(url: str) -> None:
    database = Database(url)
    try:
        migrate(database)
    finally:
        database.close()


def _differences(url: str) -> list[object]:
    database = Database(url)
    try:
        with database.migration() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return list(compare_metadata(context, rows.metadata))
    finally:
        database.close()


def test_migrated_tables_are_those_that_the_rows_declare(empty_database_url: str) -> None:
    _migrate(empty_database_url)
    _migrate(empty_database_url)

    assert _differences(empty_database_url) == []


def test_centers_that_start_at_once_migrate_one_after_the_other(empty_database_url: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(_migrate, [empty_database_url] * 3))

    assert _differences(empty_database_url) == []


def test_the_revisions_read_without_alembic_are_alembics() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    script = ScriptDirectory.from_config(config)

    known = {revision.revision for revision in script.walk_revisions()}
    assert revisions() == (known, set(script.get_heads()))
