"""Finds out within seconds that a PostgreSQL does not answer any more: before a statement, and within.

A server that is frozen, or behind a link that swallows packets, keeps its connections open: libpq then
waits for ever. SQLAlchemy's own ping would too, so this one asks by hand and waits for so long. While a
statement runs, a second connection tells a slow statement from a silent server.
"""

import select
import time
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.waiting import READY_NONE
from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

PATIENCE_SECONDS = 1.0
CONNECT_SECONDS = 2
"""For a new connection; libpq counts whole seconds, and no fewer."""


def watch(engine: Engine) -> None:
    """Have an engine's connections notice that their server is silent."""
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "checkout", _require_answer)


class WatchedConnection(psycopg.Connection[Any]):
    """A connection whose statements end when the server does not answer, however long they may take."""

    def wait(self, gen: PQGen[RV], *arguments: Any, **options: Any) -> RV:  # noqa: ANN401 - psycopg's own
        """Wait as psycopg does, and look after the server meanwhile."""
        return super().wait(self._watched(gen), *arguments, **options)

    def _watched(self, gen: PQGen[RV]) -> PQGen[RV]:
        """Pass a statement's waiting on; psycopg wakes it up ten times a second.

        Raises:
            OperationalError: The server has fallen silent; this connection is closed then.
        """
        asked = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready == READY_NONE and time.monotonic() - asked > PATIENCE_SECONDS:
                    self._require_server()
                    asked = time.monotonic()
                wanted = gen.send(ready)
        except StopIteration as end:
            answer: RV = end.value
            return answer

    def _require_server(self) -> None:
        try:
            other = psycopg.connect(
                self.info.dsn,
                password=self.info.password or None,
                connect_timeout=CONNECT_SECONDS,
            )
        except psycopg.errors.ConnectionTimeout:
            self.close()
            raise psycopg.OperationalError("PostgreSQL fell silent during a statement") from None
        except psycopg.OperationalError:
            return  # it answers, such as that it has connections enough
        other.close()


def _connect(_: object, __: object, arguments: list[Any], options: dict[str, Any]) -> Any:  # noqa: ANN401 - a DBAPI connection
    return WatchedConnection.connect(*arguments, **options)


def _require_answer(connection: Any, _record: object, _proxy: object) -> None:  # noqa: ANN401 - psycopg's
    """Raise where the server is silent: the pool then makes a new connection, or fails in its time."""
    if not _answers(connection):
        raise DisconnectionError("PostgreSQL does not answer on a pooled connection")


def _answers(connection: Any) -> bool:  # noqa: ANN401 - psycopg's
    wire, deadline = connection.pgconn, time.monotonic() + PATIENCE_SECONDS
    waiter = select.poll()
    waiter.register(wire.socket, select.POLLIN)
    try:
        wire.send_query(b"")
        while True:
            # Where a result is not whole, libpq waits for its rest without letting any thread run.
            while wire.is_busy():
                left = deadline - time.monotonic()
                if left <= 0 or not waiter.poll(left * 1000):
                    return False
                wire.consume_input()
            if wire.get_result() is None:
                return True
    except psycopg.OperationalError:
        return False
