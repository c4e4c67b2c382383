"""Ending a version with notice: announced to subscribers, cancellable, and kept at its date."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from capability_sdk.kit.clock import Clock
from center.capability import service as versions
from center.capability.domain import CapabilityVersion, Stage
from center.capability.errors import CapabilityNotFound
from center.capability.review.domain import Retirement
from center.capability.review.errors import NoSuccessor, NotRetiring, TooSoon
from center.capability.review.ports import Affected, FindAffected, TellSubscribers
from center.capability.review.store import RetirementStore
from center.capability.store import CapabilityStore, Sight
from center.database import Database
from center.identity.audit import record
from center.permissions import WORKER, Actor

SHORTEST_NOTICE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Successor:
    """What subscribers should move to."""

    capability: str
    version: str


@dataclass(frozen=True, slots=True)
class Reach:
    """What the domains above know of subscribers."""

    affected: FindAffected
    tell: TellSubscribers


def announce(
    session: Session,
    actor: Actor,
    name: str,
    version: str,
    wish: Retirement,
    reach: Reach,
) -> Retirement:
    """Announce the end of a version: nothing new begins with it, and at the date it stops.

    Args:
        session: Open transaction.
        actor: An engineer of its owner, or an admin.
        name: The capability.
        version: Its version, published or deprecated.
        wish: The announcement; its ``was`` is filled in here.
        reach: Knows whom it concerns, and tells them.

    Raises:
        CapabilityNotFound: The actor sees no such version.
        NotPermitted: It is another organisation's.
        IllegalStage: It is not in the store.
        TooSoon: The date leaves no time to move.
        NoSuccessor: The successor is not published.
    """
    item = versions.require_own(session, actor, name, version)
    if wish.retires_at < wish.announced_at + SHORTEST_NOTICE:
        raise TooSoon(
            f"Leave subscribers at least {SHORTEST_NOTICE.days} day to move.",
            earliest=(wish.announced_at + SHORTEST_NOTICE).isoformat(),
        )
    _require_successor(session, wish)
    before = RetirementStore(session).find(name, version)
    was = item.stage if before is None else before.was
    if item.stage is not Stage.DEPRECATED:
        CapabilityStore(session).put(item.advance(Stage.DEPRECATED), item.stage)
    kept = replace(wish, was=was)
    RetirementStore(session).put(kept)
    _tell(session, actor, kept, reach, "retirement-announced", kept.announced_at)
    return kept


def cancel(
    session: Session, actor: Actor, name: str, version: str, reach: Reach, at: datetime
) -> CapabilityVersion:
    """Take an announcement back before its date; the version is what it was before.

    Raises:
        CapabilityNotFound: The actor sees no such version.
        NotPermitted: It is another organisation's.
        NotRetiring: Nothing is announced, or the date is past.
    """
    item = versions.require_own(session, actor, name, version)
    found = _running(session, name, version)
    back = replace(item, stage=found.was)
    if item.stage is not found.was:
        CapabilityStore(session).put(back, item.stage)
    RetirementStore(session).drop(found)
    _tell(session, actor, found, reach, "retirement-cancelled", at)
    return back


def show(
    session: Session, actor: Actor, name: str, version: str, find: FindAffected
) -> tuple[Retirement, list[Affected]]:
    """Return an announcement with whom it concerns, as far as the actor sees them.

    Raises:
        CapabilityNotFound: The actor sees no such version.
        NotRetiring: Nothing is announced.
    """
    item = CapabilityStore(session).get(name, version, versions.sight_of(actor))
    found = RetirementStore(session).find(name, version)
    if found is None:
        raise NotRetiring(f"No end of {name} {version} is announced.")
    return found, affected_by(session, actor, item, find)


def affected_by(
    session: Session, actor: Actor, item: CapabilityVersion, find: FindAffected
) -> list[Affected]:
    """Return whose calls a version answers, as far as the actor may know.

    An engineer knows it of what the own organisation publishes.
    """
    if actor.owner is not None and actor.owner != item.organisation:
        return []
    return [one for one in find(session, item.name, item.version) if actor.sees(one.province)]


@dataclass(frozen=True, slots=True)
class Retirements:
    """Keeps announcements at their date."""

    database: Database
    clock: Clock

    def run(self) -> bool:
        """Withdraw every version whose day has come."""
        now = self.clock()
        with self.database.session() as session:
            for found in RetirementStore(session).due(now):
                _retire(session, found, now)
        return False


def _retire(session: Session, found: Retirement, now: datetime) -> None:
    item = CapabilityStore(session).get(found.capability, found.version)
    if item.stage is not Stage.WITHDRAWN:
        reason = f"Retired: {found.reason}"
        versions.end(session, WORKER, item, reason, "retired")
    RetirementStore(session).note_done(found, now)


def _running(session: Session, name: str, version: str) -> Retirement:
    found = RetirementStore(session).find(name, version)
    if found is None or found.done_at is not None:
        raise NotRetiring(f"No end of {name} {version} is announced.")
    return found


def _require_successor(session: Session, wish: Retirement) -> None:
    if wish.successor_capability is None or wish.successor_version is None:
        return
    other = wish.successor_capability, wish.successor_version
    try:
        stage = CapabilityStore(session).get(*other, Sight()).stage
    except CapabilityNotFound:
        stage = None
    if stage is not Stage.PUBLISHED or other == (wish.capability, wish.version):
        raise NoSuccessor(f"{' '.join(other)} is not a published other version.")


def _tell(
    session: Session, actor: Actor, item: Retirement, reach: Reach, kind: str, at: datetime
) -> None:
    concerned = reach.affected(session, item.capability, item.version)
    detail: dict[str, object] = {
        "version": item.version,
        "retires_at": item.retires_at.isoformat(),
        "reason": item.reason,
        "successor_capability": item.successor_capability,
        "successor_version": item.successor_version,
    }
    subject = f"capability/{item.capability}/{item.version}"
    told = {**detail, "subscriptions": len(concerned)}
    record(session, actor, f"capability.{kind}", subject, told, at=at)
    reach.tell(session, [one.subscription for one in concerned], kind, actor.name, at, detail)
