"""What each role knows about a capability, with its history."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from capability_sdk.contracts.model import CapabilityName
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.discussion import service
from center.discussion.domain import Note, NoteKind, may_write
from center.discussion.store import NoteStore
from center.discussion.views import NoteBody, NoteRevisionView, Notes, NoteView
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.preconditions import IfMatch, etag

router = APIRouter()

Name = Annotated[CapabilityName, Path()]
_NOTE = "/capabilities/{name}/notes/{kind}"


@router.get(
    "/capabilities/{name}/notes",
    dependencies=[permit(Permission.READ_STORE)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def read_notes(name: Name, session: SessionDep, actor: ActorDep) -> Notes:
    """Show what each role wrote down: need, data, performance, runbook."""
    owner = service.require_seen(session, actor, name)
    current = NoteStore(session).current(name)

    def view(kind: NoteKind, note: Note | None) -> NoteView:
        shown = None if note is None else NoteRevisionView.of(note)
        return NoteView(kind=kind, may_write=may_write(kind, actor, owner), current=shown)

    return Notes(items=[view(kind, current.get(kind)) for kind in NoteKind])


@router.put(
    _NOTE,
    dependencies=[permit(Permission.DISCUSS_CAPABILITIES)],
    responses=problem_responses(401, 403, 404, 412, 422, 503),
)
def write_note(  # noqa: PLR0913, PLR0917 - dependencies, not arguments that anybody passes
    name: Name,
    kind: NoteKind,
    body: NoteBody,
    response: Response,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    if_match: IfMatch = None,
) -> NoteRevisionView:
    """Write a note anew; what stood there stays in its history."""
    note = service.write_note(session, actor, name, kind, body.text, if_match=if_match, at=clock())
    response.headers["ETag"] = etag(note.revision)
    return NoteRevisionView.of(note)


@router.get(
    f"{_NOTE}/revisions",
    dependencies=[permit(Permission.READ_STORE)],
    responses=problem_responses(400, 401, 403, 404, 422, 503),
)
def list_revisions(
    name: Name, kind: NoteKind, session: SessionDep, actor: ActorDep, paging: PagingDep
) -> Page[NoteRevisionView]:
    """List what a note said before, newest first."""
    service.require_seen(session, actor, name)
    return map_page(NoteStore(session).page(name, kind, paging), NoteRevisionView.of)
