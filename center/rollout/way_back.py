"""What each province would run again, and what keeps one from it; told before the act and by it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from center.instance import service as instances
from center.instance.domain import Deployment, Plan
from center.instance.errors import BadOverlay, NotDeployable
from center.rollout.domain import Obstacle, Rollout


@dataclass(frozen=True, slots=True)
class WayBack:
    """What one province ran before.

    Attributes:
        is_there: It runs exactly that already.
        obstacle: Why a roll-back leaves the province as it is; None where it does not.
        detail: The same in words.
    """

    plan: Plan
    is_there: bool
    obstacle: Obstacle | None = None
    detail: str = ""


def ways_back(
    session: Session, item: Rollout, now: Mapping[str, Deployment], at: datetime
) -> dict[str, WayBack]:
    """Return the way back of each province.

    Args:
        session: Open transaction.
        item: The roll-out.
        now: What its provinces run, also where it was removed.
        at: Now.
    """
    return {name: _way_back(session, item, name, now.get(name), at) for name in item.before}


def _way_back(
    session: Session, item: Rollout, province: str, now: Deployment | None, at: datetime
) -> WayBack:
    plan = item.before[province]
    is_there = now is not None and now.plan == plan
    if now is None or now.revision != item.written[province]:
        detail = "Somebody changed the deployment since."
        return WayBack(plan, is_there, Obstacle.CHANGED, detail)
    aim = instances.Aim(province, item.capability, at)
    try:
        instances.require_returnable(session, aim, plan.shares, now)
    except NotDeployable as error:
        return WayBack(plan, is_there, Obstacle.NOT_DEPLOYABLE, str(error))
    except BadOverlay as error:
        return WayBack(plan, is_there, Obstacle.UNFIT, str(error))
    return WayBack(plan, is_there)
