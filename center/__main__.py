"""``python -m center``: migrates the database, then serves."""

import gc
import sys

from sqlalchemy.exc import DBAPIError

from capability_sdk.kit import logs
from capability_sdk.kit.service import serve
from center.access.errors import MasterKeyMismatch
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
        app = create_app(settings)
    except (DatabaseTooNew, MigrationBroken, MasterKeyMismatch) as error:
        return _refuse(str(error))
    except DBAPIError as error:
        return _refuse(
            f"the database cannot be used ({error.orig}): is it running, writable and undamaged?"
        )
    finally:
        database.close()
    # What stands here now stands for good: collections that look through it all, some 200 ms of
    # CPU each, would be paid by whoever asks just then.
    gc.freeze()
    # Edges that wait for news are answered at once, so that a stop takes no ten seconds.
    serve(app, host=settings.host, port=settings.port, on_stop=app.state.change_feed.close)
    return 0


def _refuse(reason: str) -> int:
    sys.stderr.write(f"center: {reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
