"""A province's right to call: its states drawn as data, and the changes asked of it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from center.subscription.denials import Denial
from center.subscription.errors import IllegalStatus, OwnSubscription
from center.subscription.plans import Period, Terms


class Status(StrEnum):
    """Where a subscription stands."""

    REQUESTED = "requested"
    SCHEDULED = "scheduled"
    """Approved; it begins later."""
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    EXPIRED = "expired"


class Act(StrEnum):
    """What is done with a subscription that was asked for."""

    APPROVE = "approve"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    BEGIN = "begin"
    SUSPEND = "suspend"
    RESUME = "resume"
    REVOKE = "revoke"
    EXPIRE = "expire"


_GIVEN = frozenset({Status.SCHEDULED, Status.ACTIVE, Status.SUSPENDED})
_ACTS: dict[Act, tuple[frozenset[Status], Status]] = {
    Act.APPROVE: (frozenset({Status.REQUESTED}), Status.ACTIVE),
    Act.DECLINE: (frozenset({Status.REQUESTED}), Status.DECLINED),
    Act.WITHDRAW: (frozenset({Status.REQUESTED}), Status.WITHDRAWN),
    Act.BEGIN: (frozenset({Status.SCHEDULED}), Status.ACTIVE),
    Act.SUSPEND: (frozenset({Status.ACTIVE}), Status.SUSPENDED),
    Act.RESUME: (frozenset({Status.SUSPENDED}), Status.ACTIVE),
    Act.REVOKE: (_GIVEN, Status.REVOKED),
    Act.EXPIRE: (_GIVEN, Status.EXPIRED),
}
_NOT_BY_REQUESTER = frozenset({Act.APPROVE, Act.DECLINE})
_BY_TIME = frozenset({Act.BEGIN, Act.EXPIRE})

FINAL = frozenset({Status.DECLINED, Status.WITHDRAWN, Status.REVOKED, Status.EXPIRED})
"""After these, the application may ask anew."""

GRANTED = frozenset({Status.ACTIVE, Status.SUSPENDED})
"""Statuses that a province knows of; it refuses the calls of a suspended one."""

TIMED = frozenset(_GIVEN)
"""Statuses that a date ends."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One application's right, asked for or granted, to call one capability.

    Attributes:
        cost_centre: Who pays, in the province's own books.
        decided_by: Who acted last; ``plan:NAME`` where a plan approved by itself.
        reason: Why it was declined, suspended or revoked, in words.
        denial: The same for programs, where it was declined.
        since: Since when it has its status.
    """

    id: str
    application: str
    province: str
    capability: str
    terms: Terms
    purpose: str
    requested_by: str
    requested_at: datetime
    period: Period = field(default_factory=Period)
    cost_centre: str = ""
    status: Status = Status.REQUESTED
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str = ""
    denial: Denial | None = None

    @property
    def since(self) -> datetime:
        """Since when it has its status."""
        return self.decided_at or self.requested_at

    def after(self, act: Act, by: str, at: datetime, reason: str = "") -> Self:
        """Return the subscription as an act leaves it, with who acted and why.

        Raises:
            OwnSubscription: The requester would decide on their own request.
            IllegalStatus: The present status does not allow the act.
        """
        if act in _NOT_BY_REQUESTER and by == self.requested_by:
            raise OwnSubscription(f"{by} asked for this subscription; another must decide.")
        allowed, to = _ACTS[act]
        if self.status not in allowed:
            raise IllegalStatus(
                f"Subscription {self.id} is {self.status}; you cannot {act} it.",
                subscription_status=self.status,
            )
        if act is Act.APPROVE and not self.period.has_begun(at):
            to = Status.SCHEDULED
        moved = replace(self, status=to, decided_at=at, reason=reason)
        return moved if act in _BY_TIME else replace(moved, decided_by=by)


class ChangeStatus(StrEnum):
    """Where a change of a subscription stands."""

    REQUESTED = "requested"
    APPLIED = "applied"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Change:
    """Other terms, or another end, for a subscription that was granted.

    Attributes:
        terms: What it would have afterwards.
        ends_at: When it would end afterwards.
        why: What the asker says.
    """

    id: str
    subscription: str
    application: str
    province: str
    capability: str
    terms: Terms
    ends_at: datetime | None
    why: str
    requested_by: str
    requested_at: datetime
    status: ChangeStatus = ChangeStatus.REQUESTED
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str = ""
    denial: Denial | None = None

    def decided(self, to: ChangeStatus, by: str, at: datetime, reason: str = "") -> Self:
        """Return the change as a decision leaves it.

        Raises:
            OwnSubscription: The requester would decide on their own request.
            IllegalStatus: It was decided on already.
        """
        if to is not ChangeStatus.WITHDRAWN and by == self.requested_by:
            raise OwnSubscription(f"{by} asked for this change; another must decide.")
        if self.status is not ChangeStatus.REQUESTED:
            raise IllegalStatus(
                f"Change {self.id} is {self.status} already.", change_status=self.status
            )
        return replace(self, status=to, decided_by=by, decided_at=at, reason=reason)


class SubscriptionEventKind(StrEnum):
    """What happened to a subscription; acts of people and of time."""

    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    BEGUN = "begun"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    REVOKED = "revoked"
    EXPIRED = "expired"
    CHANGE_REQUESTED = "change-requested"
    CHANGED = "changed"
    CHANGE_DECLINED = "change-declined"
    CHANGE_WITHDRAWN = "change-withdrawn"
    NEARS_EXPIRY = "nears-expiry"
    NEARS_QUOTA = "nears-quota"
    QUOTA_USED_UP = "quota-used-up"
    RETIREMENT_ANNOUNCED = "retirement-announced"
    RETIREMENT_CANCELLED = "retirement-cancelled"


EVENT_OF = {
    Act.APPROVE: SubscriptionEventKind.APPROVED,
    Act.DECLINE: SubscriptionEventKind.DECLINED,
    Act.WITHDRAW: SubscriptionEventKind.WITHDRAWN,
    Act.BEGIN: SubscriptionEventKind.BEGUN,
    Act.SUSPEND: SubscriptionEventKind.SUSPENDED,
    Act.RESUME: SubscriptionEventKind.RESUMED,
    Act.REVOKE: SubscriptionEventKind.REVOKED,
    Act.EXPIRE: SubscriptionEventKind.EXPIRED,
}
"""What an act leaves in a subscription's history."""


def denial_of(status: Status | None) -> Denial | None:
    """Return why an application in this status may not call; None where it may.

    Args:
        status: Of its newest subscription; None where it never had one.
    """
    return _CALLING.get(status, Denial.NOT_SUBSCRIBED) if status is not Status.ACTIVE else None


_CALLING: dict[Status | None, Denial] = {
    Status.REQUESTED: Denial.AWAITING_DECISION,
    Status.SCHEDULED: Denial.NOT_BEGUN,
    Status.SUSPENDED: Denial.SUSPENDED,
    Status.EXPIRED: Denial.EXPIRED,
    Status.REVOKED: Denial.REVOKED,
}
