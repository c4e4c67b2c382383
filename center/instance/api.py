"""HTTP of the instance domain."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from capability_sdk.contracts.model import CapabilityName, Identifier, ProvinceName
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.identity.store import PlaceStore
from center.instance import consistency, service
from center.instance.changes import ChangeFeed
from center.instance.desired import Held, StateOffice, require_same_edge
from center.instance.store import IssuedState
from center.instance.views import Consistency, ConsistencyView, DeploymentBody, DeploymentView
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.preconditions import IfMatch, etag

router = APIRouter(tags=["instance"])

MAX_WAIT_SECONDS = 60
_RECHECK_SECONDS = 30.0
_JOSE = "application/jose"


@router.put(
    "/provinces/{province}/deployments/{capability}",
    dependencies=[permit(Permission.MANAGE_DEPLOYMENTS)],
    responses=problem_responses(401, 403, 404, 409, 412, 422, 503),
)
def put_deployment(  # noqa: PLR0913, PLR0917 - dependencies, not arguments that anybody passes
    province: ProvinceName,
    capability: CapabilityName,
    body: DeploymentBody,
    response: Response,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    if_match: IfMatch = None,
) -> DeploymentView:
    """Decide which published versions a province runs, and how its traffic is split."""
    item = service.put(
        session, actor, province, capability, body.shares, if_match=if_match, at=clock()
    )
    response.headers["ETag"] = etag(item.revision)
    return DeploymentView.of(item)


@router.get(
    "/provinces/{province}/deployments/{capability}",
    dependencies=[permit(Permission.READ_DEPLOYMENTS)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def get_deployment(
    province: ProvinceName,
    capability: CapabilityName,
    response: Response,
    session: SessionDep,
    actor: ActorDep,
) -> DeploymentView:
    """Show a deployment; its `ETag` guards a change."""
    item = service.get(session, actor, province, capability)
    response.headers["ETag"] = etag(item.revision)
    return DeploymentView.of(item)


@router.delete(
    "/provinces/{province}/deployments/{capability}",
    status_code=204,
    dependencies=[permit(Permission.MANAGE_DEPLOYMENTS)],
    responses=problem_responses(401, 403, 404, 412, 422, 503),
)
def delete_deployment(
    province: ProvinceName,
    capability: CapabilityName,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    if_match: IfMatch = None,
) -> None:
    """Stop running a capability in a province."""
    service.remove(session, actor, province, capability, if_match=if_match, at=clock())


@router.get(
    "/deployments",
    dependencies=[permit(Permission.READ_DEPLOYMENTS)],
    responses=problem_responses(400, 401, 403, 422, 503),
)
def list_deployments(
    session: SessionDep,
    actor: ActorDep,
    paging: PagingDep,
    province: Annotated[ProvinceName | None, Query()] = None,
    capability: Annotated[CapabilityName | None, Query()] = None,
) -> Page[DeploymentView]:
    """List the deployments that you may see, by province and capability."""
    return map_page(service.page(session, actor, province, capability, paging), DeploymentView.of)


@router.get(
    "/consistency",
    dependencies=[permit(Permission.READ_DEPLOYMENTS)],
    responses=problem_responses(401, 403, 422, 503),
)
def show_consistency(
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    province: Annotated[ProvinceName | None, Query()] = None,
) -> Consistency:
    """Compare what provinces should run with what they said last that they run."""
    if province is not None:
        actor.require_province(province)
    only = province or actor.province
    names = [only] if only is not None else PlaceStore(session).names()
    lines = [line for name in names for line in consistency.compare(session, name, clock())]
    return Consistency(items=[ConsistencyView.of(line) for line in lines], total=len(lines))


def _office(request: Request) -> StateOffice:
    office: StateOffice = request.app.state.state_office
    return office


def _feed(request: Request) -> ChangeFeed:
    feed: ChangeFeed = request.app.state.change_feed
    return feed


@router.get(
    "/edges/{edge}/desired-state",
    dependencies=[permit(Permission.READ_DESIRED_STATE)],
    response_class=Response,
    responses={
        200: {"content": {_JOSE: {"schema": {"type": "string"}}}, "description": "Compact JWS."},
        204: {"description": "Nothing newer than `after` within `wait` seconds."},
        **problem_responses(401, 403, 409, 422, 503),
    },
)
async def desired_state(
    edge: Annotated[Identifier, Path()],
    actor: ActorDep,
    office: Annotated[StateOffice, Depends(_office)],
    feed: Annotated[ChangeFeed, Depends(_feed)],
    after: Annotated[int, Query(ge=0, le=2**53, description="Revision that you have.")] = 0,
    keys: Annotated[int, Query(ge=0, le=2**31, description="Key set that you have.")] = 0,
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS, description="Seconds.")] = 0,
) -> Response:
    """Return the edge's own signed desired state as soon as it is newer than `after`."""
    require_same_edge(actor, edge)
    issued = await _newer(office, feed, edge, Held(after, keys), wait)
    if issued is None:
        return Response(status_code=204)
    return Response(issued.document, media_type=_JOSE)


async def _newer(
    office: StateOffice, feed: ChangeFeed, edge: str, has: Held, wait: float
) -> IssuedState | None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait
    while True:
        mark = await feed.mark()
        issued = await run_in_threadpool(office.current, edge, has)
        if issued.revision > has.revision:
            return issued
        rest = deadline - loop.time()
        if rest <= 0 or feed.is_closed:
            return None
        # Some changes come with time alone, such as a revocation that no longer matters.
        await feed.wait(mark, min(rest, _RECHECK_SECONDS))
