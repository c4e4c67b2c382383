"""Who sets objectives, and who sees how capabilities stand to them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from capability_sdk.contracts.errors import NotPermitted
from center.capability.service import sight_of
from center.capability.store import CapabilityStore
from center.identity import audit
from center.identity.store import PlaceStore
from center.objective.domain import PERIOD, SLOW_SHARE, Standing, Target
from center.objective.store import ObjectiveStore, Place, StandingStore
from center.operations.domain import hour_of
from center.operations.latency import slower_than
from center.paging import Page, Paging
from center.permissions import Actor
from center.preconditions import require_match
from center.reach import Reach, reach_of


@dataclass(frozen=True, slots=True)
class Point:
    """One hour of a capability, and what was left of its budgets at its end."""

    hour: datetime
    calls: int
    failures: int
    slow: float
    availability_left: float
    latency_left: float


def page(
    session: Session, reach: Reach, paging: Paging, *, by_province: bool
) -> tuple[Page[Standing], datetime | None]:
    """Return a page of standings within reach, and when they were measured."""
    store = StandingStore(session)
    return store.page(reach, by_province=by_province, paging=paging), store.measured_at()


def get(session: Session, actor: Actor, place: Place) -> tuple[Standing, datetime | None]:
    """Return how a capability stands in a province, or in all of them, and since when.

    Raises:
        NoObjective: Nobody called it, or it is out of reach.
    """
    store = StandingStore(session)
    return store.get(place, reach_of(session, actor)), store.measured_at()


def history(session: Session, actor: Actor, place: Place, now: datetime) -> list[Point]:
    """Return the hours of the period, with the budgets as they were used up.

    Raises:
        NoObjective: Nobody called it, or it is out of reach.
    """
    standing, _ = get(session, actor, place)
    hours = StandingStore(session).hours(place, reach_of(session, actor), hour_of(now - PERIOD))
    target = standing.target
    allowed = (1 - target.availability) * sum(sums.calls for sums in hours.values())
    allowed_slow = SLOW_SHARE * sum(sum(sums.latency) for sums in hours.values())
    failures, slow, points = 0, 0.0, []
    for hour, sums in hours.items():
        slow_now = slower_than(sums.latency, target.p99_ms)
        failures, slow = failures + sums.failures, slow + slow_now
        points.append(
            Point(
                *(hour, sums.calls, sums.failures, slow_now),
                availability_left=1 - failures / allowed if allowed else 1.0,
                latency_left=1 - slow / allowed_slow if allowed_slow else 1.0,
            )
        )
    return points


def put(
    session: Session,
    actor: Actor,
    place: Place,
    target: Target,
    *,
    if_match: str | None,
    now: datetime,
) -> int:
    """Set an objective for a capability, in one province or in all; return its revision.

    Raises:
        CapabilityNotFound: The actor sees no such capability.
        NotFound: There is no such province.
        NotPermitted: Another organisation owns the capability.
        PreconditionFailed: Somebody set it since.
    """
    capability, province = place
    owner = CapabilityStore(session).foremost(capability, sight_of(actor)).organisation
    if actor.owner not in (None, owner):
        raise NotPermitted(f"{owner} owns {capability}, and sets its objectives.")
    if province:
        PlaceStore(session).get(province)
    store = ObjectiveStore(session)
    require_match(if_match, store.revision(place))
    revision = store.put(place, target, actor.name, now)
    detail = {"availability": target.availability, "p99_ms": target.p99_ms, "province": province}
    audit.record(session, actor, "objective.set", f"objective/{capability}", detail, at=now)
    return revision
