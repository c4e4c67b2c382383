"""HTTP of desired state: what an edge polls."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from capability_sdk.contracts.model import Identifier
from capability_sdk.kit.problems import problem_responses
from center.changes import ChangeFeed, Mark, Marks
from center.instance.desired import Held, StateOffice, require_same_edge
from center.instance.domain import DESIRED_STATE
from center.instance.store import IssuedState
from center.permissions import ActorDep, Permission, permit

router = APIRouter(tags=["instance"])

MAX_WAIT_SECONDS = 60
_RECHECK_SECONDS = 30.0
_JOSE = "application/jose"


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
