"""Every query about incident files."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.orm import Session

from center.incident.domain import (
    Account,
    Action,
    Incident,
    IncidentImpact,
    IncidentKind,
    IncidentState,
    Line,
    Source,
)
from center.incident.errors import IncidentNotFound
from center.incident.rows import (
    IncidentActionRow,
    IncidentEntryRow,
    IncidentPlaceRow,
    IncidentRow,
)
from center.paging import Page, Paging, fetch_page
from center.reach import Reach

_PLAIN = (
    *("title", "severity", "begins_at", "ends_at", "lead", "summary", "near_cause", "root_cause"),
)
_PLACES = {"province": "provinces", "capability": "capabilities"}


class IncidentStore:
    """Files of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, item: Incident) -> None:
        """Keep a file, new or changed."""
        row = self._session.get(IncidentRow, item.id) or IncidentRow(id=item.id)
        for name in _PLAIN:
            setattr(row, name, getattr(item.account, name))
        row.attendees = list(item.account.attendees)
        row.kind, row.opened_by, row.opened_at = item.kind, item.opened_by, item.opened_at
        row.mitigated_at, row.closed_at = item.mitigated_at, item.closed_at
        row.revision = item.revision
        self._session.add(row)
        self._session.flush()
        place = IncidentPlaceRow
        self._session.execute(delete(place).where(place.incident == item.id))
        self._session.add_all(
            place(incident=item.id, kind=kind, name=name)
            for kind, member in _PLACES.items()
            for name in sorted(set(getattr(item.account, member)))
        )
        self._session.flush()

    def get(self, incident: str, reach: Reach, *, lock: bool = False) -> Incident:
        """Return a file, locked until the transaction ends if asked.

        Raises:
            IncidentNotFound: There is none, or it is out of reach.
        """
        statement = select(IncidentRow).where(IncidentRow.id == incident, *_within(reach))
        row = self._session.scalar(statement.with_for_update() if lock else statement)
        if row is None:
            raise IncidentNotFound(f"There is no incident {incident}.")
        return self._with_places([row])[0]

    def page(self, state: IncidentState | None, reach: Reach, paging: Paging) -> Page[Incident]:
        """Return a page of files, the last opened first."""
        conditions = [*_within(reach), *_in_state(state)]
        page = fetch_page(
            self._session,
            select(IncidentRow).where(*conditions),
            paging,
            key=[IncidentRow.opened_at, IncidentRow.id],
            descending=True,
        )
        items = self._with_places(page.items)
        return Page[Incident].model_construct(items=items, next=page.next, total=page.total)

    def add_entry(self, incident: str, at: datetime, author: str, text: str) -> None:
        """Write a line into the timeline."""
        self._session.add(IncidentEntryRow(incident=incident, at=at, author=author, text=text))

    def entries(self, incident: str) -> list[Line]:
        """Return the lines that people wrote, oldest first."""
        row = IncidentEntryRow
        found = self._session.scalars(
            select(row).where(row.incident == incident).order_by(row.at, row.id)
        )
        return [Line(line.at, Source.ENTRY, "entry", line.author, text=line.text) for line in found]

    def put_action(self, item: Action) -> None:
        """Keep an action, new or changed."""
        self._session.merge(IncidentActionRow(**asdict(item)))
        self._session.flush()

    def actions(self, incidents: Sequence[str]) -> dict[str, tuple[Action, ...]]:
        """Return the actions of files, by file, oldest first."""
        row = IncidentActionRow
        found: dict[str, tuple[Action, ...]] = dict.fromkeys(incidents, ())
        statement = select(row).where(row.incident.in_(incidents))
        for line in self._session.scalars(statement.order_by(row.created_at, row.id)):
            values = {field.name: getattr(line, field.name) for field in fields(Action)}
            found[line.incident] += (Action(**values),)
        return found

    def _with_places(self, rows: Sequence[IncidentRow]) -> list[Incident]:
        place = IncidentPlaceRow
        found: dict[tuple[str, str], list[str]] = {}
        wanted = [row.id for row in rows]
        for line in self._session.scalars(
            select(place).where(place.incident.in_(wanted)).order_by(place.name)
        ):
            found.setdefault((line.incident, line.kind), []).append(line.name)
        return [
            _to_incident(
                row, found.get((row.id, "province"), ()), found.get((row.id, "capability"), ())
            )
            for row in rows
        ]


def _within(reach: Reach) -> list[ColumnElement[bool]]:
    """Whoever is confined sees files that name a place within reach, and no others."""
    return [
        _names(kind, names)
        for kind, names in (("province", reach.provinces), ("capability", reach.capabilities))
        if names is not None
    ]


def _names(kind: str, names: Collection[str]) -> ColumnElement[bool]:
    place = IncidentPlaceRow
    return exists().where(
        place.incident == IncidentRow.id, place.kind == kind, place.name.in_(sorted(names))
    )


def _in_state(state: IncidentState | None) -> list[ColumnElement[bool]]:
    row = IncidentRow
    if state is None:
        return []
    if state is IncidentState.CLOSED:
        return [row.closed_at.is_not(None)]
    mitigated = (
        row.mitigated_at.is_(None) if state is IncidentState.OPEN else row.mitigated_at.is_not(None)
    )
    return [row.closed_at.is_(None), mitigated]


def _to_incident(
    row: IncidentRow, provinces: Sequence[str], capabilities: Sequence[str]
) -> Incident:
    plain = {name: getattr(row, name) for name in _PLAIN}
    account = Account(
        **{**plain, "severity": IncidentImpact(row.severity)},
        attendees=tuple(row.attendees),
        provinces=tuple(provinces),
        capabilities=tuple(capabilities),
    )
    return Incident(
        id=row.id,
        kind=IncidentKind(row.kind),
        account=account,
        opened_by=row.opened_by,
        opened_at=row.opened_at,
        mitigated_at=row.mitigated_at,
        closed_at=row.closed_at,
        revision=row.revision,
    )
