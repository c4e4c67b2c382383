"""HTTP of the instance domain."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from capability_sdk.contracts.model import CapabilityName, Identifier, ProvinceName
from capability_sdk.kit.problems import problem_responses
from center.changes import ChangeFeed, Mark, Marks
from center.clock import ClockDep
from center.database import SessionDep
from center.idempotency import OnceDep
from center.identity.store import PlaceStore
from center.instance import boosts, consistency, service
from center.instance.desired import Held, StateOffice, require_same_edge
from center.instance.domain import DESIRED_STATE
from center.instance.store import IssuedState
from center.instance.views import (
    BoostBody,
    BoostView,
    Consistency,
    ConsistencyView,
    DeploymentBody,
    DeploymentView,
)
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.preconditions import IfMatch, etag
from center.reach import reach_of

router = APIRouter(tags=["instance"])
_DEPLOYMENT = "/provinces/{province}/deployments/{capability}"

MAX_WAIT_SECONDS = 60
_RECHECK_SECONDS = 30.0
_JOSE = "application/jose"


@router.put(
    _DEPLOYMENT,
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
    _DEPLOYMENT,
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
    _DEPLOYMENT,
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


@router.post(
    f"{_DEPLOYMENT}:boost",
    status_code=201,
    dependencies=[permit(Permission.MANAGE_DEPLOYMENTS)],
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
def boost_deployment(
    province: ProvinceName,
    capability: CapabilityName,
    body: BoostBody,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    once: OnceDep,
) -> BoostView:
    """Have each version with traffic run at least so many replicas for a time."""

    def make() -> BoostView:
        order = boosts.order(
            session,
            actor,
            province,
            capability,
            replicas=body.replicas,
            lasts=timedelta(minutes=body.minutes),
            reason=body.reason,
            at=clock(),
        )
        return BoostView.of(order)

    return once(make, BoostView)


@router.post(
    f"{_DEPLOYMENT}:end-boost",
    status_code=204,
    dependencies=[permit(Permission.MANAGE_DEPLOYMENTS)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def end_boost(
    province: ProvinceName,
    capability: CapabilityName,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
) -> None:
    """End a boost before its time."""
    boosts.end(session, actor, province, capability, clock())


@router.get(
    f"{_DEPLOYMENT}/boosts",
    dependencies=[permit(Permission.READ_DEPLOYMENTS)],
    responses=problem_responses(400, 401, 403, 404, 422, 503),
)
def list_boosts(
    province: ProvinceName,
    capability: CapabilityName,
    session: SessionDep,
    actor: ActorDep,
    paging: PagingDep,
) -> Page[BoostView]:
    """List who boosted a deployment, why, and when its objective held again."""
    return map_page(boosts.page(session, actor, province, capability, paging), BoostView.of)


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
    within = actor.within(province)
    names = PlaceStore(session).names() if within is None else sorted(within)
    seen = reach_of(session, actor).capabilities
    lines = [
        line
        for name in names
        for line in consistency.compare(session, name, clock())
        if seen is None or line.capability in seen
    ]
    return Consistency(items=[ConsistencyView.of(line) for line in lines], total=len(lines))


def _held(
    after: Annotated[int, Query(ge=0, le=2**53, description="Revision that you have.")] = 0,
    keys: Annotated[int, Query(ge=0, le=2**31, description="Key set that you have.")] = 0,
) -> Held:
    return Held(after, keys)


@router.get(
    "/edges/{edge}/desired-state",
    dependencies=[permit(Permission.READ_DESIRED_STATE)],
    response_class=Response,
    responses={
        200: {
            "content": {_JOSE: {"schema": {"type": "string"}}},
            "description": "Compact JWS. With `heartbeat`, line feeds stand before it, and nothing"
            " but line feeds where nothing newer came.",
        },
        204: {"description": "Nothing newer than `after` within `wait` seconds."},
        **problem_responses(401, 403, 409, 422, 503),
    },
)
async def desired_state(
    edge: Annotated[Identifier, Path()],
    actor: ActorDep,
    request: Request,
    has: Annotated[Held, Depends(_held)],
    wait: Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS, description="Seconds.")] = 0,
    heartbeat: Annotated[
        float | None,
        Query(ge=0.1, le=MAX_WAIT_SECONDS, description="Send a line feed every so many seconds."),
    ] = None,
) -> Response:
    """Return the edge's own signed desired state as soon as it is newer than `after`.

    An edge that asks for a heartbeat hears within seconds that the line is dead; without one, it
    could not tell a dead line from a center that has no news.
    """
    require_same_edge(actor, edge)
    watch = _Watch(request.app.state.state_office, request.app.state.change_feed, edge, has)
    mark, issued = await watch.look()
    if issued is None and wait > 0:
        waiting = watch.wait(mark, wait)
        if heartbeat is not None:
            return StreamingResponse(_with_heartbeat(waiting, heartbeat), media_type=_JOSE)
        issued = await waiting
    if issued is None:
        return Response(status_code=204)
    return Response(issued.document, media_type=_JOSE)


class _Watch:
    """Looks for a document newer than the one that an edge has."""

    def __init__(self, office: StateOffice, feed: ChangeFeed, edge: str, has: Held) -> None:
        self._office = office
        self._feed = feed
        self._edge = edge
        self._has = has

    async def look(self) -> tuple[Mark, IssuedState | None]:
        """Return what is newer now, and the mark that was read before."""
        mark = (await self._feed.marks()).of(DESIRED_STATE)
        issued = await run_in_threadpool(self._office.current, self._edge, self._has)
        return mark, issued if issued.revision > self._has.revision else None

    async def wait(self, mark: Mark, seconds: float) -> IssuedState | None:
        """Return what becomes newer than a look found, within some seconds."""
        deadline = time.monotonic() + seconds
        while (rest := deadline - time.monotonic()) > 0 and not self._feed.is_closed:
            # Some changes come with time alone, such as a revocation that no longer matters.
            await self._feed.wait(partial(_differs, mark), min(rest, _RECHECK_SECONDS))
            mark, issued = await self.look()
            if issued is not None:
                return issued
        return None


def _differs(since: Mark, marks: Marks) -> bool:
    return marks.of(DESIRED_STATE) != since


async def _with_heartbeat(
    waiting: Awaitable[IssuedState | None], seconds: float
) -> AsyncIterator[str]:
    task = asyncio.ensure_future(waiting)
    try:
        while not (await asyncio.wait({task}, timeout=seconds))[0]:
            yield "\n"
        issued = task.result()
        if issued is not None:
            yield issued.document
    finally:
        task.cancel()
