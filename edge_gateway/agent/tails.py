"""Reading spool folders of other processes, each record exactly once for each consumer."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from capability_sdk.spool import Record, SpoolDamaged, SpoolReader
from edge_gateway.agent.database import AgentDatabase, CursorRow

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records of one epoch of one folder, in order, and the place that follows them."""

    consumer: str
    stream: str
    epoch: int
    records: list[Record]

    def settle(self, session: Session) -> None:
        """Note, in the transaction that used them, that the records are used."""
        session.merge(
            CursorRow(
                consumer=self.consumer,
                stream=self.stream,
                epoch=self.epoch,
                seq=self.records[-1].seq,
            )
        )


class Tails:
    """The folders that one consumer reads; belongs to one thread at a time."""

    def __init__(self, database: AgentDatabase, consumer: str) -> None:
        self._consumer = consumer
        self._readers: dict[str, SpoolReader] = {}
        self.damaged: dict[str, str] = {}
        with database.transaction() as session:
            rows = session.scalars(select(CursorRow).where(CursorRow.consumer == consumer))
            self._places = {(row.stream, row.epoch): row.seq for row in rows}

    def chunks(self, stream: str, folder: Path, limit: int) -> Iterator[Chunk]:
        """Give out what is new, one chunk at a time.

        A chunk counts as used when the next one is asked for: settle it before. A damaged epoch
        stays where it is, and is named in ``damaged``.
        """
        reader = self._readers.setdefault(f"{stream} {folder}", SpoolReader(folder))
        for epoch in reader.epochs():
            while records := self._read(reader, stream, epoch, limit):
                yield Chunk(self._consumer, stream, epoch, records)
                self._places[stream, epoch] = records[-1].seq

    def place(self, stream: str, epoch: int) -> int:
        """Return the last used sequence number; 0 before the first."""
        return self._places.get((stream, epoch), 0)

    def epochs(self, stream: str) -> list[int]:
        """List the epochs that have been read from."""
        return [epoch for name, epoch in self._places if name == stream]

    def _read(self, reader: SpoolReader, stream: str, epoch: int, limit: int) -> list[Record]:
        label = f"{stream}/{epoch}"
        try:
            records = reader.read(epoch, self.place(stream, epoch), limit)
        except SpoolDamaged as error:
            if label not in self.damaged:
                _log.error("spool %s of %s stops: %s", label, self._consumer, error)
            self.damaged[label] = str(error)
            return []
        except FileNotFoundError:
            return []  # the folder or a segment was just removed; what is there is read next time
        self.damaged.pop(label, None)
        return records
