"""HTTP of reviews: state, checklist, comments, and the difference to the version before."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from capability_sdk.contracts.model import CapabilityName, SemanticVersion
from capability_sdk.kit.problems import problem_responses
from center.capability.difference.packages import Extracts
from center.capability.difference.whole import VersionDifference, compare_versions
from center.capability.review import service
from center.capability.review.views import ReviewCommentBody, ReviewCommentView, ReviewView
from center.capability.service import is_insider
from center.clock import ClockDep
from center.database import DatabaseDep, SessionDep
from center.idempotency import OnceDep
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit

router = APIRouter(tags=["capability"])

Name = Annotated[CapabilityName, Path()]
Version = Annotated[SemanticVersion, Path()]
ItemId = Annotated[str, Path(pattern=r"^[a-z][a-z-]{1,60}$")]
_ONE = "/capabilities/{name}/versions/{version}"
_READ = problem_responses(401, 403, 404, 422, 503)


def _extracts(request: Request) -> Extracts:
    extracts: Extracts = request.app.state.extracts
    return extracts


@router.get(f"{_ONE}/review", dependencies=[permit(Permission.READ_STORE)], responses=_READ)
def show_review(name: Name, version: Version, session: SessionDep, actor: ActorDep) -> ReviewView:
    """Show who can decide on a version, and what of its checklist is ticked."""
    return ReviewView.of(service.look(session, actor, name, version))


@router.get(f"{_ONE}/difference", dependencies=[permit(Permission.READ_STORE)], responses=_READ)
def show_difference(
    name: Name,
    version: Version,
    database: DatabaseDep,
    actor: ActorDep,
    extracts: Annotated[Extracts, Depends(_extracts)],
    against: Annotated[
        SemanticVersion | None,
        Query(description="The other version; the live one, or the one before, if left out."),
    ] = None,
) -> VersionDifference:
    """Compare a version with another one: contract, files, resources, quality, predictions.

    Files and recorded answers are for its owner and for reviewers.
    """
    # No transaction is open while the archives are read.
    with database.session(write=False) as session:
        before, after = service.other_version(session, actor, name, version, against)
    held = extracts.of(before.archive_digest), extracts.of(after.archive_digest)
    return compare_versions(before, after, held, inside=is_insider(actor, after))


@router.put(
    f"{_ONE}/checklist/{{item}}",
    dependencies=[permit(Permission.REVIEW_CAPABILITIES)],
    responses=_READ,
)
def tick_item(
    name: Name,
    version: Version,
    item: ItemId,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
) -> ReviewView:
    """Say that you looked at an item of the checklist."""
    return ReviewView.of(service.tick(session, actor, name, version, item, clock()))


@router.delete(
    f"{_ONE}/checklist/{{item}}",
    dependencies=[permit(Permission.REVIEW_CAPABILITIES)],
    responses=_READ,
)
def untick_item(
    name: Name,
    version: Version,
    item: ItemId,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
) -> ReviewView:
    """Take a tick back."""
    return ReviewView.of(service.untick(session, actor, name, version, item, clock()))


@router.get(
    f"{_ONE}/review-comments",
    dependencies=[permit(Permission.READ_STORE)],
    responses=problem_responses(400, 401, 403, 404, 422, 503),
)
def list_comments(
    name: Name, version: Version, session: SessionDep, actor: ActorDep, paging: PagingDep
) -> Page[ReviewCommentView]:
    """List what was written in the review, oldest first."""
    return map_page(service.comments(session, actor, name, version, paging), ReviewCommentView.of)


@router.post(
    f"{_ONE}/review-comments",
    status_code=201,
    dependencies=[permit(Permission.READ_STORE)],
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
def add_comment(
    name: Name,
    version: Version,
    body: ReviewCommentBody,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    once: OnceDep,
) -> ReviewCommentView:
    """Write about the version, a line of its difference, or a check of its gate."""

    def make() -> ReviewCommentView:
        said = service.comment(session, actor, name, version, body.place, body.body, clock())
        return ReviewCommentView.of(said)

    return once(make, ReviewCommentView)
