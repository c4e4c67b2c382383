"""What HTTP shows of alarms and silences, and what it takes."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from capability_sdk.contracts.model import CapabilityName, Identifier, ProvinceName, Strict, UtcTime
from center.alarm.domain import Alarm, AlarmEventKind, AlarmState, RuleName, Severity

Remark = Annotated[str, Field(min_length=1, max_length=4000)]
Reason = Annotated[str, Field(min_length=3, max_length=1000)]


class Says(BaseModel):
    """One sentence in both languages."""

    zh: str
    en: str


class AlarmView(BaseModel):
    """One alarm."""

    id: str
    rule: RuleName
    severity: Severity
    state: AlarmState
    capability: str
    """Empty where it is about a whole province."""
    province: str
    """Empty where it is about the center."""
    says: Says
    evidence: dict[str, Any]
    """Figures behind the sentence, by rule."""
    first_seen: UtcTime
    last_seen: UtcTime
    count: int
    """How often it began, returns within 15 minutes included."""
    firing: bool
    """Whether the rule still finds it."""
    acknowledged_by: str | None
    acknowledged_at: UtcTime | None
    assignee: str | None
    silenced_until: UtcTime | None
    resolved_at: UtcTime | None
    resolved_by: str | None
    """Null where it ended by itself."""
    revision: int

    @classmethod
    def of(cls, alarm: Alarm, now: datetime) -> Self:
        """Show an alarm as it stands at a moment."""
        finding = alarm.finding
        return cls(
            id=alarm.id,
            rule=finding.rule,
            severity=finding.severity,
            state=alarm.state(now),
            capability=finding.capability,
            province=finding.province,
            says=Says(zh=finding.says["zh"], en=finding.says["en"]),
            evidence=dict(finding.evidence),
            first_seen=alarm.first_seen,
            last_seen=alarm.last_seen,
            count=alarm.count,
            firing=alarm.firing,
            acknowledged_by=alarm.acknowledged_by,
            acknowledged_at=alarm.acknowledged_at,
            assignee=alarm.assignee,
            silenced_until=alarm.silenced_until,
            resolved_at=alarm.resolved_at,
            resolved_by=alarm.resolved_by,
            revision=alarm.revision,
        )


class AlarmEventView(BaseModel):
    """One line of an alarm's history."""

    model_config = ConfigDict(from_attributes=True)

    at: UtcTime
    actor: str
    kind: AlarmEventKind
    text: str


class AssignBody(Strict):
    """Who takes an alarm; null gives it back."""

    assignee: Identifier | None


class AlarmCommentBody(Strict):
    """A remark."""

    text: Remark


class SilenceOneBody(Strict):
    """Until when an alarm is quiet; null makes it loud again."""

    until: UtcTime | None
    reason: Annotated[str, Field(max_length=1000)] = ""


class ResolveBody(Strict):
    """What was done."""

    text: Annotated[str, Field(max_length=4000)] = ""


class SilenceBody(Strict):
    """Which alarms are quiet, until when, and why; null matches all."""

    rule: RuleName | None = None
    capability: CapabilityName | None = None
    province: ProvinceName | None = None
    ends_at: UtcTime
    reason: Reason


class SilenceView(BaseModel):
    """A silence in force."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rule: RuleName | None
    capability: str | None
    province: str | None
    ends_at: UtcTime
    reason: str
    created_by: str
    created_at: UtcTime
