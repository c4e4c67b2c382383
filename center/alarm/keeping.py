"""Keeps what becomes of an alarm: the alarm itself, its history and the audit trail, together."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from center.alarm.domain import Alarm, AlarmEvent, AlarmEventKind
from center.alarm.store import AlarmStore
from center.identity import audit
from center.permissions import Actor


def keep(
    session: Session,
    actor: Actor,
    alarm: Alarm,
    kind: AlarmEventKind,
    now: datetime,
    *,
    text: str = "",
) -> Alarm:
    """Write a changed alarm with its line of history; return it with its new revision."""
    kept = replace(alarm, revision=alarm.revision + 1)
    store = AlarmStore(session)
    store.put(kept)
    store.note(AlarmEvent(kept.id, now, actor.name, kind, text))
    finding = kept.finding
    detail = {
        "rule": finding.rule,
        "severity": finding.severity,
        "capability": finding.capability,
        "province": finding.province,
        "says": dict(finding.says),
        "state": kept.state(now),
        "assignee": kept.assignee,
        "text": text,
    }
    audit.record(session, actor, f"alarm.{kind}", f"alarm/{kept.id}", detail, at=now)
    return kept
