"""``python -m center``: migrates the database, then serves."""

import sys

from capability_sdk.kit import logs
from capability_sdk.kit.service import serve
from center.app import create_app
from center.database import Database
from center.schema import DatabaseTooNew, MigrationBroken, migrate
from center.settings import CenterSettings


def main() -> int:
    """Serve until SIGTERM or Ctrl-C; return the exit code."""
    settings = CenterSettings()
    logs.configure(settings.log_level)
    database = Database(settings.sqlalchemy_url)
    try:
        migrate(database)
    except (DatabaseTooNew, MigrationBroken) as error:
        sys.stderr.write(f"center: {error}\n")
        return 1
    finally:
        database.close()
    serve(create_app(settings), host=settings.host, port=settings.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
