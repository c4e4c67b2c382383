"""Incident files as values: what happened, why, and what is done so that it does not happen again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from center.incident.errors import IncidentClosed, NotReadyToClose

LEAD_IN = timedelta(minutes=30)
"""The timeline begins so long before the incident: what caused it came first."""


class IncidentKind(StrEnum):
    """What a file is about."""

    INCIDENT = "incident"
    LAUNCH_REVIEW = "launch-review"
    """A look back after a capability went live (R100)."""


class IncidentImpact(StrEnum):
    """How bad it is or was."""

    CRITICAL = "critical"
    WARNING = "warning"
    NOTICE = "notice"


class IncidentState(StrEnum):
    """Where a file stands."""

    OPEN = "open"
    MITIGATED = "mitigated"
    """Callers suffer no more; the cause may still be there."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Account:
    """What people write down: everything of a file that they may change.

    Attributes:
        capabilities: What was affected; none means every capability of the provinces.
        provinces: Where; none means everywhere.
        begins_at: When it began.
        ends_at: When it was over; None while nobody can tell.
        near_cause: What set it off.
        root_cause: Why that was possible. Blameless: causes are never people.
    """

    title: str
    severity: IncidentImpact
    begins_at: datetime
    ends_at: datetime | None = None
    capabilities: tuple[str, ...] = ()
    provinces: tuple[str, ...] = ()
    lead: str | None = None
    attendees: tuple[str, ...] = ()
    summary: str = ""
    near_cause: str = ""
    root_cause: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that is to be done, by somebody, until a day."""

    id: str
    incident: str
    text: str
    owner: str
    created_by: str
    created_at: datetime
    due_on: date | None = None
    done_at: datetime | None = None
    done_by: str | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """One file."""

    id: str
    kind: IncidentKind
    account: Account
    opened_by: str
    opened_at: datetime
    mitigated_at: datetime | None = None
    closed_at: datetime | None = None
    revision: int = 0

    @property
    def state(self) -> IncidentState:
        """Where it stands."""
        if self.closed_at is not None:
            return IncidentState.CLOSED
        return IncidentState.OPEN if self.mitigated_at is None else IncidentState.MITIGATED

    def require_unclosed(self) -> None:
        """Refuse a change of a closed file.

        Raises:
            IncidentClosed: Somebody closed it.
        """
        if self.closed_at is not None:
            raise IncidentClosed("This file is closed; open it again to change it.")

    def rewritten(self, account: Account) -> Self:
        """Return it with another account."""
        self.require_unclosed()
        return replace(self, account=account)

    def mitigated(self, at: datetime) -> Self:
        """Return it with callers safe; it ends now unless somebody said when."""
        self.require_unclosed()
        account = replace(self.account, ends_at=self.account.ends_at or at)
        return replace(self, mitigated_at=self.mitigated_at or at, account=account)

    def closed(self, actions: tuple[Action, ...], at: datetime) -> Self:
        """Return it closed.

        Raises:
            NotReadyToClose: A cause is not written down, or an action is missing or not done.
        """
        self.require_unclosed()
        missing = [
            *(["near_cause"] if not self.account.near_cause.strip() else []),
            *(["root_cause"] if not self.account.root_cause.strip() else []),
            *(["actions"] if not actions else []),
            *(["open_actions"] if any(action.done_at is None for action in actions) else []),
        ]
        if missing:
            raise NotReadyToClose(
                "Before a file is closed, it names near and root cause and at least one action, and"
                " every action is done.",
                missing=missing,
            )
        return replace(self.mitigated(at), closed_at=at)

    def reopened(self) -> Self:
        """Return it open again."""
        return replace(self, closed_at=None, mitigated_at=None)

    def touches(self, province: str, capability: str) -> bool:
        """Tell whether something that happened belongs to it; empty is every place."""
        account = self.account
        return (not account.provinces or not province or province in account.provinces) and (
            not account.capabilities or not capability or capability in account.capabilities
        )


class Source(StrEnum):
    """Where a line of the timeline comes from."""

    ALARM = "alarm"
    AUDIT = "audit"
    ENTRY = "entry"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened.

    Attributes:
        act: What, as its source names it, such as ``alarm.raised`` or ``deployment.put``.
        subject: To what, such as ``alarm/…`` or ``deployment/guizhou/digit-recognition``.
        text: What people said; empty where nobody said anything.
        says: The alarm's own sentence in both languages, if it is one.
    """

    at: datetime
    source: Source
    act: str
    actor: str
    subject: str = ""
    province: str = ""
    capability: str = ""
    text: str = ""
    says: Mapping[str, str] | None = None
    detail: Mapping[str, Any] | None = None
