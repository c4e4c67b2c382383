"""An edge that says nothing: neither usage nor health has come from it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from capability_sdk.contracts.enrolment import ProvinceKind
from center.alarm.domain import Finding, Rule, RuleName, Severity
from center.alarm.spans import in_words
from center.identity.store.places import EdgeRow, ProvinceRow
from center.operations.rows import IntakeRow

SILENT = timedelta(minutes=5)
LONG_SILENT = timedelta(minutes=30)


def _find(session: Session, now: datetime) -> Iterator[Finding]:
    statement = (
        select(EdgeRow.province, EdgeRow.enrolled_at, IntakeRow.heard_at, ProvinceRow.simulated)
        .join(ProvinceRow, ProvinceRow.name == EdgeRow.province)
        .outerjoin(IntakeRow, IntakeRow.province == EdgeRow.province)
        .where(EdgeRow.revoked_at.is_(None), ProvinceRow.kind == ProvinceKind.SERVING)
    )
    found = session.execute(statement).all()
    # A simulation ends with its last report: then all of it is still, and none of it went silent.
    simulated = [edge.heard_at for edge in found if edge.simulated and edge.heard_at]
    end = max(simulated, default=now)
    for province, enrolled_at, heard_at, is_simulated in found:
        silent_for = (end if is_simulated else now) - max(enrolled_at, heard_at or enrolled_at)
        if silent_for >= SILENT:
            yield _finding(province, silent_for, enrolled_at, heard_at)


def _finding(
    province: str, silent_for: timedelta, enrolled_at: datetime, heard_at: datetime | None
) -> Finding:
    zh, en = in_words(silent_for)
    return Finding(
        rule=RuleName.EDGE_SILENT,
        severity=Severity.CRITICAL if silent_for >= LONG_SILENT else Severity.WARNING,
        province=province,
        says={
            "zh": f"边缘已 {zh}没有上报",
            "en": f"The edge has not been heard of for {en}.",
        },
        evidence={
            "enrolled_at": enrolled_at.isoformat(),
            "heard_at": None if heard_at is None else heard_at.isoformat(),
        },
    )


RULE = Rule(RuleName.EDGE_SILENT, _find, every=timedelta(seconds=15))
