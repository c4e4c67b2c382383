"""What people do with alarms and silences."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from capability_sdk.contracts.errors import NotFound, NotPermitted
from center.alarm.domain import Alarm, AlarmEvent, AlarmEventKind, RuleName, Silence
from center.alarm.errors import BadAssignee, BadSilence
from center.alarm.keeping import keep
from center.alarm.store import AlarmsAsked, AlarmStore, SilenceStore
from center.identity import audit
from center.identity.domain import User, UserState, new_id
from center.identity.store import UserStore
from center.paging import Page, Paging
from center.permissions import Actor, ActorKind
from center.preconditions import require_match
from center.reach import reach_of


@dataclass(frozen=True, slots=True)
class Hand:
    """Who acts on alarms, when, and for which revision."""

    session: Session
    actor: Actor
    now: datetime
    if_match: str | None = None

    def take(self, alarm_id: str) -> Alarm:
        """Return an alarm that nobody else changes meanwhile.

        Raises:
            AlarmNotFound: There is none, or it is out of reach.
            PreconditionFailed: Somebody changed it since.
        """
        reach = reach_of(self.session, self.actor)
        alarm = AlarmStore(self.session).get(alarm_id, reach, lock=True)
        require_match(self.if_match, alarm.revision)
        return alarm

    def keep(self, alarm: Alarm, kind: AlarmEventKind, text: str = "") -> Alarm:
        """Write what became of it."""
        return keep(self.session, self.actor, alarm, kind, self.now, text=text)


@dataclass(frozen=True, slots=True)
class Place:
    """Where alarms are asked for; None asks everywhere within reach."""

    capability: str | None
    province: str | None


def page(
    session: Session, actor: Actor, asked: AlarmsAsked, place: Place, now: datetime, paging: Paging
) -> Page[Alarm]:
    """Return a page of alarms within reach."""
    reach = reach_of(session, actor)
    asked_for = reach.within(province=place.province, capability=place.capability)
    return AlarmStore(session).page(asked, asked_for, now, paging)


def get(session: Session, actor: Actor, alarm_id: str) -> Alarm:
    """Return an alarm.

    Raises:
        AlarmNotFound: There is none, or it is out of reach.
    """
    return AlarmStore(session).get(alarm_id, reach_of(session, actor))


def history(session: Session, actor: Actor, alarm_id: str, paging: Paging) -> Page[AlarmEvent]:
    """Return a page of an alarm's history, oldest first.

    Raises:
        AlarmNotFound: There is none, or it is out of reach.
    """
    get(session, actor, alarm_id)
    return AlarmStore(session).history(alarm_id, paging)


def acknowledge(hand: Hand, alarm_id: str) -> Alarm:
    """Say that somebody has seen it; the first one counts.

    Raises:
        AlarmOver: It is resolved.
    """
    alarm = hand.take(alarm_id)
    seen = alarm.acknowledged(hand.actor.name, hand.now)
    return alarm if seen == alarm else hand.keep(seen, AlarmEventKind.ACKNOWLEDGED)


def assign(hand: Hand, alarm_id: str, assignee: str | None) -> Alarm:
    """Give it to a person who sees it, or to nobody.

    Raises:
        AlarmOver: It is resolved.
        BadAssignee: The person cannot sign in, or does not see it.
    """
    alarm = hand.take(alarm_id)
    if assignee is not None:
        _require_sees(hand.session, assignee, alarm)
    given = alarm.assigned(assignee, hand.actor.name, hand.now)
    return hand.keep(given, AlarmEventKind.ASSIGNED, assignee or "")


def comment(hand: Hand, alarm_id: str, text: str) -> Alarm:
    """Add a remark, also to an alarm that is over."""
    return hand.keep(hand.take(alarm_id), AlarmEventKind.COMMENTED, text)


def silence_one(hand: Hand, alarm_id: str, until: datetime | None, reason: str) -> Alarm:
    """Quiet one alarm until a moment, or make it loud again with None.

    Raises:
        AlarmOver: It is resolved.
        BadSilence: The moment is past.
    """
    if until is not None and until <= hand.now:
        raise BadSilence("A silence ends in the future.")
    quiet = hand.take(alarm_id).silenced(until)
    kind = AlarmEventKind.UNSILENCED if until is None else AlarmEventKind.SILENCED
    return hand.keep(quiet, kind, reason)


def resolve(hand: Hand, alarm_id: str, text: str) -> Alarm:
    """Say that it is over; it stays so while the cause lasts, unless that gets worse.

    Raises:
        AlarmOver: It is resolved already.
    """
    done = hand.take(alarm_id).resolved(hand.actor.name, hand.now)
    return hand.keep(done, AlarmEventKind.RESOLVED, text)


@dataclass(frozen=True, slots=True)
class SilenceWish:
    """Which alarms nobody wants to hear, until when, and why; None matches all."""

    rule: RuleName | None
    capability: str | None
    province: str | None
    ends_at: datetime
    reason: str


def add_silence(session: Session, actor: Actor, wish: SilenceWish, now: datetime) -> Silence:
    """Quiet everything that a matcher matches, now and until it ends.

    Raises:
        BadSilence: It ends in the past, or matches everything.
        NotPermitted: It would quiet alarms that the actor does not see.
    """
    if wish.ends_at <= now:
        raise BadSilence("A silence ends in the future.")
    if wish.rule is wish.capability is wish.province is None:
        raise BadSilence("Name a rule, a capability or a province: nobody silences everything.")
    _require_within(session, actor, wish.capability, wish.province)
    item = Silence(
        id=new_id("silence"),
        rule=wish.rule,
        capability=wish.capability,
        province=wish.province,
        ends_at=wish.ends_at,
        reason=wish.reason,
        created_by=actor.name,
        created_at=now,
    )
    store = SilenceStore(session)
    store.put(item)
    for alarm in store.touched(item):
        if alarm.silenced_until is None or alarm.silenced_until < item.ends_at:
            quiet = alarm.silenced(item.ends_at, item.id)
            keep(session, actor, quiet, AlarmEventKind.SILENCED, now, text=item.reason)
    _audit(session, actor, item, "added", now)
    return item


def end_silence(session: Session, actor: Actor, silence_id: str, now: datetime) -> None:
    """End a silence before its time; what it quieted is loud again.

    Raises:
        SilenceNotFound: There is none in force that touches what is within reach.
        NotPermitted: It quiets alarms that the actor does not see.
    """
    store = SilenceStore(session)
    item = store.get_in_force(silence_id, reach_of(session, actor), now)
    _require_within(session, actor, item.capability, item.province)
    store.put(replace(item, ended_at=now))
    for alarm in store.quieted_by(item.id):
        keep(session, actor, alarm.silenced(None), AlarmEventKind.UNSILENCED, now)
    _audit(session, actor, item, "ended", now)


def silences(session: Session, actor: Actor, now: datetime, paging: Paging) -> Page[Silence]:
    """Return a page of silences in force that touch what is within reach."""
    return SilenceStore(session).page(reach_of(session, actor), now, paging)


def _audit(session: Session, actor: Actor, item: Silence, act: str, now: datetime) -> None:
    detail = {
        "rule": item.rule,
        "capability": item.capability,
        "province": item.province,
        "ends_at": item.ends_at.isoformat(),
        "reason": item.reason,
    }
    audit.record(session, actor, f"silence.{act}", f"silence/{item.id}", detail, at=now)


def _require_within(
    session: Session, actor: Actor, capability: str | None, province: str | None
) -> None:
    reach = reach_of(session, actor)
    if reach.provinces is not None and province not in reach.provinces:
        raise NotPermitted("Name your own province: you silence its alarms only.")
    if reach.capabilities is not None and capability not in reach.capabilities:
        raise NotPermitted("Name a capability of your own: you silence its alarms only.")


def _require_sees(session: Session, name: str, alarm: Alarm) -> None:
    try:
        user = UserStore(session).get(name)
    except NotFound as error:
        raise BadAssignee(f"There is no user {name}.") from error
    if user.state is not UserState.ACTIVE or not _sees(session, user, alarm):
        raise BadAssignee(f"{name} cannot sign in, or does not see this alarm.")


def _sees(session: Session, user: User, alarm: Alarm) -> bool:
    reach = reach_of(session, user.as_actor(ActorKind.PERSON))
    return _holds(reach.provinces, alarm.finding.province) and _holds(
        reach.capabilities, alarm.finding.capability
    )


def _holds(names: Collection[str] | None, name: str) -> bool:
    return names is None or name in names
