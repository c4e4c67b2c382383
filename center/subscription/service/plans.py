"""What the center offers, and who may change it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from center.database import Database
from center.identity.audit import record
from center.permissions import WORKER, Actor
from center.preconditions import require_match
from center.subscription.errors import PlanExists
from center.subscription.plans import SHIPPED, Plan
from center.subscription.store import PlanStore, SubscriptionStore, Wanted


def prepare(database: Database, now: datetime) -> None:
    """Give a new center its first plans."""
    with database.session() as session:
        PlanStore(session).introduce(SHIPPED, WORKER.name, now)


def subscriptions(session: Session, actor: Actor) -> Mapping[str, int]:
    """Count the subscriptions on each plan, among those that the actor sees."""
    wanted = Wanted(provinces=actor.provinces, owner=actor.owner)
    return SubscriptionStore(session).by_plan(wanted)


def put(session: Session, actor: Actor, plan: Plan, *, if_match: str | None, at: datetime) -> Plan:
    """Make a plan, or change one; subscriptions keep the terms that they were given.

    Raises:
        PlanExists: There is one of this name, and the actor does not say that they read it.
        PreconditionFailed: It has changed since the actor read it.
    """
    was = PlanStore(session).find(plan.name, lock=True)
    if was is not None and if_match is None:
        raise PlanExists(f"There is a plan {plan.name} already.")
    require_match(if_match, None if was is None else was.revision)
    kept = replace(plan, revision=1 if was is None else was.revision + 1)
    PlanStore(session).put(kept, actor.name, at)
    detail = {
        "approval": kept.approval.value,
        "daily_quota": kept.daily_quota,
        "rate_per_second": kept.rate_per_second,
        "concurrency": kept.concurrency,
        "longest_days": None if kept.longest is None else kept.longest.days,
        "price_label": kept.price_label,
        "is_open": kept.is_open,
        "revision": kept.revision,
    }
    record(session, actor, "plan.put", f"plan/{plan.name}", detail, at=at)
    return kept
