"""Alarms as values: what was found, where it stands, and what people did about it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from sqlalchemy.orm import Session

from center.alarm.errors import AlarmOver

RETURNS_WITHIN = timedelta(minutes=15)
"""What ended by itself and comes back within this time is the same alarm: a flapping cause is one."""


class RuleName(StrEnum):
    """What alarms are raised for."""

    DRIFT = "drift"
    QUALITY_DOWN = "quality-down"
    DATA_LATE = "data-late"
    EDGE_SILENT = "edge-silent"
    INSTANCE_FAILING = "instance-failing"
    DIGEST_MISMATCH = "digest-mismatch"
    FLOOD = "flood"
    QUOTA_NEAR = "quota-near"
    OBJECTIVE_BURNING = "objective-burning"
    SUBSCRIPTION_EXPIRING = "subscription-expiring"
    KEY_EXPIRING = "key-expiring"


class Severity(StrEnum):
    """How soon a person is needed."""

    CRITICAL = "critical"
    """Now: callers suffer, or something is not what was approved."""
    WARNING = "warning"
    """Today."""
    NOTICE = "notice"
    """In the coming days."""

    @property
    def rank(self) -> int:
        """0 is the worst; lists are sorted by it."""
        return tuple(Severity).index(self)


class AlarmState(StrEnum):
    """Where an alarm stands; the first that holds, from below."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    SILENCED = "silenced"
    RESOLVED = "resolved"


class AlarmEventKind(StrEnum):
    """What happened to an alarm."""

    RAISED = "raised"
    WORSENED = "worsened"
    RETURNED = "returned"
    ENDED = "ended"
    """By itself: the rule finds nothing any more."""
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    COMMENTED = "commented"
    SILENCED = "silenced"
    UNSILENCED = "unsilenced"
    RESOLVED = "resolved"
    """By a person."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule sees at one moment.

    Attributes:
        capability: Empty where it is about a whole province; likewise ``province``.
        says: One sentence in each language, ``zh`` and ``en``.
        evidence: JSON figures behind the sentence.
    """

    rule: RuleName
    severity: Severity
    says: Mapping[str, str]
    capability: str = ""
    province: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """There is one alarm at a time of each rule, capability and province."""
        return f"{self.rule} {self.capability} {self.province}"


@dataclass(frozen=True, slots=True)
class Rule:
    """A question that the worker asks again and again.

    Attributes:
        find: Returns everything that is wrong at a moment.
        every: Least time between two rounds.
    """

    name: RuleName
    find: Callable[[Session, datetime], Iterable[Finding]]
    every: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is or was wrong.

    Attributes:
        count: How often it began, returns included.
        firing: Whether the rule still finds it, whatever people have said.
        silence: The silence by matcher that quiets it, if one does.
        resolved_by: None where it ended by itself.
    """

    id: str
    finding: Finding
    first_seen: datetime
    last_seen: datetime
    count: int = 1
    firing: bool = True
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    assignee: str | None = None
    silenced_until: datetime | None = None
    silence: str | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    revision: int = 1

    def state(self, now: datetime) -> AlarmState:
        """Tell where it stands."""
        if self.resolved_at is not None:
            return AlarmState.RESOLVED
        if self.silenced_until is not None and self.silenced_until > now:
            return AlarmState.SILENCED
        if self.assignee is not None:
            return AlarmState.ASSIGNED
        return AlarmState.OPEN if self.acknowledged_by is None else AlarmState.ACKNOWLEDGED

    def require_standing(self) -> None:
        """Refuse what makes no sense of an alarm that is over.

        Raises:
            AlarmOver: It is resolved.
        """
        if self.resolved_at is not None:
            raise AlarmOver("This alarm is resolved; comment on it, or wait for the next.")

    def acknowledged(self, by: str, at: datetime) -> Self:
        """Return it with the first who has seen it."""
        self.require_standing()
        if self.acknowledged_by is not None:
            return self
        return replace(self, acknowledged_by=by, acknowledged_at=at)

    def assigned(self, to: str | None, by: str, at: datetime) -> Self:
        """Return it with who works on it; whoever assigns has seen it."""
        return replace(self.acknowledged(by, at), assignee=to)

    def silenced(self, until: datetime | None, silence: str | None = None) -> Self:
        """Return it quiet until a moment, or loud again."""
        self.require_standing()
        return replace(self, silenced_until=until, silence=silence)

    def resolved(self, by: str | None, at: datetime) -> Self:
        """Return it over, by a person's word or by itself."""
        self.require_standing()
        return replace(self, resolved_by=by, resolved_at=at, firing=self.firing and by is not None)

    def seen(self, finding: Finding, at: datetime) -> tuple[Self, AlarmEventKind | None]:
        """Return it with what a rule finds now, and what that means.

        What a person resolved stays so while the cause lasts, unless it gets worse.
        """
        worse = finding.severity.rank < self.finding.severity.rank
        now = replace(self, finding=finding, last_seen=at)
        if not worse:
            return now, None
        return replace(now, resolved_at=None, resolved_by=None), AlarmEventKind.WORSENED

    def returned(self, finding: Finding, at: datetime) -> Self:
        """Return it begun anew, with those who know it already."""
        return replace(
            self,
            finding=finding,
            last_seen=at,
            count=self.count + 1,
            firing=True,
            resolved_at=None,
            resolved_by=None,
        )


@dataclass(frozen=True, slots=True)
class AlarmEvent:
    """One line of an alarm's history."""

    alarm: str
    at: datetime
    actor: str
    kind: AlarmEventKind
    text: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """Alarms that nobody wants to hear for a time; None matches all.

    Attributes:
        ended_at: When somebody ended it before its time.
    """

    id: str
    rule: RuleName | None
    capability: str | None
    province: str | None
    ends_at: datetime
    reason: str
    created_by: str
    created_at: datetime
    ended_at: datetime | None = None

    def matches(self, finding: Finding) -> bool:
        """Tell whether it quiets a finding."""
        return (
            self.rule in (None, finding.rule)
            and self.capability in (None, finding.capability)
            and self.province in (None, finding.province)
        )
