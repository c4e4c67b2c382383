"""Every query about alarms, their history and silences."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from center.alarm.domain import (
    Alarm,
    AlarmEvent,
    AlarmEventKind,
    AlarmState,
    Finding,
    RuleName,
    Severity,
    Silence,
)
from center.alarm.errors import AlarmNotFound, SilenceNotFound
from center.alarm.rows import AlarmEventRow, AlarmRow, SilenceRow
from center.paging import Page, Paging, fetch_page, map_page
from center.reach import Reach

_SAME = (
    *("id", "first_seen", "last_seen", "count", "acknowledged_by", "acknowledged_at"),
    *("assignee", "silenced_until", "silence", "resolved_at", "resolved_by", "revision"),
)


@dataclass(frozen=True, slots=True)
class AlarmsAsked:
    """Which alarms are asked for; None asks for all, and no state for those that stand."""

    states: Collection[AlarmState] = ()
    rule: RuleName | None = None
    severity: Severity | None = None
    assignee: str | None = None
    begins: datetime | None = None
    ends: datetime | None = None


class AlarmStore:
    """Alarms of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, alarm: Alarm) -> None:
        """Keep an alarm, new or changed."""
        row = self._session.get(AlarmRow, alarm.id) or AlarmRow(id=alarm.id)
        finding = alarm.finding
        for name in _SAME:
            setattr(row, name, getattr(alarm, name))
        row.firing_key = finding.key if alarm.firing else None
        row.rule, row.capability, row.province = finding.rule, finding.capability, finding.province
        row.severity, row.severity_rank = finding.severity, finding.severity.rank
        row.says, row.evidence = dict(finding.says), dict(finding.evidence)
        self._session.add(row)
        self._session.flush()

    def get(self, alarm_id: str, reach: Reach, *, lock: bool = False) -> Alarm:
        """Return an alarm, locked until the transaction ends if asked.

        Raises:
            AlarmNotFound: There is none, or it is out of reach.
        """
        statement = select(AlarmRow).where(AlarmRow.id == alarm_id, *alarms_within(reach))
        if lock:
            statement = statement.with_for_update()
        row = self._session.scalar(statement)
        if row is None:
            raise AlarmNotFound(f"There is no alarm {alarm_id}.")
        return _to_alarm(row)

    def firing(self, rule: RuleName, *, lock: bool = False) -> dict[str, Alarm]:
        """Return what a rule found last, by key, locked until the transaction ends if asked."""
        row = AlarmRow
        statement = select(row).where(row.rule == rule, row.firing_key.is_not(None))
        statement = statement.order_by(row.id)
        found = self._session.scalars(statement.with_for_update() if lock else statement)
        return {alarm.finding.key: alarm for alarm in map(_to_alarm, found)}

    def ended_by_itself(self, rule: RuleName, since: datetime) -> dict[str, Alarm]:
        """Return the last alarms of a rule that ended by themselves since a moment, by key."""
        row = AlarmRow
        statement = select(row).where(
            row.rule == rule, row.resolved_at >= since, row.resolved_by.is_(None)
        )
        found = self._session.scalars(statement.order_by(row.resolved_at).with_for_update())
        return {alarm.finding.key: alarm for alarm in map(_to_alarm, found)}

    def page(self, asked: AlarmsAsked, reach: Reach, now: datetime, paging: Paging) -> Page[Alarm]:
        """Return a page of alarms: the worst first, the newest of them first."""
        statement: Select[AlarmRow] = select(AlarmRow).where(
            *alarms_within(reach), *_asked_for(asked, now)
        )
        # Cursors go one way: rank and time both grow towards what waits longest.
        key = [AlarmRow.severity_rank, AlarmRow.first_seen, AlarmRow.id]
        return map_page(fetch_page(self._session, statement, paging, key=key), _to_alarm)

    def note(self, event: AlarmEvent) -> None:
        """Add a line to an alarm's history."""
        self._session.add(AlarmEventRow(**asdict(event)))

    def history(self, alarm_id: str, paging: Paging) -> Page[AlarmEvent]:
        """Return a page of an alarm's history, oldest first."""
        statement = select(AlarmEventRow).where(AlarmEventRow.alarm == alarm_id)
        page = fetch_page(self._session, statement, paging, key=[AlarmEventRow.id])
        return map_page(page, _to_event)


