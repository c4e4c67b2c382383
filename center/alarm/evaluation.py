"""The worker's rounds: what rules find becomes alarms, and what they find no more ends."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from capability_sdk.kit.clock import Clock
from center.alarm.domain import (
    RETURNS_WITHIN,
    Alarm,
    AlarmEventKind,
    Finding,
    Rule,
    RuleName,
    Silence,
)
from center.alarm.keeping import keep
from center.alarm.store import AlarmStore, SilenceStore
from center.database import Database
from center.identity.domain import new_id
from center.permissions import WORKER

_SEEN_EVERY = timedelta(minutes=1)
"""An alarm that goes on unchanged is written again after this time only."""


@dataclass(slots=True)
class Evaluation:
    """A job of the worker: asks each rule when its time has come."""

    database: Database
    rules: Sequence[Rule]
    clock: Clock
    _due: dict[RuleName, datetime] = field(default_factory=dict)

    def run(self) -> bool:
        """Ask the rules that are due; there is no second part."""
        for rule in self.rules:
            now = self.clock()
            if now >= self._due.get(rule.name, now):
                self._ask(rule, now)
                self._due[rule.name] = now + rule.every
        return False

    def _ask(self, rule: Rule, now: datetime) -> None:
        """Look without a lock, since a rule may read much; write only where something is new."""
        with self.database.session(write=False) as session:
            found = {item.key: item for item in rule.find(session, now)}
            known = AlarmStore(session).firing(rule.name)
        if _differs(known, found, now):
            with self.database.session() as session:
                settle(session, rule.name, found, now)


def _differs(known: Mapping[str, Alarm], found: Mapping[str, Finding], now: datetime) -> bool:
    if known.keys() != found.keys():
        return True
    return any(
        now - alarm.last_seen >= _SEEN_EVERY or alarm.seen(found[key], now)[1] is not None
        for key, alarm in known.items()
    )


def settle(session: Session, rule: RuleName, found: Mapping[str, Finding], now: datetime) -> None:
    """Bring a rule's alarms to what it finds now, by key."""
    store = AlarmStore(session)
    known = store.firing(rule, lock=True)
    silences = SilenceStore(session).in_force(now)
    for key, alarm in known.items():
        if key in found:
            _go_on(session, alarm, found[key], now)
        else:
            _end(session, alarm, now)
    fresh = [item for key, item in found.items() if key not in known]
    if fresh:
        ended = store.ended_by_itself(rule, now - RETURNS_WITHIN)
        for item in fresh:
            _begin(session, ended.get(item.key), item, silences, now)


def _begin(
    session: Session,
    before: Alarm | None,
    finding: Finding,
    silences: Iterable[Silence],
    now: datetime,
) -> None:
    quiet = next((item for item in silences if item.matches(finding)), None)
    if before is not None:
        alarm, kind = before.returned(finding, now), AlarmEventKind.RETURNED
    else:
        alarm, kind = Alarm(new_id("alarm"), finding, now, now, revision=0), AlarmEventKind.RAISED
    if quiet is not None:
        alarm = alarm.silenced(quiet.ends_at, quiet.id)
    keep(session, WORKER, alarm, kind, now, text=finding.says["en"])


def _go_on(session: Session, alarm: Alarm, finding: Finding, now: datetime) -> None:
    seen, kind = alarm.seen(finding, now)
    if kind is not None:
        keep(session, WORKER, seen, kind, now, text=finding.says["en"])
    elif now - alarm.last_seen >= _SEEN_EVERY:
        AlarmStore(session).put(seen)


def _end(session: Session, alarm: Alarm, now: datetime) -> None:
    if alarm.resolved_at is None:
        keep(session, WORKER, alarm.resolved(None, now), AlarmEventKind.ENDED, now)
    else:  # a person said so before; now it is true
        AlarmStore(session).put(replace(alarm, firing=False))
