"""What people read of the board: everything at once, or one capability in one province."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from center.board.domain import Figures, Judged, judge_all
from center.board.errors import NoCell
from center.board.history import Marker, QualityPoint, markers, quality_points
from center.board.memory import CellMemory
from center.board.store import BoardStore, Head, Place
from center.monitoring.domain import DriftPoint
from center.monitoring.errors import NoProfile
from center.monitoring.service import standing
from center.monitoring.store import DriftStore, Standing
from center.reach import Reach


@dataclass(frozen=True, slots=True)
class BoardNow:
    """The board at a moment; cells are the worst first."""

    at: datetime
    places: list[Place]
    heads: list[Head]
    cells: list[Judged]


@dataclass(frozen=True, slots=True)
class CellStory:
    """One capability in one province, with how it came there."""

    cell: Judged
    place: Place
    head: Head
    standing: Standing | None
    points: list[DriftPoint]
    quality: list[QualityPoint]
    markers: list[Marker]


def board(session: Session, reach: Reach, now: datetime, memory: CellMemory) -> BoardNow:
    """Return every cell within reach; a fixed number of queries, whatever their number."""
    store = BoardStore(session)
    places = store.places(reach)
    if reach.capabilities is None:
        return _judged(store, reach, places, memory.read(store, places), now)
    return _judged(store, reach, places, store.cells(reach), now)


def _judged(
    store: BoardStore, reach: Reach, places: list[Place], figures: list[Figures], now: datetime
) -> BoardNow:
    spoken = {place.name: place.spoken_at for place in places}
    cells = judge_all(figures, spoken, now)
    wanted = {item.figures.capability for item in cells}
    heads = [head for head in store.heads(reach) if head.name in wanted]
    return BoardNow(now, places, heads, cells)


def cell(
    session: Session,
    reach: Reach,
    capability: str,
    province: str,
    *,
    days: int,
    now: datetime,
) -> CellStory:
    """Return one cell with its timeline.

    Provinces that drift in the same way are named where they are within reach.

    Args:
        session: Open transaction.
        reach: What the asker may see.
        capability: Its name.
        province: Its name.
        days: How far the timeline reaches back.
        now: The present moment.

    Raises:
        NoCell: It is out of reach, or the capability never ran there.
    """
    store, near = BoardStore(session), reach.within(province=None, capability=capability)
    around = _judged(store, near, store.places(near), store.cells(near), now)
    found = next((c for c in around.cells if c.figures.province == province), None)
    if found is None:
        raise NoCell(f"{capability} has nothing to show in {province}.")
    begins = now - timedelta(days=days)
    return CellStory(
        cell=found,
        place=next(place for place in around.places if place.name == province),
        head=next(head for head in around.heads if head.name == capability),
        standing=_standing(session, reach, found.figures),
        points=DriftStore(session).points(province, capability, begins),
        quality=quality_points(session, province, capability, begins),
        markers=markers(session, province, capability, begins),
    )


def _standing(session: Session, reach: Reach, item: Figures) -> Standing | None:
    try:
        return standing(session, reach, item.capability, item.province, None)
    except NoProfile:
        return None
