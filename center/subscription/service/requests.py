"""Asking for the right to call, and looking at what was asked."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from center.capability.store import CapabilityStore
from center.identity.domain import new_id
from center.identity.store import ApplicationStore
from center.paging import Page, Paging
from center.permissions import Actor
from center.subscription.domain import Act, Subscription, SubscriptionEventKind
from center.subscription.errors import SubscriptionNotFound
from center.subscription.plans import PlanApproval, Wish
from center.subscription.service.notes import note
from center.subscription.service.offers import require_offered
from center.subscription.store import EventStore, PlanStore, SubscriptionStore, Wanted
from center.subscription.store.events import SubscriptionEvent


def request(session: Session, actor: Actor, wish: Wish, at: datetime) -> Subscription:
    """Ask for an application's right to call a capability; a self-approved plan gives it at once.

    Raises:
        NotFound: The actor sees no such application, or the store no such capability.
        NotOffered: The capability takes no new subscriptions.
        NotInProvince: It was approved for other provinces.
        PlanUnknown: There is no such plan.
        PlanClosed: It takes no new subscriptions.
        BeyondPlan: It is self-approved, and does not give as much.
        BadPeriod: The dates make no sense, or are further apart than the plan allows.
        SubscriptionExists: The application has one that is not over.
    """
    owner = ApplicationStore(session).get(wish.application)
    actor.hide_unless_seen(owner.province, f"application {wish.application}")
    require_offered(session, wish.capability, owner.province, at)
    plan = PlanStore(session).get(wish.asked.plan)
    plan.require_open()
    item = Subscription(
        id=new_id("sub"),
        application=wish.application,
        province=owner.province,
        capability=wish.capability,
        terms=plan.terms(wish.asked),
        purpose=wish.purpose,
        requested_by=actor.name,
        requested_at=at,
        period=plan.period(wish.period, at),
        cost_centre=wish.cost_centre,
    )
    SubscriptionStore(session).add(item)
    note(session, actor, item, "request", SubscriptionEventKind.REQUESTED, at)
    if plan.approval is PlanApproval.SELF:
        return _approve_by_plan(session, actor, item, at)
    return item


def withdraw(session: Session, actor: Actor, subscription: str, at: datetime) -> Subscription:
    """Take back a request that nobody has decided on.

    Raises:
        SubscriptionNotFound: The actor sees none of this id.
        IllegalStatus: It was decided on.
    """
    was = get(session, actor, subscription)
    item = was.after(Act.WITHDRAW, actor.name, at)
    SubscriptionStore(session).put(item, was.status)
    note(session, actor, item, Act.WITHDRAW, SubscriptionEventKind.WITHDRAWN, at)
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


def page(
    session: Session, actor: Actor, wanted: Wanted, paging: Paging, *, oldest_first: bool = False
) -> Page[Subscription]:
    """Return a page of the subscriptions that the actor may see, newest first unless asked.

    Raises:
        NotPermitted: Another province's are asked for.
    """
    confined = replace(wanted, provinces=actor.within(wanted.province), owner=actor.owner)
    return SubscriptionStore(session).page(confined, paging, oldest_first=oldest_first)


def history(
    session: Session, actor: Actor, subscription: str, paging: Paging
) -> Page[SubscriptionEvent]:
    """Return a page of what happened to a subscription, newest first.

    Raises:
        SubscriptionNotFound: The actor sees none of this id.
    """
    item = get(session, actor, subscription)
    return EventStore(session).page(item.id, paging)


def _approve_by_plan(
    session: Session, actor: Actor, asked: Subscription, at: datetime
) -> Subscription:
    by = f"plan:{asked.terms.plan}"
    item = asked.after(Act.APPROVE, by, at)
    SubscriptionStore(session).put(item, asked.status)
    note(session, actor, item, Act.APPROVE, SubscriptionEventKind.APPROVED, at, approved_by=by)
    return item