class SilenceStore:
    """Silences of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, item: Silence) -> None:
        """Keep a silence, new or changed."""
        self._session.merge(SilenceRow(**asdict(item)))
        self._session.flush()

    def get_in_force(self, silence_id: str, reach: Reach, now: datetime) -> Silence:
        """Return a silence in force that touches what is within reach.

        Raises:
            SilenceNotFound: There is none, or it is over.
        """
        conditions = [SilenceRow.id == silence_id, *_in_force(now), *_touching(reach)]
        row = self._session.scalar(select(SilenceRow).where(*conditions))
        if row is None:
            raise SilenceNotFound(f"There is no silence {silence_id} in force.")
        return _to_silence(row)

    def in_force(self, now: datetime) -> list[Silence]:
        """Return every silence in force, the one that lasts longest first."""
        statement = select(SilenceRow).where(*_in_force(now)).order_by(SilenceRow.ends_at.desc())
        return [_to_silence(row) for row in self._session.scalars(statement)]

    def page(self, reach: Reach, now: datetime, paging: Paging) -> Page[Silence]:
        """Return a page of silences in force that touch what is within reach."""
        row = SilenceRow
        statement = select(row).where(*_in_force(now), *_touching(reach))
        return map_page(
            fetch_page(self._session, statement, paging, key=[row.ends_at, row.id]), _to_silence
        )

    def touched(self, item: Silence) -> list[Alarm]:
        """Return standing alarms that a silence matches, locked until the transaction ends."""
        row = AlarmRow
        matchers = ((row.rule, item.rule), (row.capability, item.capability))
        conditions = [column == wanted for column, wanted in matchers if wanted is not None]
        if item.province is not None:
            conditions.append(row.province == item.province)
        return self._standing(conditions)

    def quieted_by(self, silence_id: str) -> list[Alarm]:
        """Return standing alarms that a silence quiets, locked until the transaction ends."""
        return self._standing([AlarmRow.silence == silence_id])

    def _standing(self, conditions: Sequence[ColumnElement[bool]]) -> list[Alarm]:
        statement = select(AlarmRow).where(AlarmRow.resolved_at.is_(None), *conditions)
        rows = self._session.scalars(statement.order_by(AlarmRow.id).with_for_update())
        return [_to_alarm(row) for row in rows]


def alarms_within(reach: Reach) -> list[ColumnElement[bool]]:
    """Condition that an alarm is about provinces and capabilities within reach."""
    conditions: list[ColumnElement[bool]] = []
    if reach.provinces is not None:
        conditions.append(AlarmRow.province.in_(sorted(reach.provinces)))
    if reach.capabilities is not None:
        conditions.append(AlarmRow.capability.in_(sorted(reach.capabilities)))
    return conditions


def _asked_for(asked: AlarmsAsked, now: datetime) -> list[ColumnElement[bool]]:
    row = AlarmRow
    states = [_is_in(state, now) for state in asked.states]
    conditions: list[ColumnElement[bool]] = [or_(*states) if states else row.resolved_at.is_(None)]
    for column, wanted in (
        (row.rule, asked.rule),
        (row.severity, asked.severity),
        (row.assignee, asked.assignee),
    ):
        if wanted is not None:
            conditions.append(column == wanted)
    if asked.begins is not None:
        conditions.append(row.last_seen >= asked.begins)
    if asked.ends is not None:
        conditions.append(row.first_seen < asked.ends)
    return conditions


def _is_in(state: AlarmState, now: datetime) -> ColumnElement[bool]:
    """Say `Alarm.state` in SQL."""
    row = AlarmRow
    stands = row.resolved_at.is_(None)
    loud = and_(stands, or_(row.silenced_until.is_(None), row.silenced_until <= now))
    free = and_(loud, row.assignee.is_(None))
    return {
        AlarmState.RESOLVED: row.resolved_at.is_not(None),
        AlarmState.SILENCED: and_(stands, row.silenced_until > now),
        AlarmState.ASSIGNED: and_(loud, row.assignee.is_not(None)),
        AlarmState.ACKNOWLEDGED: and_(free, row.acknowledged_by.is_not(None)),
        AlarmState.OPEN: and_(free, row.acknowledged_by.is_(None)),
    }[state]


def _touching(reach: Reach) -> list[ColumnElement[bool]]:
    """A silence that names no province, or no capability, touches every one."""
    sides = ((SilenceRow.province, reach.provinces), (SilenceRow.capability, reach.capabilities))
    return [
        or_(column.is_(None), column.in_(sorted(names)))
        for column, names in sides
        if names is not None
    ]


def _in_force(now: datetime) -> list[ColumnElement[bool]]:
    return [SilenceRow.ended_at.is_(None), SilenceRow.ends_at > now]


def _to_alarm(row: AlarmRow) -> Alarm:
    finding = Finding(
        rule=RuleName(row.rule),
        severity=Severity(row.severity),
        says=row.says,
        capability=row.capability,
        province=row.province,
        evidence=row.evidence,
    )
    same = {name: getattr(row, name) for name in _SAME}
    return Alarm(finding=finding, firing=row.firing_key is not None, **same)


def _to_event(row: AlarmEventRow) -> AlarmEvent:
    return AlarmEvent(row.alarm, row.at, row.actor, AlarmEventKind(row.kind), row.text)


def _to_silence(row: SilenceRow) -> Silence:
    return Silence(
        id=row.id,
        rule=None if row.rule is None else RuleName(row.rule),
        capability=row.capability,
        province=row.province,
        ends_at=row.ends_at,
        reason=row.reason,
        created_by=row.created_by,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )
