"""What one piece of feedback says about one prediction, as indexes into the manifest's labels."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from capability_sdk.contracts.telemetry import ConfusionCell, QualityCounts
from edge_gateway.agent.database import QualitySumRow

PREDICTED = -1
"""Stands for both classes of a sum that counts rows predicted, whatever their truth."""

_MOST_CELLS = 5000


class Outcome(StrEnum):
    """What became of a piece of feedback."""

    WAITING = "waiting"
    COUNTED = "counted"
    FOREIGN = "foreign"
    NO_SUCH_ROW = "no-such-row"
    NOT_JUDGED = "not-judged"


@dataclass(frozen=True, slots=True)
class Cell:
    """Key of one sum of quality counts; ``window`` in seconds since 1970."""

    capability: str
    version: str
    window: int
    predicted: int
    actual: int


def predicted_class(value: str | float, labels: Sequence[str]) -> int:
    """Index of a predicted value: the runtime already turned known class numbers into labels."""
    return labels.index(value) if isinstance(value, str) and value in labels else len(labels)


def true_class(truth: str | float, labels: Sequence[str]) -> int:
    """Index of a caller's truth: a label, or failing that a class number.

    Returns:
        ``len(labels)`` for everything that the manifest does not declare.
    """
    text = str(int(truth)) if isinstance(truth, float) and truth.is_integer() else str(truth)
    if text in labels:
        return labels.index(text)
    if not isinstance(truth, str) and truth == int(truth) and 0 <= truth < len(labels):
        return int(truth)
    return len(labels)


def judge(
    truth: Mapping[str, Any],
    call: Mapping[str, Any] | None,
    prediction: Mapping[str, Any] | None,
    labels: Sequence[str],
) -> tuple[Outcome, Cell | None]:
    """Join one piece of feedback with its call and its prediction.

    Args:
        truth: ``application``, ``row`` and ``truth``.
        call: ``application`` that made the call, once that is known.
        prediction: ``capability``, ``version``, ``window`` and ``values``, once known.
        labels: Class names of the prediction's version.

    Returns:
        What becomes of it, and the cell to count if it counts.
    """
    if call is not None and call["application"] != truth["application"]:
        return Outcome.FOREIGN, None
    if call is None or prediction is None:
        return Outcome.WAITING, None
    if not labels:
        return Outcome.NOT_JUDGED, None
    if truth["row"] >= len(prediction["values"]):
        return Outcome.NO_SUCH_ROW, None
    cell = Cell(
        prediction["capability"],
        prediction["version"],
        prediction["window"],
        predicted_class(prediction["values"][truth["row"]], labels),
        true_class(truth["truth"], labels),
    )
    return Outcome.COUNTED, cell


def add_cells(session: Session, cells: Counter[Cell]) -> None:
    """Add to the sums within the caller's transaction."""
    for cell, amount in cells.items():
        key = (cell.capability, cell.version, cell.window, cell.predicted, cell.actual)
        row = session.get(QualitySumRow, key)
        if row is None:
            names = ("capability", "version", "window", "predicted", "actual")
            session.add(QualitySumRow(**dict(zip(names, key, strict=True)), count=amount))
        else:
            row.count += amount


def take_counts(session: Session) -> list[QualityCounts]:
    """Remove all sums and return them as deltas, by capability, version and hour."""
    query = select(QualitySumRow).order_by(
        QualitySumRow.capability, QualitySumRow.version, QualitySumRow.window
    )
    rows = list(session.scalars(query))
    for row in rows:
        session.delete(row)
    groups = groupby(rows, key=lambda row: (row.capability, row.version, row.window))
    return [delta for key, group in groups for delta in _deltas(key, list(group))]


def _deltas(key: tuple[str, str, int], rows: list[QualitySumRow]) -> Iterable[QualityCounts]:
    capability, version, window = key
    predictions = sum(row.count for row in rows if row.predicted == PREDICTED)
    cells = [
        ConfusionCell(predicted=row.predicted, actual=row.actual, count=row.count)
        for row in rows
        if row.predicted != PREDICTED
    ]
    for start in range(0, max(len(cells), 1), _MOST_CELLS):
        yield QualityCounts(
            capability=capability,
            version=version,
            window=datetime.fromtimestamp(window, UTC),
            predictions=0 if start else predictions,
            confusion=cells[start : start + _MOST_CELLS],
        )
