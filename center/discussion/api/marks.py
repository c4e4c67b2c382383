"""Ratings and favourites."""

from typing import Annotated

from fastapi import APIRouter, Path

from capability_sdk.contracts.model import CapabilityName
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.discussion import service
from center.discussion.domain import RatingSummary
from center.discussion.store import FavouriteStore, RatingStore
from center.discussion.views import Favourites, RatingBody, RatingSummaryView, RatingView
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit

router = APIRouter()

Name = Annotated[CapabilityName, Path()]
_RATING = "/capabilities/{name}/rating"
_FAVOURITE = "/capabilities/{name}/favourite"
_ONE = problem_responses(401, 403, 404, 422, 503)


@router.get(_RATING, dependencies=[permit(Permission.READ_STORE)], responses=_ONE)
def summarise_ratings(name: Name, session: SessionDep, actor: ActorDep) -> RatingSummaryView:
    """Show mean and number of a capability's ratings, and your own."""
    service.require_seen(session, actor, name)
    store = RatingStore(session)
    summary = store.summaries([name]).get(name, RatingSummary())
    return RatingSummaryView.of(summary, store.find(name, actor.name))


@router.put(_RATING, dependencies=[permit(Permission.DISCUSS_CAPABILITIES)], responses=_ONE)
def rate(
    name: Name, body: RatingBody, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> RatingView:
    """Rate a capability with 1 to 5 stars; a second rating takes the place of the first."""
    item = service.rate(session, actor, name, body.stars, body.text, clock())
    return RatingView.of(item)


@router.delete(
    _RATING,
    status_code=204,
    dependencies=[permit(Permission.DISCUSS_CAPABILITIES)],
    responses=_ONE,
)
def withdraw_rating(name: Name, session: SessionDep, actor: ActorDep) -> None:
    """Take your rating back."""
    service.require_seen(session, actor, name)
    RatingStore(session).drop(name, actor.name)


@router.get(
    "/capabilities/{name}/ratings",
    dependencies=[permit(Permission.READ_STORE)],
    responses=problem_responses(400, 401, 403, 404, 422, 503),
)
def list_ratings(
    name: Name, session: SessionDep, actor: ActorDep, paging: PagingDep
) -> Page[RatingView]:
    """List a capability's ratings, newest first."""
    service.require_seen(session, actor, name)
    return map_page(RatingStore(session).page(name, paging), RatingView.of)


@router.get(
    "/favourites",
    dependencies=[permit(Permission.READ_STORE)],
    responses=problem_responses(401, 403, 422, 503),
)
def list_favourites(session: SessionDep, actor: ActorDep) -> Favourites:
    """List the capabilities that you keep at hand."""
    return Favourites(items=sorted(FavouriteStore(session).of(actor.name)))


@router.put(
    _FAVOURITE,
    status_code=204,
    dependencies=[permit(Permission.DISCUSS_CAPABILITIES)],
    responses=_ONE,
)
def keep_at_hand(name: Name, session: SessionDep, actor: ActorDep, clock: ClockDep) -> None:
    """Make a capability one of your favourites."""
    service.require_seen(session, actor, name)
    FavouriteStore(session).put(actor.name, name, clock())


@router.delete(
    _FAVOURITE,
    status_code=204,
    dependencies=[permit(Permission.DISCUSS_CAPABILITIES)],
    responses=problem_responses(401, 403, 422, 503),
)
def let_go(name: Name, session: SessionDep, actor: ActorDep) -> None:
    """Take a capability from your favourites."""
    FavouriteStore(session).drop(actor.name, name)
