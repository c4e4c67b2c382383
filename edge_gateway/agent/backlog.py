"""How far the center has applied each stream, and how much still waits for it."""

from pathlib import Path

from sqlalchemy import select

from capability_sdk.spool import SpoolDamaged, SpoolReader
from edge_gateway.agent.database import AgentDatabase, CursorRow
from edge_gateway.agent.errors import DatabaseUnwritable

_SHIP = "ship"
_AT_ONCE = 2000

Place = tuple[str, int]
"""Stream and epoch."""


class Watermarks:
    """What the center has answered: it is repeated on being asked again, should it be forgotten."""

    def __init__(self, database: AgentDatabase) -> None:
        self._database = database
        self._unsaved: set[Place] = set()
        with database.transaction() as session:
            rows = session.scalars(select(CursorRow).where(CursorRow.consumer == _SHIP))
            self._applied = {(row.stream, row.epoch): row.seq for row in rows}

    def get(self, place: Place) -> int | None:
        """Return the last applied sequence number; None where the center never answered."""
        return self._applied.get(place)

    def put(self, place: Place, seq: int) -> None:
        """Store what the center answered; it may be less than before."""
        if self._applied.get(place) == seq and place not in self._unsaved:
            return
        stream, epoch = place
        self._applied[place] = seq
        try:
            with self._database.transaction() as session:
                session.merge(CursorRow(consumer=_SHIP, stream=stream, epoch=epoch, seq=seq))
        except DatabaseUnwritable:
            self._unsaved.add(place)  # a full disk is no reason not to deliver
        else:
            self._unsaved.discard(place)


class Backlog:
    """Counts records by reading each of them once more; belongs to one thread at a time."""

    def __init__(self, spool: Path, marks: Watermarks) -> None:
        self._spool = spool
        self._marks = marks
        self._readers: dict[str, SpoolReader] = {}
        self._last: dict[Place, int] = {}

    def last(self, place: Place) -> int:
        """Return the last sequence number that the spool holds."""
        stream, epoch = place
        reader = self._readers.setdefault(stream, SpoolReader(self._spool / stream))
        last = max(self._last.get(place, 0), self._marks.get(place) or 0)
        try:
            while records := reader.read(epoch, last, _AT_ONCE):
                last = records[-1].seq
        except SpoolDamaged as error:
            last = max(last, error.last)
        self._last[place] = last
        return last

    def waiting(self, stream: str) -> int:
        """Return how many records of a stream the center has not applied."""
        reader = self._readers.setdefault(stream, SpoolReader(self._spool / stream))
        places = [(stream, epoch) for epoch in reader.epochs()]
        return sum(max(0, self.last(p) - (self._marks.get(p) or 0)) for p in places)
