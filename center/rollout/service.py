"""Beginning, driving, pausing and undoing roll-outs; each act is one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from center.capability.domain import Stage as VersionStage
from center.capability.store import CapabilityStore, Sight
from center.identity.audit import record
from center.identity.domain import new_id
from center.instance import service as instances
from center.instance.domain import Plan
from center.instance.errors import DeploymentNotFound, NotDeployable
from center.instance.service import Aim
from center.instance.store import DeploymentStore
from center.permissions import WORKER, Actor
from center.reach import reach_of
from center.rollout.domain import (
    FULL,
    Counters,
    Rails,
    Rollout,
    RolloutState,
    Stage,
    alone,
    broken_rails,
    require_good_stages,
    require_room,
    split,
)
from center.rollout.errors import NoWayBack, RolloutNotFound, RolloutRuns
from center.rollout.store import RolloutStore
from center.rollout.way_back import WayBack, ways_back

ByProvince = Mapping[str, Mapping[str, Counters]]
"""Counters by province and version."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to bring where, and how carefully."""

    capability: str
    version: str
    stages: tuple[Stage, ...]
    rails: Rails


class _ChangedByHand(Exception):
    """Somebody changed a deployment that a roll-out had written."""


def begin(session: Session, actor: Actor, wish: Wish, at: datetime) -> Rollout:
    """Begin a roll-out; its first stage is in force with the commit.

    Raises:
        NotPermitted: A province is not the actor's.
        BadRollout: The stages lead nowhere, or a province has no place for the version.
        DeploymentNotFound: The capability is not deployed in a province.
        NotDeployable: The version is not published.
        RolloutRuns: Another roll-out is under way in a province.
    """
    require_good_stages(wish.stages)
    item = CapabilityStore(session).get(wish.capability, wish.version, Sight())
    if item.stage is not VersionStage.PUBLISHED:
        raise NotDeployable(f"{wish.capability} {wish.version} is {item.stage}.", stage=item.stage)
    made = Rollout(
        id=new_id("rollout"),
        capability=wish.capability,
        version=wish.version,
        stages=wish.stages,
        rails=wish.rails,
        state=RolloutState.RUNNING,
        stage=0,
        since=at,
        reason="",
        started_by=actor.name,
        started_at=at,
        before={},
        written={},
    )
    _require_free(session, made)
    for name in made.provinces:
        actor.require_province(name)
        found = DeploymentStore(session).lock(name, made.capability)
        if found is None or not found.shares:
            raise DeploymentNotFound(f"{made.capability} is not deployed in {name}.")
        require_room(found.plan, made.version, name)
        made.before[name], made.written[name] = found.plan, found.revision
    store = RolloutStore(session)
    store.put(made)
    made = _apply(session, actor, made, at)
    store.put(made, baseline=store.totals(made))
    _note(session, actor, made, "begin", {"version": made.version})
    return made


def drive(session: Session, rollout_id: str, at: datetime) -> None:
    """Do what is due of a running roll-out: hold its split, look at its rails, go on or pause.

    Doing it again changes nothing, so it does not matter when a worker dies.
    """
    store = RolloutStore(session)
    item = store.lock(rollout_id)
    if item is None or item.state is not RolloutState.RUNNING:
        return
    try:
        item = _apply(session, WORKER, item, at)
    except _ChangedByHand as error:
        _pause(session, item, str(error), at)
        return
    counters = store.counters(item)
    if broken := _broken(item, counters):
        _pause(session, item, broken, at)
    elif _has_passed(item, counters, at):
        _go_on(session, item, at)
    else:
        store.put(item)


def fail(session: Session, rollout_id: str, reason: str, at: datetime) -> None:
    """Pause a roll-out whose next step was refused."""
    item = RolloutStore(session).lock(rollout_id)
    if item is not None and item.state is RolloutState.RUNNING:
        _pause(session, item, reason, at)


def pause(session: Session, actor: Actor, rollout_id: str, reason: str, at: datetime) -> Rollout:
    """Stay at the present stage until somebody says more.

    Raises:
        RolloutNotFound: There is none for this actor.
        RolloutEnded: It is over.
    """
    item = _take(session, actor, rollout_id).to(RolloutState.PAUSED, reason, at)
    RolloutStore(session).put(item)
    _note(session, actor, item, RolloutState.PAUSED, {"reason": reason})
    return item


def resume(session: Session, actor: Actor, rollout_id: str, reason: str, at: datetime) -> Rollout:
    """Go on; the stage is watched anew, from now on.

    Raises:
        RolloutNotFound: There is none for this actor.
        RolloutEnded: It is over.
    """
    store = RolloutStore(session)
    item = _take(session, actor, rollout_id).to(RolloutState.RUNNING, "", at)
    # Whoever goes on has seen what somebody changed by hand, and takes it as it is now.
    now = DeploymentStore(session).of_capability(item.capability, item.provinces)
    item = replace(item, written={name: found.revision for name, found in now.items()})
    store.put(item, baseline=store.totals(item))
    _note(session, actor, item, RolloutState.RUNNING, {"reason": reason})
    return item


