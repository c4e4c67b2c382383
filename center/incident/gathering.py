"""Gathers one timeline from what the other domains recorded, and from what people wrote."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from center.identity.audit import AuditRow
from center.incident.domain import LEAD_IN, Incident, Line, Source
from center.incident.store import IncidentStore
from center.reach import Reach

ACTS = (
    *("alarm.", "deployment.", "rollout.", "overlay.", "boost.", "subscription.", "version."),
    *("capability.", "silence.", "objective.", "edge.", "application.", "token-key.", "telemetry."),
)
"""Beginnings of the acts that can explain an incident."""

MOST = 5000
"""Recorded acts that are looked at."""


def timeline(session: Session, incident: Incident, reach: Reach, now: datetime) -> list[Line]:
    """Return everything that happened around an incident, oldest first.

    Args:
        session: Open transaction.
        incident: Whose file.
        reach: Of the asker; what happened elsewhere is left out.
        now: Where the timeline of a running incident ends.
    """
    lines = [
        line
        for line in _recorded(session, incident, now)
        if line.subject == _subject(incident)
        or (incident.touches(line.province, line.capability) and _is_within(line, reach))
    ]
    return sorted([*lines, *IncidentStore(session).entries(incident.id)], key=lambda line: line.at)


def _recorded(session: Session, incident: Incident, now: datetime) -> Iterator[Line]:
    row, account = AuditRow, incident.account
    acts = or_(
        *(row.act.startswith(act, autoescape=True) for act in ACTS),
        row.subject == _subject(incident),
    )
    statement = select(row).where(
        row.at >= account.begins_at - LEAD_IN, row.at <= (incident.closed_at or now), acts
    )
    for found in session.scalars(statement.order_by(row.seq).limit(MOST)):
        yield _line(found)


def _subject(incident: Incident) -> str:
    return f"incident/{incident.id}"


def _line(row: AuditRow) -> Line:
    province, capability = _place(row)
    return Line(
        at=row.at,
        source=Source.ALARM if row.act.startswith("alarm.") else Source.AUDIT,
        act=row.act,
        actor=row.actor,
        subject=row.subject,
        province=province,
        capability=capability,
        text=str(row.detail.get("text") or row.detail.get("reason") or ""),
        says=row.detail.get("says"),
        detail=row.detail,
    )


def _place(row: AuditRow) -> tuple[str, str]:
    """Read an act's province and capability from its detail, or from its subject."""
    province, capability = row.detail.get("province"), row.detail.get("capability")
    match row.subject.split("/"):
        case ["deployment" | "draft" | "overlay", where, what, *_]:
            province, capability = province or where, capability or what
        case ["province" | "edge", *_]:
            province = province or row.province
        case ["capability", what, *_]:
            capability = capability or what
    return str(province or ""), str(capability or "")


def _is_within(line: Line, reach: Reach) -> bool:
    """Tell whether the asker may see it; what names no place is for those who see everything."""
    if reach.provinces is not None and line.province not in reach.provinces:
        return False
    return reach.capabilities is None or line.capability in reach.capabilities
