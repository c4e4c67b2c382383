"""What happened with one capability in one province: realized quality, and who changed what."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from center.board.domain import wilson
from center.feedback.store import QualityCellRow
from center.identity.audit import AuditRow

_MARKERS = 200


@dataclass(frozen=True, slots=True)
class QualityPoint:
    """Realized accuracy of one UTC day of predictions, with its 95 % interval.

    Attributes:
        at: First hour of the day that was judged.
        labelled: Rows that somebody judged.
    """

    at: datetime
    accuracy: float
    low: float
    high: float
    labelled: int


@dataclass(frozen=True, slots=True)
class Marker:
    """An act that may explain a change.

    Attributes:
        kind: ``deployment``, ``removal`` or ``boost``.
        by: Who did it.
        versions: Versions with traffic afterwards.
    """

    at: datetime
    kind: str
    by: str
    versions: tuple[str, ...]


def quality_points(
    session: Session, province: str, capability: str, begins: datetime
) -> list[QualityPoint]:
    """Return realized accuracy day by day, oldest first."""
    row = QualityCellRow
    right = func.sum(case((row.predicted == row.actual, row.rows), else_=0))
    statement = (
        select(row.hour, func.sum(row.rows), right)
        .where(row.province == province, row.capability == capability, row.hour >= begins)
        .group_by(row.hour)
        .order_by(row.hour)
    )
    days: dict[Any, list[tuple[datetime, int, int]]] = defaultdict(list)
    for hour, labelled, found in session.execute(statement):
        days[hour.date()].append((hour, int(labelled), int(found)))
    return [_point(hours) for hours in days.values()]


def markers(session: Session, province: str, capability: str, begins: datetime) -> list[Marker]:
    """Return who deployed, removed or boosted it since a moment, oldest first."""
    row = AuditRow
    statement = (
        select(row.at, row.act, row.actor, row.detail)
        .where(row.subject == f"deployment/{province}/{capability}", row.at >= begins)
        .order_by(row.seq.desc())
        .limit(_MARKERS)
    )
    found = [
        Marker(at, _KINDS.get(act, act), actor, _with_traffic(detail))
        for at, act, actor, detail in session.execute(statement)
    ]
    return found[::-1]


_KINDS = {
    "deployment.put": "deployment",
    "deployment.remove": "removal",
    "deployment.boost": "boost",
}


def _with_traffic(detail: dict[str, Any]) -> tuple[str, ...]:
    shares = detail.get("versions") or []
    return tuple(s["version"] for s in shares if isinstance(s, dict) and s.get("weight", 0) > 0)


def _point(hours: list[tuple[datetime, int, int]]) -> QualityPoint:
    labelled = sum(count for _, count, _ in hours)
    right = sum(count for _, _, count in hours)
    low, high = wilson(right, labelled) or (0.0, 1.0)
    return QualityPoint(hours[0][0], right / max(labelled, 1), low, high, labelled)
