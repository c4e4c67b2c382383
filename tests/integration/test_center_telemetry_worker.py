"""Two workers never run one job, a dead one's job goes on, and SIGTERM ends a worker cleanly."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from capability_sdk.kit.clock import system_clock
from center.database import Database
from center.housekeeping import Housekeeping
from center.identity.store.sign_ins import SessionRow
from center.jobs import Job, JobLeaseRow, Worker, give_back, take_lease
from center.operations.rows import UsageRecordRow
from center.schema import migrate
from tests.center_world import START
from tests.integration.telemetry_world import Center, running_center, usage

LEASE = timedelta(seconds=30)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


def take(database: Database, holder: str, after: timedelta = timedelta(0)) -> bool:
    with database.session() as session:
        return take_lease(session, "drift", holder, START + after, LEASE)


def test_a_lease_is_held_by_one_at_a_time(database: Database) -> None:
    assert take(database, "a")
    assert not take(database, "b")
    assert take(database, "a", timedelta(seconds=20))
    assert not take(database, "b", timedelta(seconds=40))


def test_the_lease_of_a_dead_worker_runs_out(database: Database) -> None:
    take(database, "a")

    assert not take(database, "b", timedelta(seconds=29))
    assert take(database, "b", timedelta(seconds=30))
    assert not take(database, "a", timedelta(seconds=31))


def test_a_lease_that_is_given_back_is_free_at_once(database: Database) -> None:
    take(database, "a")
    with database.session() as session:
        give_back(session, "drift", "b", START)
    assert not take(database, "b")

    with database.session() as session:
        give_back(session, "drift", "a", START)
    assert take(database, "b")


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)


class Running:
    """A worker in a thread, with one job that counts its parts."""

    def __init__(self, database: Database) -> None:
        self.parts = 0
        job = Job("count", self._part, pause=timedelta(seconds=0.01))
        self.worker = Worker(database, [job], system_clock, lease=timedelta(seconds=6))
        self.thread = threading.Thread(target=self.worker.run)
        self.thread.start()

    def _part(self) -> bool:
        self.parts += 1
        if self.parts == 1:
            raise RuntimeError("the first part fails")
        return False

    def stop(self) -> None:
        self.worker.stop()
        self.thread.join(60)
        assert not self.thread.is_alive()


def test_of_two_workers_one_works_and_the_other_takes_over(database: Database) -> None:
    first = Running(database)
    wait_until(lambda: first.parts > 3)
    second = Running(database)
    wait_until(lambda: first.parts > 20)
    assert second.parts == 0

    first.stop()
    wait_until(lambda: second.parts > 3)
    second.stop()


@pytest.fixture
def center(tmp_path: Path) -> Iterator[Center]:
    with running_center(f"sqlite:///{tmp_path / 'center.db'}", tmp_path) as running:
        yield running


def test_housekeeping_forgets_what_is_over_and_keeps_totals(center: Center) -> None:
    center.send([usage(1)])
    clock = center.world.clock
    clock.move(timedelta(days=100))

    Housekeeping(center.database, center.world.app.state.packages, clock).run()

    with center.database.session(write=False) as session:
        assert session.scalar(select(UsageRecordRow)) is None
        assert session.scalar(select(SessionRow)) is None
    clock.move(timedelta(days=-100))
    center.client("admin").post(
        "/api/v1/sessions", json={"name": "root", "password": "a long sentence for tests"}
    )
    assert center.calls() == 1


def test_the_process_ends_on_sigterm(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'center.db'}"
    environment = {
        **os.environ,
        "CENTER_DATA": str(tmp_path),
        "CENTER_DATABASE_URL": url,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    database = Database(url)
    migrate(database)
    JobLeaseRow.metadata.create_all(database.engine)
    with subprocess.Popen(
        [sys.executable, "-m", "center.worker"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            wait_until(lambda: _leased(database) >= JOBS or process.poll() is not None)
            process.send_signal(signal.SIGTERM)
            _, log = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0, log
    assert "ERROR" not in log
    now = system_clock()
    assert all(row.expires_at <= now for row in _leases(database))
    database.close()


JOBS = {"gate", "monitoring", "token-keys", "housekeeping"}
"""Some of them, the last one of the list too: each has its lease."""


def _leased(database: Database) -> set[str]:
    return {row.job for row in _leases(database)}


def _leases(database: Database) -> list[JobLeaseRow]:
    with database.session(write=False) as session:
        return list(session.scalars(select(JobLeaseRow)))
