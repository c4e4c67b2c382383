"""Quality that went down: labelled answers of the last day against those of the four weeks before."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from center.alarm.domain import Finding, Rule, RuleName, Severity
from center.feedback.store import QualityCellRow

RECENT = timedelta(days=1)
BEFORE = timedelta(days=28)

LEAST_LABELLED = 100
"""On each side; fewer say nothing."""

LEAST_LOSS = 0.05
"""Of accuracy; less is not worth a person's time, however certain it is."""

_CERTAIN = 4.0
"""Standard errors; of 31 provinces and 300 capabilities asked every minute, hardly one by chance."""

_CRITICAL_LOSS = 0.15


def loss_of(right: int, rows: int, right_before: int, rows_before: int) -> float | None:
    """Return how much accuracy was lost, 0 to 1; None where it may be chance or too few.

    Source:
        The pooled two-proportion z-test.
    """
    if min(rows, rows_before) < LEAST_LABELLED:
        return None
    loss = right_before / rows_before - right / rows
    pooled = (right + right_before) / (rows + rows_before)
    error = math.sqrt(pooled * (1 - pooled) * (1 / rows + 1 / rows_before))
    return loss if loss >= LEAST_LOSS and loss >= _CERTAIN * error else None


def _find(session: Session, now: datetime) -> Iterator[Finding]:
    for line in _counts(session, now):
        loss = loss_of(line["right"], line["rows"], line["right_before"], line["rows_before"])
        if loss is not None:
            yield _finding(line, loss)


def _finding(line: dict[str, Any], loss: float) -> Finding:
    now, before = line["right"] / line["rows"], line["right_before"] / line["rows_before"]
    return Finding(
        rule=RuleName.QUALITY_DOWN,
        severity=Severity.CRITICAL if loss >= _CRITICAL_LOSS else Severity.WARNING,
        province=line["province"],
        capability=line["capability"],
        says={
            "zh": f"近一天准确率 {now:.1%}（n {line['rows']}），此前四周为 {before:.1%}",
            "en": f"Accuracy of the last day is {now:.1%} (n {line['rows']}); the four weeks before"
            f" had {before:.1%}.",
        },
        evidence={
            "accuracy": now,
            "labelled": line["rows"],
            "accuracy_before": before,
            "labelled_before": line["rows_before"],
        },
    )


def _counts(session: Session, now: datetime) -> list[dict[str, Any]]:
    row, since = QualityCellRow, now - RECENT
    is_right = row.predicted == row.actual
    recent = row.hour >= since

    def summed(condition: Any, name: str) -> Any:  # noqa: ANN401 - SQL
        return func.sum(case((condition, row.rows), else_=0)).label(name)

    statement = (
        select(
            row.province,
            row.capability,
            summed(recent, "rows"),
            summed(and_(recent, is_right), "right"),
            summed(~recent, "rows_before"),
            summed(and_(~recent, is_right), "right_before"),
        )
        .where(row.hour >= since - BEFORE)
        .group_by(row.province, row.capability)
    )
    return [
        {key: value if isinstance(value, str) else int(value) for key, value in line.items()}
        for line in session.execute(statement).mappings()
    ]


RULE = Rule(RuleName.QUALITY_DOWN, _find, every=timedelta(minutes=1))
