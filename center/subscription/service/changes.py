"""Asking for other terms or another end, and deciding on it."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from center.identity.domain import new_id
from center.paging import Page, Paging
from center.permissions import Actor
from center.subscription.denials import Denial
from center.subscription.domain import (
    TIMED,
    Change,
    ChangeStatus,
    Subscription,
    SubscriptionEventKind,
)
from center.subscription.errors import (
    ChangeNotFound,
    IllegalStatus,
    NothingChanges,
    SubscriptionNotFound,
)
from center.subscription.plans import Period, PlanApproval, WishedChange
from center.subscription.service.notes import note
from center.subscription.service.requests import get as get_subscription
from center.subscription.store import ChangeStore, PlanStore, SubscriptionStore
from center.subscription.store.changes import WantedChanges


def request(
    session: Session, actor: Actor, subscription: str, wish: WishedChange, at: datetime
) -> Change:
    """Ask for other terms; what a self-approved plan gives is applied at once.

    Raises:
        SubscriptionNotFound: The actor sees none of this id.
        IllegalStatus: It was not granted, or has ended.
        ChangePending: Another change waits.
        NothingChanges: It has these terms already.
        PlanUnknown: There is no such plan.
        PlanClosed: It is another plan than now, and takes no new subscriptions.
        BeyondPlan: The plan is self-approved, and does not give as much.
        BadPeriod: The end makes no sense.
    """
    item = get_subscription(session, actor, subscription)
    if item.status not in TIMED:
        raise IllegalStatus(f"Subscription {item.id} is {item.status}: ask for a new one.")
    plan = PlanStore(session).get(wish.asked.plan)
    if plan.name != item.terms.plan:
        plan.require_open()
    ends_at = plan.period(Period(item.period.starts_at, wish.ends_at), at).ends_at
    terms = plan.terms(wish.asked)
    if (terms, ends_at) == (item.terms, item.period.ends_at):
        raise NothingChanges(f"Subscription {item.id} has these terms already.")
    change = Change(
        id=new_id("change"),
        subscription=item.id,
        application=item.application,
        province=item.province,
        capability=item.capability,
        terms=terms,
        ends_at=ends_at,
        why=wish.why,
        requested_by=actor.name,
        requested_at=at,
    )
    ChangeStore(session).add(change)
    _note(session, actor, item, change, SubscriptionEventKind.CHANGE_REQUESTED, at)
    if plan.approval is PlanApproval.SELF:
        applied = change.decided(ChangeStatus.APPLIED, f"plan:{plan.name}", at)
        return _apply(session, actor, item, applied, at)
    return change


def approve(session: Session, actor: Actor, change: str, at: datetime) -> Change:
    """Give a subscription the terms that somebody else asked for.

    Raises:
        ChangeNotFound: The actor sees none of this id.
        OwnSubscription: The actor asked for it.
        IllegalStatus: It was decided on, or the subscription has ended.
    """
    waiting = get(session, actor, change)
    item = SubscriptionStore(session).get(waiting.subscription)
    return _apply(session, actor, item, waiting.decided(ChangeStatus.APPLIED, actor.name, at), at)


def decline(
    session: Session, actor: Actor, change: str, denial: Denial, reason: str, at: datetime
) -> Change:
    """Leave a subscription as it is, with the reason.

    Raises:
        ChangeNotFound: The actor sees none of this id.
        OwnSubscription: The actor asked for it.
        IllegalStatus: It was decided on.
    """
    waiting = get(session, actor, change)
    declined = waiting.decided(ChangeStatus.DECLINED, actor.name, at, reason)
    declined = replace(declined, denial=denial)
    return _end(session, actor, declined, SubscriptionEventKind.CHANGE_DECLINED, at)


def withdraw(session: Session, actor: Actor, change: str, at: datetime) -> Change:
    """Take back a change that nobody has decided on.

    Raises:
        ChangeNotFound: The actor sees none of this id.
        IllegalStatus: It was decided on.
    """
    waiting = get(session, actor, change)
    taken = waiting.decided(ChangeStatus.WITHDRAWN, actor.name, at)
    return _end(session, actor, taken, SubscriptionEventKind.CHANGE_WITHDRAWN, at)


def get(session: Session, actor: Actor, change: str) -> Change:
    """Return a change that the actor may see.

    Raises:
        ChangeNotFound: There is none, or not for this actor.
    """
    found = ChangeStore(session).get(change)
    try:
        get_subscription(session, actor, found.subscription)
    except SubscriptionNotFound as error:
        raise ChangeNotFound(f"There is no change {change}.") from error
    return found


def page(session: Session, actor: Actor, wanted: WantedChanges, paging: Paging) -> Page[Change]:
    """Return a page of the changes that the actor may see, the longest waiting first.

    Raises:
        NotPermitted: Another province's are asked for.
    """
    confined = replace(wanted, provinces=actor.within(wanted.province), owner=actor.owner)
    return ChangeStore(session).page(confined, paging)


def _apply(
    session: Session, actor: Actor, item: Subscription, applied: Change, at: datetime
) -> Change:
    ChangeStore(session).put(applied)
    period = Period(item.period.starts_at, applied.ends_at)
    changed = replace(item, terms=applied.terms, period=period)
    SubscriptionStore(session).put_terms(changed)
    _note(session, actor, changed, applied, SubscriptionEventKind.CHANGED, at)
    return applied


def _end(
    session: Session, actor: Actor, ended: Change, kind: SubscriptionEventKind, at: datetime
) -> Change:
    ChangeStore(session).put(ended)
    item = SubscriptionStore(session).get(ended.subscription)
    _note(session, actor, item, ended, kind, at)
    return ended


def _note(
    session: Session,
    actor: Actor,
    item: Subscription,
    change: Change,
    kind: SubscriptionEventKind,
    at: datetime,
) -> None:
    denial = None if change.denial is None else change.denial.value
    said = {"change": change.id, "decided_by": change.decided_by, "denial": denial}
    note(session, actor, item, kind.value, kind, at, **said, words=change.reason or change.why)