def roll_back(
    session: Session, actor: Actor, rollout_id: str, reason: str, at: datetime
) -> Rollout:
    """Run in every province again what ran before, in one act, also after it is finished.

    A province whose deployment somebody has changed since is left as they made it, and so is one
    that may not run its version of before any more; both are named.

    Raises:
        RolloutNotFound: There is none for this actor.
        RolloutEnded: It is rolled back already.
        NoWayBack: It is finished, and every province would be left as it is.
    """
    was = _take(session, actor, rollout_id)
    item = was.to(RolloutState.ROLLED_BACK, reason, at)
    ways = _lock_ways_back(session, was, at)
    left = {name: way for name, way in ways.items() if way.obstacle is not None}
    details = {name: way.detail for name, way in left.items()}
    if was.state is RolloutState.FINISHED and len(left) == len(ways):
        told = "; ".join(f"{name}: {detail}" for name, detail in details.items())
        raise NoWayBack(f"{told} Deploy another published version there instead.", left=details)
    for name, way in ways.items():
        if name not in left and not way.is_there:
            instances.put_back(session, actor, Aim(name, item.capability, at), way.plan)
    obstacles = {name: way.obstacle for name, way in left.items() if way.obstacle is not None}
    store, item = RolloutStore(session), replace(item, left=obstacles)
    store.put(item, baseline=store.totals(item))
    _note(session, actor, item, RolloutState.ROLLED_BACK, {"reason": reason, "left": details})
    return item


def get(session: Session, actor: Actor, rollout_id: str) -> Rollout:
    """Return a roll-out that the actor may see.

    Raises:
        RolloutNotFound: There is none for this actor.
    """
    item = RolloutStore(session).find(rollout_id)
    reach = reach_of(session, actor)
    hidden = reach.capabilities is not None and item and item.capability not in reach.capabilities
    if item is None or hidden or not any(actor.sees(name) for name in item.provinces):
        raise RolloutNotFound(f"There is no roll-out {rollout_id}.")
    return item


def _take(session: Session, actor: Actor, rollout_id: str) -> Rollout:
    """Return a roll-out that the actor may act upon, and keep others from changing it."""
    get(session, actor, rollout_id)
    item = RolloutStore(session).lock(rollout_id)
    assert item is not None  # noqa: S101 - it was found, and none is ever deleted
    for name in item.provinces:
        actor.require_province(name)
    return item


def _lock_ways_back(session: Session, item: Rollout, at: datetime) -> dict[str, WayBack]:
    store = DeploymentStore(session)
    locked = ((name, store.lock(name, item.capability)) for name in item.provinces)
    now = {name: found for name, found in locked if found is not None}
    return ways_back(session, item, now, at)


def _apply(session: Session, actor: Actor, item: Rollout, at: datetime) -> Rollout:
    """Bring every deployment to what the present stage says; what is so already stays."""
    written = dict(item.written)
    for name, percent in item.percents().items():
        found = DeploymentStore(session).lock(name, item.capability)
        if found is None or found.revision != written[name]:
            raise _ChangedByHand(f"{name}: somebody changed the deployment by hand.")
        wanted = split(item.before[name], item.version, percent)
        if found.plan != wanted:
            written[name] = _put(session, actor, item, name, wanted, at)
    return replace(item, written=written)


def _go_on(session: Session, item: Rollout, at: datetime) -> None:
    store = RolloutStore(session)
    item = item.next_stage(at)
    if item.state is RolloutState.FINISHED:
        item = _finish(session, item, at)
    else:
        item = _apply(session, WORKER, item, at)
    store.put(item, baseline=store.totals(item))
    step = {"stage": item.stage, "state": item.state}
    _note(session, WORKER, item, "stage", step)


def _finish(session: Session, item: Rollout, at: datetime) -> Rollout:
    """Leave the new version alone in every province."""
    plans = {name: split(item.before[name], item.version, FULL) for name in item.provinces}
    written = {
        name: _put(session, WORKER, item, name, alone(plan, item.version), at)
        for name, plan in plans.items()
    }
    return replace(item, written=written)


def _has_passed(item: Rollout, counters: ByProvince, at: datetime) -> bool:
    watched = [counters[name][item.version] for name in item.percents()]
    has_evidence = all(one.ready and one.calls >= item.rails.least_calls for one in watched)
    return has_evidence and at >= item.since + item.stages[item.stage].soak


def _broken(item: Rollout, counters: ByProvince) -> str:
    return "; ".join(
        f"{name}: {reason}"
        for name in item.percents()
        for reason in broken_rails(item.rails, counters[name][item.version])
    )


def _pause(session: Session, item: Rollout, reason: str, at: datetime) -> None:
    paused = item.to(RolloutState.PAUSED, reason, at)
    RolloutStore(session).put(paused)
    _note(session, WORKER, paused, "pause", {"reason": reason})


def _put(
    session: Session, actor: Actor, item: Rollout, province: str, plan: Plan, at: datetime
) -> int:
    made = instances.put(session, actor, province, item.capability, plan, if_match=None, at=at)
    return made.revision


def _require_free(session: Session, item: Rollout) -> None:
    for other in RolloutStore(session).open_of(item.capability):
        if common := set(other.provinces) & set(item.provinces):
            raise RolloutRuns(f"{other.id} is under way in {', '.join(sorted(common))}.")


def _note(
    session: Session, actor: Actor, item: Rollout, act: str, detail: dict[str, object]
) -> None:
    record(session, actor, f"rollout.{act}", f"rollout/{item.id}", detail)
