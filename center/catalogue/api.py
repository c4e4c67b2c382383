"""HTTP of the catalogue: the store as people see it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from capability_sdk.contracts.model import CapabilityName, ProvinceName
from capability_sdk.kit.problems import problem_responses
from center.capability.store import CapabilityStore
from center.catalogue import service
from center.catalogue.domain import AgeBand, Facet, QualityBand, Sort, Wanted, words_of
from center.catalogue.indexing import IndexedSession
from center.catalogue.performance import performance
from center.catalogue.service import Reader, Words
from center.catalogue.views import (
    FacetView,
    ListingBody,
    ListingView,
    PerformanceView,
    StoreCard,
    StoreDetail,
    StorePage,
)
from center.clock import ClockDep
from center.database import SessionDep
from center.paging import PagingDep
from center.permissions import ActorDep, Permission, permit
from center.preconditions import IfMatch, etag

router = APIRouter(prefix="/store", tags=["catalogue"])

Name = Annotated[CapabilityName, Path()]
Value = Annotated[str, Query(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
_READ = problem_responses(401, 403, 404, 422, 503)


def _reader(
    actor: ActorDep,
    clock: ClockDep,
    province: Annotated[
        ProvinceName | None, Query(description="Whose figures; an operator's own by default.")
    ] = None,
) -> Reader:
    return Reader(actor, service.here_of(actor, province), clock())


ReaderDep = Annotated[Reader, Depends(_reader)]


def _wanted(  # noqa: PLR0913, PLR0917 - query parameters, not arguments that anybody passes
    actor: ActorDep,
    q: Annotated[
        str, Query(max_length=200, description="Words of name, titles, summary or tensors.")
    ] = "",
    domain: Annotated[list[Value] | None, Query()] = None,
    task: Annotated[list[Value] | None, Query()] = None,
    family: Annotated[list[Value] | None, Query()] = None,
    available_in: Annotated[list[ProvinceName] | None, Query()] = None,
    quality: Annotated[list[QualityBand] | None, Query()] = None,
    age: Annotated[list[AgeBand] | None, Query()] = None,
    favourites: Annotated[bool, Query(description="Only what you keep at hand.")] = False,
) -> Wanted:
    given = {
        Facet.DOMAIN: domain,
        Facet.TASK: task,
        Facet.FAMILY: family,
        Facet.AVAILABLE_IN: available_in,
        Facet.QUALITY: quality,
        Facet.AGE: age,
    }
    facets = {facet: frozenset(map(str, values)) for facet, values in given.items() if values}
    return Wanted(words_of(q), facets, actor.name if favourites else None)


@router.get(
    "",
    dependencies=[permit(Permission.READ_STORE)],
    responses=problem_responses(400, 401, 403, 422, 503),
)
def search(
    session: IndexedSession,
    reader: ReaderDep,
    paging: PagingDep,
    wanted: Annotated[Wanted, Depends(_wanted)],
    sort: Sort = Sort.RELEVANCE,
) -> StorePage:
    """Search the store, with counts for narrowing it down and figures of a province."""
    page = service.search(session, reader, wanted, sort, paging)
    counts = service.facets(session, reader, wanted) if paging.cursor is None else {}
    return StorePage(
        items=[StoreCard.of(card, reader.now) for card in page.items],
        next=page.next,
        total=page.total,
        provinces=sorted(reader.here.provinces) if reader.here.provinces is not None else None,
        facets=[FacetView.of(facet, values) for facet, values in counts.items()],
    )


@router.get("/{name}", dependencies=[permit(Permission.READ_STORE)], responses=_READ)
def show(name: Name, session: IndexedSession, reader: ReaderDep) -> StoreDetail:
    """Show a capability's page."""
    return StoreDetail.of(service.detail(session, reader, name), reader.now)


@router.get("/{name}/performance", dependencies=[permit(Permission.READ_STORE)], responses=_READ)
def show_performance(name: Name, session: IndexedSession, reader: ReaderDep) -> PerformanceView:
    """Hold the measured passport against the nodes of a province; engineers see no nodes."""
    front = service.require_listed(session, name, reader.now)
    item = CapabilityStore(session).get(name, front.version)
    may_see = reader.actor.may(Permission.READ_HEALTH)
    return PerformanceView.of(performance(session, item, reader.here.only if may_see else None))


@router.put(
    "/{name}/listing",
    dependencies=[permit(Permission.PUBLISH_CAPABILITIES)],
    responses=problem_responses(401, 403, 404, 412, 422, 503),
)
def describe(
    name: Name,
    body: ListingBody,
    response: Response,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    if_match: IfMatch = None,
) -> ListingView:
    """Say what a capability is for, who answers for it, and where its runbook is."""
    words = Words(body.task, body.accountable, body.runbook_url)
    item = service.describe(session, actor, name, words, if_match=if_match, at=clock())
    response.headers["ETag"] = etag(item.revision)
    return ListingView.of(item)
