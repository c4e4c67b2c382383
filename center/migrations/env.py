"""Alembic's environment: run by `center.schema`, or by ``alembic -c center/migrations/alembic.ini``.

From the command line, ``-x url=…`` names the database to compare with or to change.
"""

from alembic import context
from sqlalchemy import Connection

from center import rows
from center.database import Database


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=rows.metadata,
        render_as_batch=True,  # SQLite changes a table by rebuilding it
        compare_type=True,
        user_module_prefix="columns.",
        transaction_per_migration=False,
    )
    # The transaction, and the lock that comes with it, are the caller's.
    context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    database = Database(context.get_x_argument(as_dictionary=True)["url"])
    with database.migration() as connection:
        _run(connection)
    database.close()
