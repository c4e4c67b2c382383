"""Asking for, granting and ending the right to call."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from center.capability.domain import Stage
from center.capability.store import CapabilityStore, Sight
from center.identity.audit import record
from center.identity.domain import new_id
from center.identity.store import ApplicationStore
from center.paging import Page, Paging
from center.permissions import Actor
from center.subscription.domain import Act, Subscription, Terms
from center.subscription.errors import NotOffered, SubscriptionNotFound
from center.subscription.store import SubscriptionStore, Wanted


def request(
    session: Session,
    actor: Actor,
    application: str,
    capability: str,
    terms: Terms,
    purpose: str,
    at: datetime,
) -> Subscription:
    """Ask for an application's right to call a capability.

    Raises:
        NotFound: The actor sees no such application, or the store no such capability.
        NotOffered: The capability takes no new subscriptions.
        SubscriptionExists: The application has one that is not over.
    """
    owner = ApplicationStore(session).get(application)
    actor.hide_unless_seen(owner.province, f"application {application}")
    _require_offered(session, capability)
    item = Subscription(
        id=new_id("sub"),
        application=application,
        province=owner.province,
        capability=capability,
        terms=terms,
        purpose=purpose,
        requested_by=actor.name,
        requested_at=at,
    )
    SubscriptionStore(session).add(item)
    _note(session, actor, item, "request")
    return item


def decide(
    session: Session,
    actor: Actor,
    subscription: str,
    act: Act,
    *,
    at: datetime,
    reason: str = "",
) -> Subscription:
    """Approve, decline, suspend, resume or revoke a subscription.

    Raises:
        SubscriptionNotFound: The actor sees none of this id.
        OwnSubscription: The actor would decide on their own request.
        NotOffered: It would be approved, but the capability takes no new subscriptions now.
        IllegalStatus: The present status does not allow the act.
    """
    was = get(session, actor, subscription)
    item = was.after(act, actor.name, at, reason)
    if act is Act.APPROVE:
        _require_offered(session, item.capability)
    SubscriptionStore(session).put(item, was.status)
    _note(session, actor, item, act)
    return item


def get(session: Session, actor: Actor, subscription: str) -> Subscription:
    """Return a subscription that the actor may see.

    Raises:
        SubscriptionNotFound: There is none, or not for this actor.
    """
    item = SubscriptionStore(session).get(subscription)
    # An engineer sees who subscribes to what the own organisation publishes.
    owner = actor.owner
    foreign = owner is not None and CapabilityStore(session).owner_of(item.capability) != owner
    if foreign or not actor.sees(item.province):
        raise SubscriptionNotFound(f"There is no subscription {subscription}.")
    return item


def page(session: Session, actor: Actor, wanted: Wanted, paging: Paging) -> Page[Subscription]:
    """Return a page of the subscriptions that the actor may see, newest first.

    Raises:
        NotPermitted: Another province's are asked for.
    """
    confined = replace(wanted, provinces=actor.within(wanted.province), owner=actor.owner)
    return SubscriptionStore(session).page(confined, paging)


def granted_capabilities(session: Session, application: str) -> frozenset[str]:
    """Return the capabilities that an application may call now."""
    return SubscriptionStore(session).active_capabilities(application)


def _require_offered(session: Session, capability: str) -> None:
    versions = CapabilityStore(session).versions(capability, Sight())
    if all(item.stage is not Stage.PUBLISHED for item in versions):
        raise NotOffered(f"Every version of {capability} is deprecated.")


def _note(session: Session, actor: Actor, item: Subscription, act: str) -> None:
    detail = {
        "application": item.application,
        "capability": item.capability,
        "status": item.status,
        "reason": item.reason,
        "daily_quota": item.terms.daily_quota,
        "rate_per_second": item.terms.rate_per_second,
        "concurrency": item.terms.concurrency,
    }
    record(session, actor, f"subscription.{act}", f"subscription/{item.id}", detail)
