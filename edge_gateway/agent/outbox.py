"""From a transaction into a spool, exactly once.

A record is first stored with the sequence number that it will have in the spool. After a crash the
spool itself tells whether the record had already arrived.
"""

import threading
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from capability_sdk.spool import SpoolDamaged, SpoolReader, SpoolUnwritable, SpoolWriter
from edge_gateway.agent.database import AgentDatabase, OutboxRow


class Outbox:
    """Writes one of the agent's own streams; call it from worker threads only."""

    def __init__(self, database: AgentDatabase, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._stream = folder.name
        self._writer = SpoolWriter(folder)
        self._turn = threading.Lock()
        self._is_on_ballast = False
        self.refused_by: str | None = None
        self.drain()

    def put(self, session: Session, payload: bytes) -> None:
        """Decide, within the caller's transaction, that a record goes out."""
        epoch = self._writer.epoch
        last = session.scalar(
            select(func.max(OutboxRow.seq)).where(
                OutboxRow.stream == self._stream, OutboxRow.epoch == epoch
            )
        )
        seq = max(last or 0, self._writer.last_seq) + 1
        session.add(OutboxRow(stream=self._stream, epoch=epoch, seq=seq, payload=payload))

    def drain(self) -> None:
        """Bring decided records into the spool and onto the disk.

        Raises:
            SpoolUnwritable: The disk refused; the records stay decided.
        """
        with self._turn:
            self._is_on_ballast = self._writer.is_on_ballast and not self._writer.reserve_ballast()
            rows = self._decided()
            if not rows:
                self.refused_by = None
                return
            try:
                self._write(rows)
            except SpoolUnwritable as error:
                self.refused_by = str(error)
                raise
            self.refused_by = None
            self._forget(rows)

    @property
    def trouble(self) -> str | None:
        """What is wrong with the disk; None while all is well."""
        full = f"{self._stream}: the disk is full." if self._is_on_ballast else None
        return self.refused_by or full

    def _write(self, rows: list[OutboxRow]) -> None:
        for row in rows:
            if not self._has_arrived(row):
                self._writer.append(row.payload)
        self._writer.flush()
        self._writer.sync()

    def close(self) -> None:
        """Let another writer in."""
        with self._turn:
            self._writer.close()

    def _decided(self) -> list[OutboxRow]:
        with self._database.transaction() as session:
            query = select(OutboxRow).where(OutboxRow.stream == self._stream)
            rows = list(session.scalars(query.order_by(OutboxRow.epoch, OutboxRow.seq)))
            session.expunge_all()
        return rows

    def _has_arrived(self, row: OutboxRow) -> bool:
        if row.epoch == self._writer.epoch:
            return row.seq <= self._writer.last_seq
        # The spool began a new epoch since; the old one may still hold the record.
        try:
            found = SpoolReader(self._folder).read(row.epoch, row.seq - 1, 1)
        except SpoolDamaged:
            return False
        return bool(found) and found[0].payload == row.payload

    def _forget(self, rows: list[OutboxRow]) -> None:
        with self._database.transaction() as session:
            for row in rows:
                session.execute(
                    delete(OutboxRow).where(
                        OutboxRow.stream == row.stream,
                        OutboxRow.epoch == row.epoch,
                        OutboxRow.seq == row.seq,
                    )
                )
