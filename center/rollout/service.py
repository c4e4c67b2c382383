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
from center.instance.store import DeploymentStore
from center.permissions import WORKER, Actor
from center.reach import reach_of
from center.rollout.domain import (
    Counters,
    Rails,
    Rollout,
    Stage,
    State,
    alone,
    broken_rails,
    require_good_stages,
    require_room,
    split,
)
from center.rollout.errors import RolloutNotFound, RolloutRuns
from center.rollout.store import RolloutStore


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
        state=State.RUNNING,
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
    if item is None or item.state is not State.RUNNING:
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
    if item is not None and item.state is State.RUNNING:
        _pause(session, item, reason, at)


def pause(session: Session, actor: Actor, rollout_id: str, reason: str, at: datetime) -> Rollout:
    """Stay at the present stage until somebody says more.

    Raises:
        RolloutNotFound: There is none for this actor.
        RolloutEnded: It is over.
    """
    return _turn(session, actor, rollout_id, (State.PAUSED, reason), at)


def resume(session: Session, actor: Actor, rollout_id: str, reason: str, at: datetime) -> Rollout:
    """Go on; the stage is watched anew, from now on.

    Raises:
        RolloutNotFound: There is none for this actor.
        RolloutEnded: It is over.
    """
    store = RolloutStore(session)
    item = _turn(session, actor, rollout_id, (State.RUNNING, ""), at, said=reason)
    # Whoever goes on has seen what somebody changed by hand, and takes it as it is now.
    written = {name: _revision(session, item, name) for name in item.written}
    item = replace(item, written=written)
    store.put(item, baseline=store.totals(item))
    return item


def roll_back(
    session: Session, actor: Actor, rollout_id: str, reason: str, at: datetime
) -> Rollout:
    """Run in every province again what ran before, in one act.

    A deployment that somebody has changed by hand since is left as they made it, and named.

    Raises:
        RolloutNotFound: There is none for this actor.
        RolloutEnded: It is over.
    """
    item = _turn(session, actor, rollout_id, (State.ROLLED_BACK, reason), at)
    left: list[str] = []
    for name, plan in item.before.items():
        if _revision(session, item, name) != item.written[name]:
            left.append(name)
        else:
            _put(session, actor, item, name, plan, at)
    if left:
        item = replace(item, reason=f"{reason} (changed by hand, and left: {', '.join(left)})")
    RolloutStore(session).put(item)
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


def _turn(
    session: Session,
    actor: Actor,
    rollout_id: str,
    to: tuple[State, str],
    at: datetime,
    *,
    said: str = "",
) -> Rollout:
    get(session, actor, rollout_id)
    store = RolloutStore(session)
    item = store.lock(rollout_id)
    assert item is not None  # noqa: S101 - it was found, and none is ever deleted
    for name in item.provinces:
        actor.require_province(name)
    state, reason = to
    item = item.to(state, reason, at)
    store.put(item)
    _note(session, actor, item, state, {"reason": reason or said})
    return item


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
    if item.state is State.FINISHED:
        for name in item.provinces:
            plan = split(item.before[name], item.version, 100)
            _put(session, WORKER, item, name, alone(plan, item.version), at)
    else:
        item = _apply(session, WORKER, item, at)
    store.put(item, baseline=store.totals(item))
    step = {"stage": item.stage, "state": item.state}
    _note(session, WORKER, item, "stage", step)


def _has_passed(item: Rollout, counters: Mapping[str, Counters], at: datetime) -> bool:
    watched = [counters[name] for name in item.percents()]
    has_evidence = all(one.ready and one.calls >= item.rails.least_calls for one in watched)
    return has_evidence and at >= item.since + item.stages[item.stage].soak


def _broken(item: Rollout, counters: Mapping[str, Counters]) -> str:
    return "; ".join(
        f"{name}: {reason}"
        for name in item.percents()
        for reason in broken_rails(item.rails, counters[name])
    )


def _pause(session: Session, item: Rollout, reason: str, at: datetime) -> None:
    # `since` stays: what broke the rail is what the counters go on to show.
    paused = replace(item.to(State.PAUSED, reason, at), since=item.since)
    RolloutStore(session).put(paused)
    _note(session, WORKER, paused, "pause", {"reason": reason})


def _put(
    session: Session, actor: Actor, item: Rollout, province: str, plan: Plan, at: datetime
) -> int:
    made = instances.put(session, actor, province, item.capability, plan, if_match=None, at=at)
    return made.revision


def _revision(session: Session, item: Rollout, province: str) -> int:
    found = DeploymentStore(session).find(province, item.capability)
    return 0 if found is None else found.revision


def _require_free(session: Session, item: Rollout) -> None:
    for other in RolloutStore(session).open_of(item.capability):
        if common := set(other.provinces) & set(item.provinces):
            raise RolloutRuns(f"{other.id} is under way in {', '.join(sorted(common))}.")


def _note(
    session: Session, actor: Actor, item: Rollout, act: str, detail: dict[str, object]
) -> None:
    record(session, actor, f"rollout.{act}", f"rollout/{item.id}", detail)
