"""What the center offers, and who may change it."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from center.database import Database
from center.identity.audit import record
from center.permissions import WORKER, Actor
from center.preconditions import require_match
from center.subscription.plans import SHIPPED, Plan
from center.subscription.store import PlanStore


def prepare(database: Database, now: datetime) -> None:
    """Give a new center its first plans."""
    with database.session() as session:
        PlanStore(session).introduce(SHIPPED, WORKER.name, now)


def put(session: Session, actor: Actor, plan: Plan, *, if_match: str | None, at: datetime) -> Plan:
    """Make a plan, or change one; subscriptions keep the terms that they were given.

    Raises:
        PreconditionFailed: It has changed since the actor read it.
    """
    was = PlanStore(session).find(plan.name, lock=True)
    require_match(if_match, None if was is None else was.revision)
    kept = replace(plan, revision=1 if was is None else was.revision + 1)
    PlanStore(session).put(kept, actor.name, at)
    detail = {
        "approval": kept.approval.value,
        "daily_quota": kept.daily_quota,
        "rate_per_second": kept.rate_per_second,
        "concurrency": kept.concurrency,
        "longest_days": None if kept.longest is None else kept.longest.days,
        "is_open": kept.is_open,
        "revision": kept.revision,
    }
    record(session, actor, "plan.put", f"plan/{plan.name}", detail, at=at)
    return kept
