"""Threads of comments, and their moderation."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from capability_sdk.contracts.model import CapabilityName, Identifier
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.discussion import service
from center.discussion.store import CommentStore
from center.discussion.views import CommentText, Hiding, NewComment, ThreadComment, ThreadView
from center.idempotency import OnceDep
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.preconditions import IfMatch, etag

router = APIRouter()

Name = Annotated[CapabilityName, Path()]
Id = Annotated[Identifier, Path()]
_COMMENTS = "/capabilities/{name}/comments"
_COMMENT = "/comments/{comment}"


@router.get(
    _COMMENTS,
    dependencies=[permit(Permission.READ_STORE)],
    responses=problem_responses(400, 401, 403, 404, 422, 503),
)
def list_comments(
    name: Name, session: SessionDep, actor: ActorDep, paging: PagingDep
) -> Page[ThreadView]:
    """List a capability's threads, newest first, each with its replies."""
    service.require_seen(session, actor, name)
    return map_page(CommentStore(session).page(name, paging), ThreadView.of_thread)


@router.post(
    _COMMENTS,
    status_code=201,
    dependencies=[permit(Permission.DISCUSS_CAPABILITIES)],
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
def comment(
    name: Name,
    body: NewComment,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    once: OnceDep,
) -> ThreadComment:
    """Begin a thread, or answer in one."""

    def make() -> ThreadComment:
        item = service.comment(session, actor, name, body.text, body.parent, clock())
        return ThreadComment.of(item)

    return once(make, ThreadComment)


@router.put(
    _COMMENT,
    dependencies=[permit(Permission.DISCUSS_CAPABILITIES)],
    responses=problem_responses(401, 403, 404, 412, 422, 503),
)
def edit_comment(
    comment: Id,
    body: CommentText,
    response: Response,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    if_match: IfMatch = None,
) -> ThreadComment:
    """Change the text of your own comment."""
    item = service.edit(session, actor, comment, body.text, if_match, clock())
    response.headers["ETag"] = etag(item.revision)
    return ThreadComment.of(item)


@router.delete(
    _COMMENT,
    status_code=204,
    dependencies=[permit(Permission.DISCUSS_CAPABILITIES)],
    responses=problem_responses(401, 403, 404, 412, 422, 503),
)
def delete_comment(comment: Id, session: SessionDep, actor: ActorDep, clock: ClockDep) -> None:
    """Take your own comment back; replies to it stay."""
    service.take_back(session, actor, comment, clock())


@router.post(
    f"{_COMMENT}:hide",
    dependencies=[permit(Permission.MODERATE_DISCUSSION)],
    responses=problem_responses(401, 403, 404, 412, 422, 503),
)
def hide_comment(comment: Id, body: Hiding, session: SessionDep, actor: ActorDep) -> ThreadComment:
    """Take a comment out of sight; who did it and why stays visible."""
    return ThreadComment.of(service.hide(session, actor, comment, body.reason))


@router.post(
    f"{_COMMENT}:show",
    dependencies=[permit(Permission.MODERATE_DISCUSSION)],
    responses=problem_responses(401, 403, 404, 412, 422, 503),
)
def show_comment(comment: Id, session: SessionDep, actor: ActorDep) -> ThreadComment:
    """Show a hidden comment again."""
    return ThreadComment.of(service.unhide(session, actor, comment))
