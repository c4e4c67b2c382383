"""The center's database: rows, engine, transactions. Nobody else commits.

Rows declare foreign keys but no relationships: every query says what it loads, and nothing is
loaded behind its back.
"""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session

from capability_sdk.contracts.errors import InvalidInput, Unavailable
from capability_sdk.kit.problems import problem_response

_log = logging.getLogger(__name__)
_WAIT_SECONDS = 5
_LOOK_AGAIN_SECONDS = 0.01
_MODE = "jiuzhou_mode"
_AFTER_COMMIT = "database.after_commit"
_SQLITE_BEGIN = {
    # A reading transaction that writes would fail by chance under load; here it always fails.
    "read": ("PRAGMA query_only=ON", "BEGIN"),
    "write": ("PRAGMA query_only=OFF", "BEGIN IMMEDIATE"),
    # Rebuilding a table drops it, and with foreign keys on that deletes what refers to it. Another
    # process may migrate already, which takes its time.
    "migrate": (
        "PRAGMA busy_timeout=120000",
        "PRAGMA query_only=OFF",
        "PRAGMA foreign_keys=OFF",
        "BEGIN IMMEDIATE",
    ),
}


class Base(DeclarativeBase):
    """Base of every row."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


@event.listens_for(Table, "after_parent_attach")
def _compare_exactly(table: Table, _: MetaData) -> None:
    """Names that differ in case or accent are different names, on MySQL and MariaDB too."""
    for dialect in ("mysql", "mariadb"):
        table.dialect_options[dialect]["charset"] = "utf8mb4"
        table.dialect_options[dialect]["collate"] = "utf8mb4_bin"


class Database:
    """One engine and its transactions; safe to share between threads."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        self.engine = _make_engine(parsed)
        self._reading = self.engine.execution_options(**{_MODE: "read"})
        self._writing = self.engine.execution_options(**{_MODE: "write"})
        self.session_info: dict[str, Any] = {}
        """What every session is told of, such as who follows the acts that it records."""

    @contextmanager
    def session(self, *, write: bool = True) -> Iterator[Session]:
        """Open one transaction: committed at the end of the block, rolled back by an exception.

        Args:
            write: False for a transaction that only reads; on SQLite it then waits for nobody,
                and a write in it is refused.
        """
        engine = self._writing if write else self._reading
        with Session(engine, expire_on_commit=False, info=dict(self.session_info)) as session:
            with session.begin():
                if engine.dialect.name == "sqlite":
                    session.connection()  # begins now, so that what is read here stays true
                yield session
            for then in session.info.pop(_AFTER_COMMIT, {}).values():
                then()

    @contextmanager
    def migration(self) -> Iterator[Connection]:
        """Open the transaction that changes tables, with foreign keys unchecked on SQLite."""
        connection = self.engine.execution_options(**{_MODE: "migrate"}).connect()
        try:
            with connection.begin():
                yield connection
        finally:
            # The connection's settings are not those of ordinary work: throw it away.
            connection.invalidate()
            connection.close()

    def check(self) -> None:
        """Ask the database for an answer.

        Raises:
            Unavailable: It does not answer.
        """
        try:
            with self.session(write=False) as session:
                session.execute(text("SELECT 1"))
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            raise Unavailable("The center's database does not answer.") from error

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def after_commit(session: Session, name: str, then: Callable[[], None]) -> None:
    """Have something done once the transaction is committed, and only then.

    Args:
        session: Of `Database.session`.
        name: A second one of this name takes the place of the first.
        then: Must not raise: what was committed stays.
    """
    session.info.setdefault(_AFTER_COMMIT, {})[name] = then


def upsert(session: Session, row: Base) -> None:
    """Write a row over the one with its key, also where another transaction adds that one just now."""
    try:
        with session.begin_nested():
            session.merge(row)
    except IntegrityError:
        session.merge(row)
        session.flush()


def _make_engine(url: URL) -> Engine:
    backend = url.get_backend_name()
    if backend == "sqlite":
        engine = create_engine(
            url,
            connect_args={"timeout": _WAIT_SECONDS, "check_same_thread": False},
            hide_parameters=True,  # they hold digests and names, and failures go to the log
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    is_postgresql = backend == "postgresql"
    wait = {"connect_timeout": 2}
    if not is_postgresql:
        wait |= {"read_timeout": 30, "write_timeout": 30}
    engine = create_engine(
        url,
        connect_args=wait,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        pool_pre_ping=not is_postgresql,
        pool_size=10,
        max_overflow=10,
        pool_timeout=3,
    )
    if is_postgresql:
        from center.reachability import watch  # noqa: PLC0415 - the driver is an extra

        watch(engine)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401 - a DBAPI connection
    connection.isolation_level = None  # transactions begin where `_begin_sqlite` says
    _use_write_ahead_log(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Have it, though others open the same new file just now: for this SQLite itself does not wait."""
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(_LOOK_AGAIN_SECONDS)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get(_MODE, "write")
    for statement in _SQLITE_BEGIN[mode]:
        connection.exec_driver_sql(statement)


def install(app: FastAPI) -> None:
    """Answer 503 where the database is away or two did the same at once, 422 for what it cannot hold."""

    async def away(request: Request, error: Exception) -> JSONResponse:
        _log.error("the database failed %s %s: %s", request.method, request.url.path, error)
        return problem_response(
            Unavailable(
                "The center's database does not answer; try again.", headers={"Retry-After": "2"}
            )
        )

    async def raced(request: Request, error: Exception) -> JSONResponse:
        _log.warning("%s %s came second: %s", request.method, request.url.path, error)
        return problem_response(
            Unavailable(
                "Somebody did the same at the same moment; try again.", headers={"Retry-After": "1"}
            )
        )

    async def unfit(_: Request, __: Exception) -> JSONResponse:
        # Such as a NUL character, which PostgreSQL keeps in no text.
        return problem_response(InvalidInput("A value of the request cannot be stored."))

    app.add_exception_handler(DataError, unfit)
    app.add_exception_handler(IntegrityError, raced)
    for kind in (OperationalError, InterfaceError, PoolTimeout):
        app.add_exception_handler(kind, away)


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


DatabaseDep = Annotated[Database, Depends(_database)]
"""For a route that needs transactions of its own, such as one with long work in between."""


def _session(request: Request, database: DatabaseDep) -> Iterator[Session]:
    with database.session(write=request.method not in ("GET", "HEAD")) as session:
        yield session


SessionDep = Annotated[Session, Depends(_session, scope="function")]
"""One transaction a request, committed before the answer goes out; GET only reads."""
