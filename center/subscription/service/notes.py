"""What an act on a subscription leaves behind: a row of the trail, and an event."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from center.identity.audit import record
from center.permissions import Actor
from center.subscription.domain import Subscription, SubscriptionEventKind
from center.subscription.store import EventStore


def note(
    session: Session,
    actor: Actor,
    item: Subscription,
    act: str,
    kind: SubscriptionEventKind,
    at: datetime,
    **detail: object,
) -> None:
    """Write down an act, within its transaction.

    Args:
        session: The act's own.
        actor: Who acted.
        item: The subscription as the act left it.
        act: Name of the act in the audit trail.
        kind: Name of the event.
        at: When.
        detail: JSON values that explain it, such as a change's id.
    """
    said = {
        "application": item.application,
        "capability": item.capability,
        "status": item.status,
        "reason": item.reason,
        **described(item),
        **detail,
    }
    act, subject = f"subscription.{act}", f"subscription/{item.id}"
    record(session, actor, act, subject, said, province=item.province, at=at)
    EventStore(session).add(item, kind, actor.name, at, {"reason": item.reason, **detail})


def described(item: Subscription) -> Mapping[str, Any]:
    """Return a subscription's terms as JSON."""
    terms, ends = item.terms, item.period.ends_at
    return {
        "plan": terms.plan,
        "daily_quota": terms.daily_quota,
        "rate_per_second": terms.rate_per_second,
        "concurrency": terms.concurrency,
        "ends_at": None if ends is None else ends.isoformat(),
    }
