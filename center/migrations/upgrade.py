"""Takes a database's missing steps; the one importer of Alembic, which stays in memory (ADR 2)."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(connection: Connection) -> None:
    """Bring the tables to the newest revision, in the connection's own transaction."""
    config = Config(attributes={"configure_logger": False, "connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent))
    command.upgrade(config, "head")
