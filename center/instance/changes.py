"""Tells cheaply whether anything that provinces live from has changed.

Every statement that writes a watched table adds one row to ``desired_change`` in the writer's own
transaction, so no domain calls upward and none can forget to. A reader compares the pair (highest
id, number of rows): ids alone would not do, because a lower one may be committed after a higher
one. Nobody updates a row of it, so writers never wait for each other here.
"""

import asyncio
import contextlib
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Delete,
    Engine,
    Insert,
    Table,
    Update,
    event,
    func,
    insert,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column
from starlette.concurrency import run_in_threadpool

from center.columns import Serial, UtcDateTime
from center.database import Base, Database

Mark = tuple[int, int]
"""Differs from an earlier one if anything has changed in between."""

POLL_SECONDS = 0.2


class DesiredChangeRow(Base):
    """One write that a province may have to hear of."""

    __tablename__ = "desired_change"

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


def note_writes(engine: Engine, tables: Collection[str]) -> None:
    """Make every write to these tables through this engine a change."""
    watched = frozenset(tables)

    def note(connection: Connection, statement: object, *_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
        if not isinstance(statement, Insert | Update | Delete):
            return
        if isinstance(statement.table, Table) and statement.table.name in watched:
            connection.execute(insert(DesiredChangeRow).values(at=datetime.now(UTC)))

    event.listen(engine, "after_execute", note)


def read_mark(session: Session) -> Mark:
    """Return the present mark."""
    highest, count = session.execute(
        select(func.coalesce(func.max(DesiredChangeRow.id), 0), func.count())
    ).one()
    return highest, count


class ChangeFeed:
    """Wakes long polls; one query in `POLL_SECONDS` serves all of them, and none runs unasked."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiters = 0
        self._mark: Mark | None = None
        self._moved = asyncio.Condition()
        self._poll: asyncio.Task[None] | None = None
        self.is_closed = False

    def close(self) -> None:
        """Let every wait end within `POLL_SECONDS`, and later ones at once: the service stops.

        Only a flag is set, so that a signal handler may call it.
        """
        self.is_closed = True

    async def mark(self) -> Mark:
        """Return the present mark; read it before what it guards."""
        return await run_in_threadpool(self._read)

    def _read(self) -> Mark:
        with self._database.session(write=False) as session:
            return read_mark(session)

    async def wait(self, since: Mark, seconds: float) -> None:
        """Return when the mark differs from ``since``, at the latest after ``seconds``."""
        if self.is_closed:
            return
        self._waiters += 1
        if self._poll is None or self._poll.done():
            self._mark = None
            self._poll = asyncio.create_task(self._keep_reading(), name="change feed")
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds), self._moved:
                    await self._moved.wait_for(lambda: self._is_over(since))
        finally:
            self._waiters -= 1

    def _is_over(self, since: Mark) -> bool:
        return self.is_closed or self._mark not in (None, since)

    async def _keep_reading(self) -> None:
        while self._waiters:
            if self.is_closed:
                async with self._moved:
                    self._moved.notify_all()
            # A database that is away wakes nobody: the polls end by their own time.
            with contextlib.suppress(Exception):
                mark = await run_in_threadpool(self._read)
                if mark != self._mark:
                    self._mark = mark
                    async with self._moved:
                        self._moved.notify_all()
            await asyncio.sleep(POLL_SECONDS)
