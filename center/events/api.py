"""HTTP of live events."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from capability_sdk.contracts.model import UtcTime, Wire
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.events.errors import UnknownTopic
from center.events.streams import OpenStreams, Stream
from center.events.topics import TOPICS
from center.permissions import ActorDep, Authenticate, Permission, permit

router = APIRouter(tags=["events"])

_RETRY = 2000
"""Milliseconds after which a client comes back."""


class Listening(Wire):
    """Data of the event ``ready``: which of the asked topics you may listen to."""

    topics: list[str]


class Changed(Wire):
    """Data of the event ``changed``: ask for what you show of this topic again."""

    topic: str
    at: UtcTime


def _topics(
    actor: ActorDep,
    topics: Annotated[
        str, Query(max_length=500, description=f"Comma between them: {', '.join(sorted(TOPICS))}.")
    ],
) -> list[str]:
    asked = list(dict.fromkeys(topics.split(",")))
    if unknown := [name for name in asked if name not in TOPICS]:
        raise UnknownTopic(f"There is no topic {unknown[0]!r}; there are {', '.join(TOPICS)}.")
    return [name for name in asked if actor.may(TOPICS[name].permission)]


def _stream(
    request: Request, actor: ActorDep, topics: Annotated[list[str], Depends(_topics)]
) -> Stream:
    authenticate: Authenticate = request.app.state.authenticate
    return Stream(
        feed=request.app.state.change_feed,
        actor=actor,
        topics=topics,
        is_still=lambda: authenticate(request) == actor,
    )


async def _place(request: Request, actor: ActorDep) -> AsyncIterator[None]:
    streams: OpenStreams = request.app.state.open_streams
    with streams.place(actor):
        yield  # until the answer has ended


@router.get(
    "/events",
    dependencies=[permit(Permission.USE_OWN_ACCOUNT), Depends(_place)],
    response_class=EventSourceResponse,
    responses=problem_responses(401, 403, 422, 429, 503),
)
async def stream_events(
    stream: Annotated[Stream, Depends(_stream)],
    clock: ClockDep,
    last_event_id: Annotated[str | None, Header(max_length=2000)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Tell what changes of some topics, where you may see it: `changed` with `topic` and `at`.

    First comes `ready`. An event says that something has changed, never what: ask for it again.
    A client that comes back with `Last-Event-ID` hears of everything that it has missed. The
    stream ends with the sign-in. One that says nothing for 15 seconds sends a comment.
    """
    ready = Listening(topics=list(stream.topics))
    is_first = True
    async for news in stream.follow(last_event_id):
        if is_first:
            yield ServerSentEvent(event="ready", data=ready, id=news.position, retry=_RETRY)
            is_first = False
        for topic in news.topics:
            data = Changed(topic=topic, at=clock())
            yield ServerSentEvent(event="changed", data=data, id=news.position)
