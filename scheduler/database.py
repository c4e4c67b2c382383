"""The scheduler's own SQLite file: durable before it is answered, one writer at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import DeclarativeBase, Session

from scheduler.errors import FolderUnusable, SchedulerAlreadyRuns

SCHEMA_VERSION = 1


class Row(DeclarativeBase):
    """Base of every table of this file."""


class Database:
    """Opens sessions; nobody else commits."""

    def __init__(self, file: Path) -> None:
        self._engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 10.0})
        _tune(self._engine)
        self._prepare(file)

    @contextmanager
    def session(self, *, write: bool = False) -> Iterator[Session]:
        """One transaction; committed unless the block raises."""
        with Session(self._engine, expire_on_commit=False) as session:
            if write:
                session.execute(text("BEGIN IMMEDIATE"))
            yield session
            session.commit()

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _prepare(self, file: Path) -> None:
        with self._engine.begin() as connection:
            version = connection.execute(text("PRAGMA user_version")).scalar_one()
            if version > SCHEMA_VERSION:
                raise FolderUnusable(
                    f"{file} was written by a newer release (schema {version}, this one knows"
                    f" {SCHEMA_VERSION}): start that release, or move the file away."
                )
            Row.metadata.create_all(connection)
            connection.execute(text(f"PRAGMA user_version = {SCHEMA_VERSION}"))


def _tune(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: object) -> None:  # noqa: ANN401 - a DB-API connection
        # Transactions are begun by hand, so that a write can begin IMMEDIATE.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")


def lock_folder(province: Path, *, wait: bool = False) -> int:
    """Take the province's folder for this process, until it ends; returns the lock's descriptor.

    The kernel gives the lock back when the process ends, however it ends, so one that waits for it
    takes over within moments.

    Args:
        province: The folder.
        wait: Stand by until nobody has it.

    Raises:
        SchedulerAlreadyRuns: Another scheduler has it: two would start everything twice.
    """
    descriptor = os.open(province / "scheduler.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        raise SchedulerAlreadyRuns(
            f"Another scheduler works in {province}; stop it first, or stand by with --standby."
        ) from None
    return descriptor
