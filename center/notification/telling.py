"""The worker's round: what was recorded becomes notifications for whoever wants and may see it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from capability_sdk.kit.clock import Clock
from center.database import Database
from center.identity.domain import User, new_id
from center.identity.store import UserStore
from center.notification.domain import (
    CONSOLE_BY_DEFAULT,
    Channel,
    Delivery,
    Event,
    Rule,
    Timing,
)
from center.notification.events import event_of
from center.notification.store import DeliveryStore, InboxStore, RuleStore, take_acts
from center.permissions import ActorKind
from center.reach import Reach, reach_of

_AT_ONCE = 200

_GRACE = timedelta(minutes=1)
"""A digest leaves so much later, so that nothing is added to one that is leaving."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody who can sign in, what they see, and what they want to hear."""

    user: User
    reach: Reach
    rules: Sequence[Rule]

    def may_hear(self, event: Event) -> bool:
        """Tell whether an event is theirs, or about what they see; nobody hears of their own acts."""
        if event.actor == self.user.name:
            return False
        if event.concerns is not None:
            return event.concerns == self.user.name
        return _holds(self.reach.provinces, event.province) and _holds(
            self.reach.capabilities, event.capability
        )

    def hears_in_console(self, event: Event) -> bool:
        """Tell whether it is shown at the bell; what concerns them alone always is."""
        if event.concerns is not None:
            return True
        own = [rule.wish for rule in self.rules if rule.wish.channel is Channel.CONSOLE]
        return any(wish.wants(event) for wish in own or [CONSOLE_BY_DEFAULT])


@dataclass(frozen=True, slots=True)
class Telling:
    """A job of the worker."""

    database: Database
    clock: Clock

    def run(self) -> bool:
        """Tell of the next acts, each once; False where there are none."""
        with self.database.session() as session:
            acts = take_acts(session, _AT_ONCE)
            events = [event for event in map(event_of, acts) if event is not None]
            if events:
                self._tell(session, events)
        return bool(acts)

    def _tell(self, session: Session, events: Iterable[Event]) -> None:
        now = self.clock()
        listeners = _listeners(session)
        for event in events:
            for listener in listeners:
                if listener.may_hear(event):
                    _tell_one(session, listener, event, now)


def _listeners(session: Session) -> list[Listener]:
    rules = RuleStore(session).by_owner()
    return [
        Listener(user, reach_of(session, user.as_actor(ActorKind.PERSON)), rules.get(user.name, ()))
        for user in UserStore(session).active()
    ]


def _tell_one(session: Session, listener: Listener, event: Event, now: datetime) -> None:
    if listener.hears_in_console(event):
        InboxStore(session).add(listener.user.name, event)
    for rule in listener.rules:
        if rule.wish.channel is not Channel.CONSOLE and rule.wish.wants(event):
            _queue(session, rule, event, now)


def _queue(session: Session, rule: Rule, event: Event, now: datetime) -> None:
    due = rule.wish.due(event, now)
    is_digest = rule.wish.timing is Timing.DIGEST
    slot = f"{rule.id} {due.isoformat() if is_digest else event.seq}"
    store = DeliveryStore(session)
    if is_digest and store.append(slot, event):
        return
    store.put(
        Delivery(
            id=new_id("delivery"),
            owner=rule.owner,
            channel=rule.wish.channel,
            target=rule.wish.target,
            slot=slot,
            events=(event.plain(),),
            created_at=now,
            next_at=due + _GRACE if is_digest else due,
        )
    )


def _holds(names: Iterable[str] | None, name: str) -> bool:
    return names is None or name in names
