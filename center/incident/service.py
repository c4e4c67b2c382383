"""What people do with incident files."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from capability_sdk.contracts.errors import NotFound, NotPermitted
from center.identity import audit
from center.identity.domain import new_id
from center.incident.domain import Account, Action, Incident, IncidentKind, IncidentState, Line
from center.incident.gathering import timeline as gather
from center.incident.store import IncidentStore
from center.paging import Page, Paging
from center.permissions import Actor
from center.preconditions import require_match
from center.reach import Reach, reach_of


@dataclass(frozen=True, slots=True)
class File:
    """A file with its actions."""

    incident: Incident
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Desk:
    """Who works on files, when, and for which revision."""

    session: Session
    actor: Actor
    now: datetime
    if_match: str | None = None

    @property
    def reach(self) -> Reach:
        """What they see."""
        return reach_of(self.session, self.actor)

    def take(self, incident: str) -> File:
        """Return a file that nobody else changes meanwhile.

        Raises:
            IncidentNotFound: There is none, or it is out of reach.
            PreconditionFailed: Somebody changed it since.
        """
        store = IncidentStore(self.session)
        item = store.get(incident, self.reach, lock=True)
        require_match(self.if_match, item.revision)
        return File(item, store.actions([item.id])[item.id])

    def keep(self, item: Incident, act: str, text: str = "") -> File:
        """Write what became of a file."""
        kept = replace(item, revision=item.revision + 1)
        store = IncidentStore(self.session)
        store.put(kept)
        detail = {
            "title": kept.account.title,
            "severity": kept.account.severity,
            "state": kept.state,
            "provinces": list(kept.account.provinces),
            "capabilities": list(kept.account.capabilities),
            "text": text,
        }
        subject = f"incident/{kept.id}"
        audit.record(self.session, self.actor, f"incident.{act}", subject, detail, at=self.now)
        return File(kept, store.actions([kept.id])[kept.id])


def page(desk: Desk, state: IncidentState | None, paging: Paging) -> Page[File]:
    """Return a page of files within reach, the last opened first."""
    store = IncidentStore(desk.session)
    found = store.page(state, desk.reach, paging)
    actions = store.actions([item.id for item in found.items])
    files = [File(item, actions[item.id]) for item in found.items]
    return Page[File].model_construct(items=files, next=found.next, total=found.total)


def get(desk: Desk, incident: str) -> File:
    """Return a file.

    Raises:
        IncidentNotFound: There is none, or it is out of reach.
    """
    store = IncidentStore(desk.session)
    item = store.get(incident, desk.reach)
    return File(item, store.actions([item.id])[item.id])


def timeline(desk: Desk, incident: str) -> list[Line]:
    """Return everything that happened around an incident, oldest first.

    Raises:
        IncidentNotFound: There is none, or it is out of reach.
    """
    return gather(desk.session, get(desk, incident).incident, desk.reach, desk.now)


def open_file(desk: Desk, kind: IncidentKind, account: Account) -> File:
    """Open a file.

    Raises:
        NotPermitted: It is about places that the actor does not see.
    """
    _require_within(desk, account)
    item = Incident(new_id("incident"), kind, account, desk.actor.name, desk.now)
    return desk.keep(item, "opened", account.summary)


def rewrite(desk: Desk, incident: str, account: Account) -> File:
    """Change what a file says.

    Raises:
        IncidentClosed: It is closed.
        NotPermitted: It would be about places that the actor does not see.
    """
    item = desk.take(incident).incident
    _require_within(desk, account)
    return desk.keep(item.rewritten(account), "changed")


def mitigate(desk: Desk, incident: str) -> File:
    """Say that callers suffer no more.

    Raises:
        IncidentClosed: It is closed.
    """
    return desk.keep(desk.take(incident).incident.mitigated(desk.now), "mitigated")


def close(desk: Desk, incident: str) -> File:
    """Close a file.

    Raises:
        NotReadyToClose: A cause is not written down, or an action is missing or not done.
    """
    file = desk.take(incident)
    return desk.keep(file.incident.closed(file.actions, desk.now), "closed")


def reopen(desk: Desk, incident: str) -> File:
    """Open a closed or mitigated file again."""
    return desk.keep(desk.take(incident).incident.reopened(), "reopened")


def add_entry(desk: Desk, incident: str, at: datetime, text: str) -> File:
    """Write a line into the timeline.

    Raises:
        IncidentClosed: It is closed.
    """
    item = desk.take(incident).incident
    item.require_unclosed()
    IncidentStore(desk.session).add_entry(item.id, at, desk.actor.name, text)
    return desk.keep(item, "noted")


def add_action(desk: Desk, incident: str, text: str, owner: str, due_on: date | None) -> File:
    """Say what is to be done, by whom, until when.

    Raises:
        IncidentClosed: It is closed.
    """
    item = desk.take(incident).incident
    item.require_unclosed()
    action = Action(
        new_id("action"), item.id, text, owner, desk.actor.name, desk.now, due_on=due_on
    )
    IncidentStore(desk.session).put_action(action)
    return desk.keep(item, "action-added", f"{owner}: {text}")


def set_done(desk: Desk, incident: str, action_id: str, *, done: bool) -> File:
    """Say that an action is done, or not yet.

    Raises:
        IncidentClosed: It is closed.
        NotFound: The file has no such action.
    """
    file = desk.take(incident)
    file.incident.require_unclosed()
    action = next((item for item in file.actions if item.id == action_id), None)
    if action is None:
        raise NotFound(f"The file has no action {action_id}.")
    by = desk.actor.name if done else None
    changed = replace(action, done_at=desk.now if done else None, done_by=by)
    IncidentStore(desk.session).put_action(changed)
    return desk.keep(file.incident, "action-done" if done else "action-undone", action.text)


def _require_within(desk: Desk, account: Account) -> None:
    reach = desk.reach
    for allowed, named, what in (
        (reach.provinces, account.provinces, "province"),
        (reach.capabilities, account.capabilities, "capability"),
    ):
        if allowed is not None and (not named or not set(named) <= set(allowed)):
            raise NotPermitted(f"Name a {what} of your own: you open files about these only.")
