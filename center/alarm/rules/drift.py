"""Drift, as the monitoring domain judges it."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from center.alarm.domain import Finding, Rule, RuleName, Severity
from center.monitoring.domain import DriftVerdict
from center.monitoring.rows import DriftRow

_NAMED = 3


def _find(session: Session, _: datetime) -> Iterator[Finding]:
    row = DriftRow
    statement = select(row).where(row.verdict == DriftVerdict.DRIFT).order_by(row.profile_at)
    # Where several versions of a capability drift, the one that was heard of last speaks.
    last = {(found.province, found.capability): found for found in session.scalars(statement)}
    for found in last.values():
        moved = [column for column in found.columns if column["moved"]][:_NAMED]
        names = ", ".join(f"{column['column']} ({column['effect']:.0%})" for column in moved)
        yield Finding(
            rule=RuleName.DRIFT,
            severity=Severity.WARNING,
            province=found.province,
            capability=found.capability,
            says={
                "zh": f"{found.version} 的输入分布发生漂移：{names or '无单列'}",
                "en": f"The inputs of {found.version} have moved: {names or 'no single column'}.",
            },
            evidence={
                "version": found.version,
                "since": found.since.isoformat(),
                "rows": found.rows,
                "columns": [
                    {name: column[name] for name in ("column", "effect", "q")} for column in moved
                ],
            },
        )


RULE = Rule(RuleName.DRIFT, _find)
