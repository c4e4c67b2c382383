"""Data that should be there: a capability is called, but its profiles do not arrive."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from center.alarm.domain import Finding, Rule, RuleName, Severity
from center.alarm.spans import in_words
from center.monitoring.rows import DriftRow
from center.operations.rows import UsageSlotRow, answered

LATE = timedelta(hours=3)
"""Profiles are made each hour; two may be missed."""

LEAST_CALLS = 100
"""Answered within that time; a quiet capability has nothing to send."""


def _find(session: Session, now: datetime) -> Iterator[Finding]:
    heard = (
        select(
            DriftRow.province,
            DriftRow.capability,
            func.max(DriftRow.profile_at).label("profile_at"),
        )
        .group_by(DriftRow.province, DriftRow.capability)
        .subquery()
    )
    row = UsageSlotRow
    calls = func.sum(answered(row))
    statement = (
        select(row.province, row.capability, calls, heard.c.profile_at)
        .join(
            heard,
            (heard.c.province == row.province) & (heard.c.capability == row.capability),
        )
        .where(row.slot >= now - LATE, heard.c.profile_at < now - LATE)
        .group_by(row.province, row.capability, heard.c.profile_at)
        .having(calls >= LEAST_CALLS)
    )
    for province, capability, count, profile_at in session.execute(statement):
        zh, en = in_words(now - profile_at)
        yield Finding(
            rule=RuleName.DATA_LATE,
            severity=Severity.WARNING,
            province=province,
            capability=capability,
            says={
                "zh": f"已 {zh}没有收到数据画像，期间有 {int(count)} 次调用",
                "en": f"No profile has arrived for {en}, over {int(count)} calls.",
            },
            evidence={"profile_at": profile_at.isoformat(), "calls": int(count)},
        )


RULE = Rule(RuleName.DATA_LATE, _find, every=timedelta(minutes=1))
