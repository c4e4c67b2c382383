"""Notices that a domain below leaves with subscribers."""

from datetime import datetime

from sqlalchemy.orm import Session

from center.subscription.domain import SubscriptionEventKind
from center.subscription.store import EventStore, SubscriptionStore


def tell_subscribers(
    session: Session,
    subscriptions: list[str],
    kind: str,
    by: str,
    at: datetime,
    detail: dict[str, object],
) -> None:
    """Write one event for each subscription, within the caller's transaction."""
    store, events = SubscriptionStore(session), EventStore(session)
    for subscription in subscriptions:
        events.add(store.get(subscription), SubscriptionEventKind(kind), by, at, detail)
