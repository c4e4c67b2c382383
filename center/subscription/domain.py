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


_NEXT: dict[Status, frozenset[Status]] = {
    Status.REQUESTED: frozenset({Status.ACTIVE, Status.DECLINED}),
    Status.ACTIVE: frozenset({Status.SUSPENDED, Status.REVOKED}),
    Status.SUSPENDED: frozenset({Status.ACTIVE, Status.REVOKED}),
    Status.DECLINED: frozenset(),
    Status.REVOKED: frozenset(),
}

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

    def advance(self, to: Status, by: str, at: datetime, reason: str = "") -> Self:
        """Return the subscription in its next status, with who decided and why.

        Raises:
            IllegalStatus: The present status does not lead there.
        """
        if to not in _NEXT[self.status]:
            raise IllegalStatus(
                f"Subscription {self.id} is {self.status}; it cannot become {to}.",
                subscription_status=self.status,
                allowed=sorted(_NEXT[self.status]),
            )
        return replace(self, status=to, decided_by=by, decided_at=at, reason=reason)

    def require_decision_by(self, person: str) -> None:
        """Refuse a requester's decision on their own request.

        Raises:
            OwnSubscription: ``person`` asked for it.
        """
        if person == self.requested_by:
            raise OwnSubscription(f"{person} asked for this subscription; another must decide.")
