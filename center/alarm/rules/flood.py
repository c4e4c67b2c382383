"""A flood: the gateway turns many calls away; who sends them (R078)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from center.alarm.domain import Finding, Rule, RuleName, Severity
from center.identity.store.applications import ApplicationRow
from center.operations.domain import SLOT, slot_of
from center.operations.rows import UsageSlotRow

LEAST_REFUSED = 50
"""Calls turned away within the last 5 to 10 minutes."""

LEAST_SHARE = 0.2
"""Of all calls of the capability in the province meanwhile."""

_MOST_SOURCES = 10
_CRITICAL_SHARE = 0.8


def _find(session: Session, now: datetime) -> Iterator[Finding]:
    by_place: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for line in _sources(session, slot_of(now) - SLOT):
        by_place.setdefault((line["province"], line["capability"]), []).append(line)
    for (province, capability), sources in by_place.items():
        calls = sum(line["calls"] for line in sources)
        refused = sum(line["refused"] for line in sources)
        if refused >= LEAST_REFUSED and refused >= LEAST_SHARE * calls:
            yield _finding(province, capability, calls, refused, sources)


def _finding(
    province: str, capability: str, calls: int, refused: int, sources: list[dict[str, Any]]
) -> Finding:
    ordered = sorted(sources, key=lambda line: -line["refused"])[:_MOST_SOURCES]
    worst = ordered[0]
    return Finding(
        rule=RuleName.FLOOD,
        severity=Severity.CRITICAL if refused >= _CRITICAL_SHARE * calls else Severity.WARNING,
        province=province,
        capability=capability,
        says={
            "zh": f"{calls} 次调用中 {refused} 次被限流；最多来自 {worst['name']}（{worst['refused']} 次）",
            "en": f"{refused} of {calls} calls were turned away; most from {worst['name']}"
            f" ({worst['refused']}).",
        },
        evidence={
            "calls": calls,
            "refused": refused,
            "sources": [
                {name: line[name] for name in ("application", "name", "calls", "refused")}
                for line in ordered
            ],
        },
    )


def _sources(session: Session, since: datetime) -> list[dict[str, Any]]:
    row = UsageSlotRow
    statement = (
        select(
            row.province,
            row.capability,
            row.application,
            func.coalesce(ApplicationRow.name, row.application).label("name"),
            func.sum(row.calls).label("calls"),
            func.sum(row.throttled).label("refused"),
        )
        .outerjoin(ApplicationRow, ApplicationRow.client_id == row.application)
        .where(row.slot >= since)
        .group_by(row.province, row.capability, row.application, ApplicationRow.name)
    )
    found = session.execute(statement).mappings()
    return [
        {**line, "calls": int(line["calls"]), "refused": int(line["refused"])} for line in found
    ]


RULE = Rule(RuleName.FLOOD, _find, every=timedelta(seconds=2))
