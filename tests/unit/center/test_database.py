"""Transactions of requests."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Barrier

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import StatementError
from starlette.testclient import TestClient

from center.columns import UtcDateTime
from center.database import Base, Database, SessionDep
from center.identity.store.sign_ins import AttemptsRow, SessionRow


@pytest.fixture
def database(database_url: str) -> Database:
    return Database(database_url)


def test_a_commit_that_fails_is_not_answered_as_if_it_had_not(tmp_path: Path) -> None:
    app = FastAPI()
    database = Database(f"sqlite:///{tmp_path / 'c.db'}")
    Base.metadata.create_all(database.engine)
    app.state.database = database

    @app.post("/sign-in-of-nobody", status_code=201)
    def broken(session: SessionDep) -> str:
        session.execute(text("PRAGMA defer_foreign_keys=ON"))
        now = datetime.now(UTC)
        session.add(SessionRow(token_digest="x", user="nobody", created_at=now, expires_at=now))
        return "done"

    client = TestClient(app, raise_server_exceptions=False)

    assert client.post("/sign-in-of-nobody").status_code == 500
    database.close()


def test_moments_come_back_exact_and_in_utc(database: Database) -> None:
    moment = datetime(2026, 11, 20, 23, 59, 59, 123457, timezone(timedelta(hours=8)))
    with database.session() as session:
        session.add(AttemptsRow(key="k", failures=0, window_ends=moment))
    with database.session(write=False) as session:
        read = session.get_one(AttemptsRow, "k").window_ends

    assert read == moment
    assert read.tzinfo is UTC
    database.close()


def test_a_moment_without_zone_is_refused(database: Database) -> None:
    naive = datetime(2026, 11, 20)  # noqa: DTZ001 - the mistake that is refused
    with pytest.raises(StatementError, match="time zone"), database.session() as session:
        session.add(AttemptsRow(key="k", failures=0, window_ends=naive))
    assert isinstance(AttemptsRow.window_ends.type, UtcDateTime)
    database.close()


def test_a_failed_request_leaves_nothing_half_done(database: Database) -> None:
    def fail() -> None:
        with database.session() as session:
            session.add(AttemptsRow(key="k", failures=0, window_ends=datetime.now(UTC)))
            session.flush()
            raise RuntimeError("after the first half")

    with pytest.raises(RuntimeError):
        fail()
    with database.session(write=False) as session:
        assert session.get(AttemptsRow, "k") is None
    database.close()


def test_those_who_open_a_new_file_at_the_same_moment_wait_for_each_other(tmp_path: Path) -> None:
    at_once = Barrier(3)

    def open_new(number: int) -> None:
        database = Database(f"sqlite:///{tmp_path / f'{number}.db'}")
        at_once.wait()
        database.check()
        database.close()

    with ThreadPoolExecutor(3) as pool:
        for number in range(200):
            list(pool.map(open_new, [number] * 3))
