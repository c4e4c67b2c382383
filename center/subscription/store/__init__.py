"""Rows and queries of the subscription domain."""

from center.subscription.store.changes import ChangeStore
from center.subscription.store.events import EventStore
from center.subscription.store.plans import PlanStore
from center.subscription.store.subscriptions import SubscriptionRow, SubscriptionStore, Wanted

__all__ = [
    "ChangeStore",
    "EventStore",
    "PlanStore",
    "SubscriptionRow",
    "SubscriptionStore",
    "Wanted",
]
