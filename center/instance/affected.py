"""Whose calls a version answers now: subscriptions in the provinces that run it."""

from sqlalchemy.orm import Session

from center.capability.review.ports import Affected
from center.instance.store import DeploymentStore
from center.subscription.store import SubscriptionStore


def affected_subscriptions(session: Session, capability: str, version: str) -> list[Affected]:
    """Return the subscriptions in provinces that run a version, by province and application."""
    running = DeploymentStore(session).provinces_running(capability, version)
    return [
        Affected(item.id, item.application, item.province, item.requested_by)
        for item in SubscriptionStore(session).of_capability(capability)
        if item.province in running
    ]
