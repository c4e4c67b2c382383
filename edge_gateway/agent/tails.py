"""Reading spool folders of other processes, each record exactly once for each consumer."""

import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from capability_sdk.spool import Record, SpoolDamaged, SpoolReader, retire, set_aside
from edge_gateway.agent.database import AgentDatabase, CursorRow, count

_log = logging.getLogger(__name__)


Apply = Callable[[Session], None]
Prepare = Callable[[list[Record]], Apply]
"""Looks things up for some records, and returns what to do with them in one transaction."""


class Tails:
    """The folders that one consumer reads; belongs to one thread at a time."""

    def __init__(self, database: AgentDatabase, consumer: str) -> None:
        self._database = database
        self._consumer = consumer
        self._readers: dict[str, SpoolReader] = {}
        self.damaged: dict[str, str] = {}
        with database.transaction() as session:
            rows = session.scalars(select(CursorRow).where(CursorRow.consumer == consumer))
            self._places = {(row.stream, row.epoch): row.seq for row in rows}

    def consume(self, stream: str, folder: Path, prepare: Prepare, *, limit: int = 1000) -> int:
        """Use what is new: effect and cursor become durable in one transaction.

        Damaged records are set aside, counted and named in ``damaged``; those behind them follow.

        Returns:
            How many records were used.
        """
        reader = self._readers.setdefault(stream, SpoolReader(folder))
        used = 0
        for epoch in _epochs(reader):
            while records := self._read(reader, stream, epoch, limit):
                apply = prepare(records)
                with self._database.transaction() as session:
                    apply(session)
                    self._settle(session, stream, epoch, records[-1].seq)
                self._places[stream, epoch] = records[-1].seq
                used += len(records)
        return used

    def retire(self, stream: str, folder: Path, keep: timedelta) -> None:
        """Delete used segments that are older than ``keep``."""
        for name, epoch in self._places:
            if name == stream:
                retire(folder, epoch, self._places[name, epoch], keep=keep)

    def _settle(self, session: Session, stream: str, epoch: int, seq: int) -> None:
        row = CursorRow(consumer=self._consumer, stream=stream, epoch=epoch, seq=seq)
        session.merge(row)

    def _read(self, reader: SpoolReader, stream: str, epoch: int, limit: int) -> list[Record]:
        while True:
            try:
                return reader.read(epoch, self._places.get((stream, epoch), 0), limit)
            except SpoolDamaged as damage:
                self._step_over(reader.folder, stream, damage)
            except FileNotFoundError:
                return []  # the folder or a segment was just removed; the rest is read next time

    def _step_over(self, folder: Path, stream: str, damage: SpoolDamaged) -> None:
        _log.error("%s lost records of %s: %s", self._consumer, stream, damage)
        set_aside(folder, damage)
        first = self._places.get((stream, damage.epoch), 0) + 1
        with self._database.transaction() as session:
            count(session, f"{self._consumer}-damaged-records", damage.last - first + 1)
            self._settle(session, stream, damage.epoch, damage.last)
        self._places[stream, damage.epoch] = damage.last
        self.damaged[f"{stream}/{damage.epoch}"] = str(damage)


def _epochs(reader: SpoolReader) -> list[int]:
    try:
        return reader.epochs()
    except FileNotFoundError:
        return []  # the folder is not there yet, or not any more
