"""Cells that were read before: a province's are the same until they are joined anew."""

from collections.abc import Iterable
from datetime import datetime

from center.board.domain import Figures
from center.board.store import BoardStore, Place
from center.reach import Reach


class CellMemory:
    """The cells of every province as they were joined last; safe to share between threads."""

    def __init__(self) -> None:
        self._cells: dict[str, tuple[datetime, list[Figures]]] = {}

    def read(self, store: BoardStore, places: Iterable[Place]) -> list[Figures]:
        """Return the cells of provinces, reading only those that were joined since.

        Args:
            store: Of the transaction that the provinces were read in.
            places: Provinces, with the moment when they were joined: no two joinings share one.
        """
        joined = {place.name: place.joined_at for place in places if place.joined_at is not None}
        known = {name: kept for name in joined if (kept := self._cells.get(name)) is not None}
        stale = {name for name, at in joined.items() if name not in known or known[name][0] != at}
        if stale:
            fresh: dict[str, list[Figures]] = {name: [] for name in stale}
            for cell in store.cells(Reach(provinces=stale)):
                fresh[cell.province].append(cell)
            known |= {name: (joined[name], cells) for name, cells in fresh.items()}
            self._cells |= {name: known[name] for name in stale}
        return [cell for name in joined for cell in known[name][1]]
