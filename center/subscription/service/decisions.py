"""Granting, declining, suspending and ending the right to call."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from center.permissions import Actor
from center.subscription.denials import Denial
from center.subscription.domain import EVENT_OF, FINAL, Act, Subscription
from center.subscription.service.notes import note
from center.subscription.service.offers import require_offered
from center.subscription.service.requests import get
from center.subscription.store import ChangeStore, SubscriptionStore


def decide(
    session: Session,
    actor: Actor,
    subscription: str,
    act: Act,
    *,
    at: datetime,
    reason: str = "",
    denial: Denial | None = None,
) -> Subscription:
    """Approve, decline, suspend, resume or revoke a subscription.

    Args:
        session: Open transaction.
        actor: Who decides.
        subscription: Its id.
        act: The decision.
        at: When.
        reason: Why, in words.
        denial: Why, for programs, where it is declined.

    Raises:
        SubscriptionNotFound: The actor sees none of this id.
        OwnSubscription: The actor would decide on their own request.
        NotOffered: It would be approved, but the capability takes no new subscriptions now.
        NotInProvince: It would be approved, but the capability was approved for other provinces.
        BadPeriod: It would be approved, but its end is past.
        IllegalStatus: The present status does not allow the act.
    """
    was = get(session, actor, subscription)
    item = replace(was.after(act, actor.name, at, reason), denial=denial)
    if act is Act.APPROVE:
        require_offered(session, item.capability, item.province, at)
        item.period.require_sense(at)
    settle(session, actor, was, item, act, at)
    return item


def settle(
    session: Session, actor: Actor, was: Subscription, item: Subscription, act: Act, at: datetime
) -> None:
    """Keep what an act made of a subscription, and write it down.

    Raises:
        IllegalStatus: Somebody else moved it meanwhile.
    """
    SubscriptionStore(session).put(item, was.status)
    if item.status in FINAL:
        ChangeStore(session).drop_waiting(item.id, at)
    denial = {} if item.denial is None else {"denial": item.denial.value}
    note(session, actor, item, act, EVENT_OF[act], at, **denial)
