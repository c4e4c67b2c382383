"""Tells cheaply whether anything of a topic has changed, in whichever process it was written.

Every statement that writes a watched table adds a row to ``noted_change`` in the writer's own
transaction, so no domain calls upward and none can forget to. A reader compares the pair (highest
id, number of rows): ids alone would not do, because a lower one may be committed after a higher
one. Nobody updates a row of it, so writers never wait for each other here.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import (
    Connection,
    Delete,
    Engine,
    Insert,
    Table,
    Transaction,
    Update,
    delete,
    event,
    func,
    insert,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column
from starlette.concurrency import run_in_threadpool

from capability_sdk.kit.clock import Clock
from center.columns import Key, Serial, UtcDateTime
from center.database import Base, Database

Mark = tuple[int, int]
"""Differs from an earlier one if anything has changed in between."""

POLL_SECONDS = 0.2
KEPT = timedelta(minutes=2)
"""Far longer than a transaction takes; few rows, so that reading the marks stays cheap."""


class NotedChangeRow(Base):
    """One transaction's writes to the tables of a topic."""

    __tablename__ = "noted_change"

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    topic: Mapped[str] = mapped_column(Key)
    province: Mapped[str | None] = mapped_column(Key)
    """Whose rows were written; None where the statement does not say it."""
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True, slots=True)
class Marks:
    """What has changed until one moment, by topic and province."""

    by_part: Mapping[tuple[str, str | None], Mark]

    def of(self, topic: str, sees: Callable[[str], bool] = bool) -> Mark:
        """Return a topic's mark, over the provinces that somebody sees; all by default."""
        seen = [
            mark
            for (name, province), mark in self.by_part.items()
            if name == topic and (province is None or sees(province))
        ]
        return max((highest for highest, _ in seen), default=0), sum(count for _, count in seen)


def note_writes(engine: Engine, watched: Mapping[str, Collection[str]]) -> None:
    """Make every write to a table through this engine a change of the topics that watch it."""
    topics: dict[str, set[str]] = defaultdict(set)
    for topic, tables in watched.items():
        for table in tables:
            topics[table].add(topic)
    noted: WeakKeyDictionary[Transaction, set[tuple[str, str | None]]] = WeakKeyDictionary()

    def note(
        connection: Connection,
        statement: object,
        several: list[dict[str, Any]],
        single: dict[str, Any],
        *_: object,
    ) -> None:
        if not isinstance(statement, Insert | Update | Delete):
            return
        if not isinstance(statement.table, Table) or statement.table.name not in topics:
            return
        table = statement.table.name
        written = set(_provinces(table, several or [single]))
        parts = {(topic, province) for topic in topics[table] for province in written}
        # Once in a transaction is enough; a savepoint that is undone takes its own notes with it.
        within = connection.get_nested_transaction() or connection.get_transaction()
        known = noted.setdefault(within, set()) if within is not None else set()
        if fresh := parts - known:
            now = datetime.now(UTC)
            rows = [{"topic": topic, "province": part, "at": now} for topic, part in fresh]
            connection.execute(insert(NotedChangeRow), rows)
            known |= fresh

    event.listen(engine, "after_execute", note)


def _provinces(table: str, parameters: list[dict[str, Any]]) -> Iterator[str | None]:
    for given in parameters:
        # A row that is inserted names it plainly, one that is changed by its primary key.
        province = given.get("province", given.get(f"{table}_province"))
        yield province if isinstance(province, str) else None


def read_marks(session: Session) -> Marks:
    """Return the present marks."""
    row = NotedChangeRow
    statement = select(row.topic, row.province, func.max(row.id), func.count())
    found = session.execute(statement.group_by(row.topic, row.province))
    return Marks({(topic, part): (highest, count) for topic, part, highest, count in found})


def forget_changes(database: Database, clock: Clock) -> bool:
    """Drop changes that every reader has seen long ago; there is never more to do at once."""
    row = NotedChangeRow
    with database.session() as session:
        newest = session.scalar(select(func.max(row.id)))
        # The newest stays: where none is left, SQLite counts from 1 again.
        session.execute(delete(row).where(row.at < clock() - KEPT, row.id != newest))
    return False


class ChangeFeed:
    """Wakes who waits; one query in `POLL_SECONDS` serves all of them, and none runs unasked."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiters = 0
        self._marks = Marks({})
        self._begun = 0
        """Reads that have begun."""
        self._done = 0
        """The one of them that `_marks` is from."""
        self._newest_waiter = 0
        """Reads that had begun when the last waiter came; none of them is news for it."""
        self._moved = asyncio.Condition()
        self._poll: asyncio.Task[None] | None = None
        self.is_closed = False

    def close(self) -> None:
        """Let every wait end within `POLL_SECONDS`, and later ones at once: the service stops.

        Only a flag is set, so that a signal handler may call it.
        """
        self.is_closed = True

    async def marks(self) -> Marks:
        """Return the present marks; read them before what they guard."""
        return await run_in_threadpool(self._read)

    def _read(self) -> Marks:
        with self._database.session(write=False) as session:
            return read_marks(session)

    async def wait(self, is_news: Callable[[Marks], bool], seconds: float) -> Marks | None:
        """Return the marks as soon as they are news; None after ``seconds``, or at the end."""
        if self.is_closed:
            return None
        since = self._newest_waiter = self._begun
        self._waiters += 1
        if self._poll is None or self._poll.done():
            self._poll = asyncio.create_task(self._keep_reading(), name="change feed")

        def is_over() -> bool:
            # What was read before is older than what the caller knows.
            return self.is_closed or (self._done > since and is_news(self._marks))

        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds), self._moved:
                    await self._moved.wait_for(is_over)
                    return None if self.is_closed else self._marks
            return None
        finally:
            self._waiters -= 1

    async def _keep_reading(self) -> None:
        while self._waiters:
            # A database that is away wakes nobody: the polls end by their own time.
            with contextlib.suppress(Exception):
                await self._read_once()
            if self.is_closed:
                async with self._moved:
                    self._moved.notify_all()
            await asyncio.sleep(POLL_SECONDS)

    async def _read_once(self) -> None:
        self._begun += 1
        marks = await run_in_threadpool(self._read)
        is_awaited = self._done <= self._newest_waiter
        is_new = marks != self._marks
        self._marks, self._done = marks, self._begun
        if is_new or is_awaited:
            async with self._moved:
                self._moved.notify_all()
