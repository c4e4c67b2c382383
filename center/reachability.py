"""Finds out within a second whether a pooled connection's PostgreSQL still answers.

A server that is frozen, or behind a link that swallows packets, keeps its connections open: libpq then
waits for ever. SQLAlchemy's own ping would too, so this one asks by hand and waits for so long.
"""

import select
import time
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

PATIENCE_SECONDS = 1.0


def ask_before_use(engine: Engine) -> None:
    """Have each connection that leaves the pool asked whether its server answers."""
    event.listen(engine, "checkout", _require_answer)


def _require_answer(connection: Any, _record: object, _proxy: object) -> None:  # noqa: ANN401 - psycopg's
    """Raise where the server is silent: the pool then makes a new connection, or fails in its time."""
    if not _answers(connection):
        raise DisconnectionError("PostgreSQL does not answer on a pooled connection")


def _answers(connection: Any) -> bool:  # noqa: ANN401 - psycopg's
    from psycopg import OperationalError  # noqa: PLC0415 - the driver is an extra

    wire, deadline = connection.pgconn, time.monotonic() + PATIENCE_SECONDS
    waiter = select.poll()
    waiter.register(wire.socket, select.POLLIN)
    try:
        wire.send_query(b"")
        while wire.is_busy():
            left = deadline - time.monotonic()
            if left <= 0 or not waiter.poll(left * 1000):
                return False
            wire.consume_input()
        while wire.get_result() is not None:
            pass
    except OperationalError:
        return False
    return True
