"""One column as counts: the training data and the newest sample on the same cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from capability_sdk.contracts.profiles import (
    CATEGORICAL_EXTRA,
    NUMERIC_EXTRA,
    ColumnAnchors,
    NumericAnchors,
    ReferenceProfile,
)
from center.board.errors import NoColumn
from center.monitoring.domain import ColumnMovement, Window
from center.monitoring.rows import ProfileWindowRow
from center.monitoring.store import Standing

MULTIPLES = 7
"""Earlier days whose same hour is shown beside the newest."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of a column in its cells.

    Attributes:
        at: Start of the hours; None for the training data.
        counts: Of the bins or levels, in their order.
        null: Rows without a value.
        outside: Rows beyond the training data's range, or of a level that it never saw.
        other: Infinite values, or known levels too rare for a cell.
    """

    at: datetime | None
    rows: int
    counts: tuple[int, ...]
    null: int
    outside: int
    other: int


@dataclass(frozen=True, slots=True)
class ColumnStory:
    """One column of one version in one province.

    Attributes:
        edges: Of a quantity's bins, one more than counts; empty for a category.
        levels: Of a category; empty for a quantity.
        same_hour: The same hour of the days before, the newest first.
    """

    movement: ColumnMovement
    edges: tuple[float, ...]
    levels: tuple[str, ...]
    reference: Histogram
    current: Histogram
    same_hour: tuple[Histogram, ...]


def column_story(
    session: Session, found: Standing, reference: ReferenceProfile, column: str
) -> ColumnStory:
    """Return a judged column with its counts.

    Args:
        session: Open transaction.
        found: The judgement.
        reference: Of the judged version.
        column: Name of the column.

    Raises:
        NoColumn: The version has none of this name, or nothing was judged yet.
    """
    movement = next((c for c in found.judgement.columns if c.column == column), None)
    anchors = next((a for a in reference.columns if a.column == column), None)
    begins, ends = found.judgement.window_from, found.judgement.window_to
    if movement is None or anchors is None or begins is None or ends is None:
        raise NoColumn(f"No judged column {column} of {found.series.capability}.")
    last = ends - timedelta(hours=1)
    windows = _windows(session, found, begins, last)
    sample = [window for window in windows if begins <= window.hour <= last]
    others = [window for window in windows if window.hour < begins]
    is_numeric = isinstance(anchors, NumericAnchors)
    return ColumnStory(
        movement=movement,
        edges=tuple(anchors.edges) if isinstance(anchors, NumericAnchors) else (),
        levels=() if isinstance(anchors, NumericAnchors) else tuple(anchors.levels),
        reference=_histogram(None, is_numeric, reference.counts[column]),
        current=_histogram(begins, is_numeric, _added(sample, anchors)),
        same_hour=tuple(
            _histogram(window.hour, is_numeric, window.counts[column])
            for window in sorted(others, key=lambda item: item.hour, reverse=True)
            if column in window.counts
        ),
    )


def _windows(session: Session, found: Standing, begins: datetime, last: datetime) -> list[Window]:
    """Return the judged sample's hours, and the same hour of the days before."""
    row, series = ProfileWindowRow, found.series
    earlier = [last - timedelta(days=days) for days in range(1, MULTIPLES + 1)]
    statement = select(row.hour, row.rows, row.counts).where(
        row.province == series.province,
        row.capability == series.capability,
        row.version == series.version,
        row.hour.in_(earlier) | row.hour.between(begins, last),
    )
    return [Window(*members) for members in session.execute(statement)]


def _added(windows: Sequence[Window], anchors: ColumnAnchors) -> list[int]:
    counts = [
        window.counts[anchors.column] for window in windows if anchors.column in window.counts
    ]
    return [sum(cells) for cells in zip(*counts, strict=True)] or [0] * anchors.cells


def _histogram(at: datetime | None, is_numeric: bool, counts: Sequence[int]) -> Histogram:
    if is_numeric:
        null, infinite, below, above = counts[: len(NUMERIC_EXTRA)]
        cells = tuple(counts[len(NUMERIC_EXTRA) :])
        return Histogram(at, sum(counts), cells, null, below + above, infinite)
    null, unseen, rest = counts[: len(CATEGORICAL_EXTRA)]
    cells = tuple(counts[len(CATEGORICAL_EXTRA) :])
    return Histogram(at, sum(counts), cells, null, unseen, rest)
