"""A province's right to call: its terms, and its states drawn as data."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from center.subscription.errors import IllegalStatus, OwnSubscription


class Status(StrEnum):
    """Where a subscription stands."""

    REQUESTED = "requested"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DECLINED = "declined"
    REVOKED = "revoked"


class Act(StrEnum):
    """What is done with a subscription that was asked for."""

    APPROVE = "approve"
    DECLINE = "decline"
    SUSPEND = "suspend"
    RESUME = "resume"
    REVOKE = "revoke"


_ACTS: dict[Act, tuple[frozenset[Status], Status]] = {
    Act.APPROVE: (frozenset({Status.REQUESTED}), Status.ACTIVE),
    Act.DECLINE: (frozenset({Status.REQUESTED}), Status.DECLINED),
    Act.SUSPEND: (frozenset({Status.ACTIVE}), Status.SUSPENDED),
    Act.RESUME: (frozenset({Status.SUSPENDED}), Status.ACTIVE),
    Act.REVOKE: (frozenset({Status.ACTIVE, Status.SUSPENDED}), Status.REVOKED),
}
_NOT_BY_REQUESTER = frozenset({Act.APPROVE, Act.DECLINE})

FINAL = frozenset({Status.DECLINED, Status.REVOKED})
"""After these, the application may ask anew."""

GRANTED = frozenset({Status.ACTIVE, Status.SUSPENDED})
"""Statuses that a province knows of; it refuses the calls of a suspended one."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How much an application may call.

    Attributes:
        plan: Name of the commercial plan; a label, the numbers beside it decide.
        daily_quota: Calls a day of the province's zone.
        rate_per_second: Calls a second, smoothed.
        concurrency: Calls at the same time.
    """

    plan: str
    daily_quota: int
    rate_per_second: float
    concurrency: int


@dataclass(frozen=True, slots=True)
class Subscription:
    """One application's right, asked for or granted, to call one capability."""

    id: str
    application: str
    province: str
    capability: str
    terms: Terms
    purpose: str
    requested_by: str
    requested_at: datetime
    status: Status = Status.REQUESTED
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str = ""

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
        return replace(self, status=to, decided_by=by, decided_at=at, reason=reason)
