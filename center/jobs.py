"""Jobs of the worker, each under a lease in the database: two workers never run one job."""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.kit.clock import Clock
from center.columns import Key, UtcDateTime
from center.database import Base, Database

LEASE = timedelta(seconds=15)
_log = logging.getLogger(__name__)


class JobLeaseRow(Base):
    """Who runs a job, and until when others leave it alone."""

    __tablename__ = "job_lease"

    job: Mapped[str] = mapped_column(Key, primary_key=True)
    holder: Mapped[str] = mapped_column(Key)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


def take_lease(session: Session, job: str, holder: str, now: datetime, lease: timedelta) -> bool:
    """Take a lease that is free, or make one's own longer; False while somebody else has it."""
    row = JobLeaseRow
    taken = session.execute(
        update(row)
        .where(row.job == job, or_(row.holder == holder, row.expires_at <= now))
        .values(holder=holder, expires_at=now + lease)
    )
    if taken.rowcount == 1:  # type: ignore[attr-defined]  # an UPDATE's result has it
        return True
    if session.get(row, job) is not None:
        return False
    try:
        with session.begin_nested():
            session.add(row(job=job, holder=holder, expires_at=now + lease))
    except IntegrityError:
        return False  # somebody else was first
    return True


def give_back(session: Session, job: str, holder: str, now: datetime) -> None:
    """Let the next worker take the lease at once."""
    row = JobLeaseRow
    session.execute(update(row).where(row.job == job, row.holder == holder).values(expires_at=now))


@dataclass(frozen=True, slots=True)
class Job:
    """Work that comes in parts.

    Attributes:
        name: Name of the lease.
        run: Does the next part; False where there is nothing to do now.
        pause: How long to wait then.
    """

    name: str
    run: Callable[[], bool]
    pause: timedelta = timedelta(seconds=0.5)


class Worker:
    """Runs jobs in a thread each, as long as it holds their leases."""

    def __init__(
        self, database: Database, jobs: Sequence[Job], clock: Clock, *, lease: timedelta = LEASE
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._clock = clock
        self._lease = lease
        self._holder = str(uuid.uuid4())
        self._stop = threading.Event()

    def stop(self) -> None:
        """Begin no further part of any job; safe in a signal handler."""
        self._stop.set()

    def run(self, *, patience: float = 8.0) -> None:
        """Work until `stop`; parts under way get ``patience`` seconds to end."""
        threads = [
            threading.Thread(target=self._work, args=(job,), name=job.name, daemon=True)
            for job in self._jobs
        ]
        for thread in threads:
            thread.start()
        self._stop.wait()
        for thread in threads:
            thread.join(patience / len(threads))
        for job, thread in zip(self._jobs, threads, strict=True):
            if not thread.is_alive():
                self._give_back(job)

    def _work(self, job: Job) -> None:
        keeper = _LeaseKeeper(lambda: self._take(job), self._lease, self._stop)
        threading.Thread(target=keeper.run, name=f"lease {job.name}", daemon=True).start()
        while not self._stop.is_set():
            busy = keeper.is_held() and self._part(job)
            if not busy:
                self._stop.wait(job.pause.total_seconds())

    def _part(self, job: Job) -> bool:
        try:
            return job.run()
        except Exception:  # noqa: BLE001 - see below
            # One bad part must not end the worker: it is told, and tried again after a while.
            _log.exception("job %s failed", job.name)
            self._stop.wait(5 * job.pause.total_seconds())
            return False

    def _take(self, job: Job) -> bool:
        with self._database.session() as session:
            return take_lease(session, job.name, self._holder, self._clock(), self._lease)

    def _give_back(self, job: Job) -> None:
        with self._database.session() as session:
            give_back(session, job.name, self._holder, self._clock())


class _LeaseKeeper:
    """Takes a lease, keeps it, and says at any moment whether it is held."""

    def __init__(self, take: Callable[[], bool], lease: timedelta, stop: threading.Event) -> None:
        self._take = take
        self._life = lease.total_seconds()
        self._stop = stop
        self._held_until = 0.0

    def is_held(self) -> bool:
        """Tell whether nobody else can have the lease, also after this process was frozen."""
        return time.monotonic() < self._held_until

    def run(self) -> None:
        """Renew the lease three times in its life, or ask for it, until the end."""
        while not self._stop.is_set():
            asked = time.monotonic()
            try:
                self._held_until = asked + self._life if self._take() else 0.0
            except SQLAlchemyError:
                # Held until it runs out; then nobody works rather than two.
                _log.warning("a lease could not be renewed", exc_info=True)
            self._stop.wait(self._life / 3 if self.is_held() else min(1.0, self._life / 3))
