"""HTTP of the incident domain."""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from capability_sdk.contracts.model import Identifier
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.idempotency import OnceDep
from center.incident import service
from center.incident.domain import IncidentState
from center.incident.postmortem import as_html, as_markdown
from center.incident.service import Desk, File
from center.incident.views import (
    ActionBody,
    EntryBody,
    IncidentBody,
    IncidentView,
    NewIncidentBody,
    TimelineView,
)
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.preconditions import IfMatch, etag

router = APIRouter(tags=["incident"])
_READ = [permit(Permission.READ_INCIDENTS)]
_HANDLE = [permit(Permission.HANDLE_INCIDENTS)]
_ACT = problem_responses(400, 401, 403, 404, 409, 412, 422, 503)

IncidentId = Annotated[Identifier, Path()]


def _desk(session: SessionDep, actor: ActorDep, clock: ClockDep) -> Desk:
    return Desk(session, actor, clock())


def _changing(desk: Annotated[Desk, Depends(_desk)], if_match: IfMatch = None) -> Desk:
    return replace(desk, if_match=if_match)


DeskDep = Annotated[Desk, Depends(_desk)]
ChangingDep = Annotated[Desk, Depends(_changing)]
"""For an act on what somebody looked at before."""


class Format(StrEnum):
    """How a file is written out."""

    MARKDOWN = "markdown"
    HTML = "html"


@router.get("/incidents", dependencies=_READ, responses=problem_responses(400, 401, 403, 422, 503))
def list_incidents(
    desk: DeskDep, paging: PagingDep, state: IncidentState | None = None
) -> Page[IncidentView]:
    """List incident files, the last opened first."""
    return map_page(service.page(desk, state, paging), IncidentView.of)


@router.post("/incidents", status_code=201, dependencies=_HANDLE, responses=_ACT)
def open_incident(body: NewIncidentBody, desk: DeskDep, once: OnceDep) -> IncidentView:
    """Open an incident file, or a review after a launch."""
    account = IncidentBody(**body.model_dump(exclude={"kind"})).account
    return once(lambda: IncidentView.of(service.open_file(desk, body.kind, account)), IncidentView)


@router.get("/incidents/{incident}", dependencies=_READ, responses=_ACT)
def get_incident(incident: IncidentId, desk: DeskDep, response: Response) -> IncidentView:
    """Show a file; its `ETag` guards a change."""
    return _shown(service.get(desk, incident), response)


@router.put("/incidents/{incident}", dependencies=_HANDLE, responses=_ACT)
def put_incident(
    incident: IncidentId, body: IncidentBody, desk: ChangingDep, response: Response
) -> IncidentView:
    """Change what a file says."""
    return _shown(service.rewrite(desk, incident, body.account), response)


@router.get("/incidents/{incident}/timeline", dependencies=_READ, responses=_ACT)
def read_timeline(incident: IncidentId, desk: DeskDep) -> TimelineView:
    """Show alarms, deployments, subscriptions and remarks around an incident, oldest first."""
    return TimelineView.of(service.timeline(desk, incident), desk.now)


@router.get(
    "/incidents/{incident}/postmortem",
    dependencies=_READ,
    response_class=Response,
    responses={
        200: {
            "content": {
                "text/markdown": {"schema": {"type": "string"}},
                "text/html": {"schema": {"type": "string"}},
            }
        },
        **_ACT,
    },
)
def export_postmortem(
    incident: IncidentId,
    desk: DeskDep,
    written: Annotated[Format, Query(alias="format")] = Format.MARKDOWN,
) -> Response:
    """Write a file out as one document to keep elsewhere."""
    file, lines = service.get(desk, incident), service.timeline(desk, incident)
    kind, ending = ("text/html", "html") if written is Format.HTML else ("text/markdown", "md")
    text = as_html(file, lines) if written is Format.HTML else as_markdown(file, lines)
    name = f"{file.incident.id}.{ending}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    }
    return Response(text, media_type=kind, headers=headers)


@router.post("/incidents/{incident}/entries", dependencies=_HANDLE, responses=_ACT)
def add_entry(
    incident: IncidentId, body: EntryBody, desk: ChangingDep, response: Response, once: OnceDep
) -> IncidentView:
    """Write a line into the timeline."""
    return _made(once, lambda: service.add_entry(desk, incident, body.at, body.text), response)


@router.post("/incidents/{incident}/actions", status_code=201, dependencies=_HANDLE, responses=_ACT)
def add_action(
    incident: IncidentId, body: ActionBody, desk: ChangingDep, response: Response, once: OnceDep
) -> IncidentView:
    """Say what is to be done, by whom, until when."""
    return _made(
        once,
        lambda: service.add_action(desk, incident, body.text, body.owner, body.due_on),
        response,
    )


@router.post(
    "/incidents/{incident}/actions/{action}:complete", dependencies=_HANDLE, responses=_ACT
)
def complete_action(
    incident: IncidentId,
    action: Annotated[Identifier, Path()],
    desk: ChangingDep,
    response: Response,
) -> IncidentView:
    """Say that an action is done."""
    return _shown(service.set_done(desk, incident, action, done=True), response)


@router.post("/incidents/{incident}/actions/{action}:reopen", dependencies=_HANDLE, responses=_ACT)
def reopen_action(
    incident: IncidentId,
    action: Annotated[Identifier, Path()],
    desk: ChangingDep,
    response: Response,
) -> IncidentView:
    """Say that an action is not done yet."""
    return _shown(service.set_done(desk, incident, action, done=False), response)


@router.post("/incidents/{incident}:mitigate", dependencies=_HANDLE, responses=_ACT)
def mitigate_incident(incident: IncidentId, desk: ChangingDep, response: Response) -> IncidentView:
    """Say that callers suffer no more."""
    return _shown(service.mitigate(desk, incident), response)


@router.post("/incidents/{incident}:close", dependencies=_HANDLE, responses=_ACT)
def close_incident(incident: IncidentId, desk: ChangingDep, response: Response) -> IncidentView:
    """Close a file: it needs both causes, and actions that are all done."""
    return _shown(service.close(desk, incident), response)


@router.post("/incidents/{incident}:reopen", dependencies=_HANDLE, responses=_ACT)
def reopen_incident(incident: IncidentId, desk: ChangingDep, response: Response) -> IncidentView:
    """Open a file again."""
    return _shown(service.reopen(desk, incident), response)


def _made(once: OnceDep, make: Callable[[], File], response: Response) -> IncidentView:
    view = once(lambda: IncidentView.of(make()), IncidentView)
    response.headers["ETag"] = etag(view.revision)
    return view


def _shown(file: File, response: Response) -> IncidentView:
    response.headers["ETag"] = etag(file.incident.revision)
    return IncidentView.of(file)
