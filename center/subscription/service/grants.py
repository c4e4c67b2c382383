"""What an application may call now, and why not."""

from sqlalchemy.orm import Session

from center.subscription.denials import members
from center.subscription.domain import denial_of
from center.subscription.store import SubscriptionStore


def granted_capabilities(session: Session, application: str) -> frozenset[str]:
    """Return the capabilities that an application may call now."""
    return SubscriptionStore(session).active_capabilities(application)


def refusal(session: Session, application: str, capability: str) -> dict[str, str]:
    """Say why an application may not call a capability: ``reason`` and ``cure``; empty if it may."""
    newest = SubscriptionStore(session).newest_of(application, capability)
    denial = denial_of(None if newest is None else newest.status)
    return {} if denial is None else members(denial)
