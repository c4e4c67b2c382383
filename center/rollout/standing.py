"""What each province of a roll-out should run, what it does, and its way back: for whoever looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from center.instance.content_store import ContentStore
from center.instance.domain import Plan
from center.instance.store import DeploymentStore
from center.reach import Reach
from center.rollout.domain import NOTHING_YET, Counters, Rollout
from center.rollout.store import RolloutStore
from center.rollout.way_back import WayBack, ways_back


@dataclass(frozen=True, slots=True)
class Standing:
    """One province.

    Attributes:
        plan: What should run now; without shares where it was removed.
        changed_at: When somebody, or the roll-out, last changed that.
        counters: What each version has done since the stage began, or the roll-out ended; the new
            one is the last.
        heard_at: When the province last told of calls.
        reported_at: When it last told of instances.
        way_back: None where the roll-out has none.
    """

    plan: Plan
    changed_at: datetime | None
    counters: Mapping[str, Counters]
    heard_at: datetime | None
    reported_at: datetime | None
    way_back: WayBack | None


def standings(session: Session, item: Rollout, at: datetime) -> dict[str, Standing]:
    """Return each province of a roll-out, in the order of its stages."""
    store = RolloutStore(session)
    now = DeploymentStore(session).of_capability(item.capability, item.provinces)
    counters, heard = store.counters(item), store.heard_at(item)
    reported = ContentStore(session, Reach()).reported_at()
    ways = ways_back(session, item, now, at) if item.may_return else {}
    found: dict[str, Standing] = {}
    for name in item.provinces:
        deployment = now.get(name)
        plan = Plan(()) if deployment is None else deployment.plan
        every = {share.version: NOTHING_YET for share in plan.shares} | counters[name]
        in_order = sorted(every, key=lambda version: (version == item.version, version))
        found[name] = Standing(
            plan=plan,
            changed_at=None if deployment is None else deployment.updated_at,
            counters={version: every[version] for version in in_order},
            heard_at=heard.get(name),
            reported_at=reported.get(name),
            way_back=ways.get(name),
        )
    return found
