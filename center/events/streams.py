"""One person's stream of changes: what they may see, for as long as they may."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from center.changes import ChangeFeed, Marks
from center.events.errors import TooManyStreams
from center.events.topics import SIGN_INS
from center.permissions import Actor

MAX_STREAMS = 12
"""That one person may have open at each process of the center."""

PACE_SECONDS = 1.0
"""Changes that come closer together are told together."""

_RECHECK_SECONDS = 15.0
"""After which a sign-in that has run out ends its streams."""


class OpenStreams:
    """Counts the streams that each person has open at this process; for the event loop alone."""

    def __init__(self) -> None:
        self._open: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def place(self, actor: Actor) -> Iterator[None]:
        """Hold one of a person's places.

        Raises:
            TooManyStreams: All of them are taken.
        """
        key = (actor.kind, actor.name)
        if self._open[key] >= MAX_STREAMS:
            raise TooManyStreams(
                f"You have {MAX_STREAMS} streams open: close a page, or read without listening.",
                headers={"Retry-After": "30"},
            )
        self._open[key] += 1
        try:
            yield
        finally:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]


@dataclass(frozen=True, slots=True)
class News:
    """Topics that have changed, and the position of the stream behind these changes."""

    topics: list[str]
    position: str


@dataclass(frozen=True, slots=True)
class Stream:
    """Follows topics for one person.

    Attributes:
        is_still: Tells whether the person is signed in still, with the same rights.
    """

    feed: ChangeFeed
    actor: Actor
    topics: Sequence[str]
    is_still: Callable[[], bool]

    async def follow(self, position: str | None) -> AsyncIterator[News]:
        """Yield what has changed since a position, then what changes, until it must end.

        The first yield comes at once, if need be without a topic. A position that is no longer
        known counts as a change of every topic.

        Args:
            position: Of an earlier stream, of this process or another; None for from now on.
        """
        seen = await self.feed.marks()
        now = self._read(seen)
        before = now if position is None else _parse(position)
        yield self._news(before, now)
        while (later := await self._next(seen)) is not None:
            seen, before, now = later, now, self._read(later)
            if now != before:
                yield self._news(before, now)
                await asyncio.sleep(PACE_SECONDS)

    def _news(self, before: Mapping[str, str], now: Mapping[str, str]) -> News:
        changed = [name for name in self.topics if now[name] != before.get(name)]
        return News(changed, _line(now))

    async def _next(self, seen: Marks) -> Marks | None:
        """Return newer marks, or the same ones after a while; None where the stream must end."""
        fresh = await self.feed.wait(partial(self._are_news, seen), _RECHECK_SECONDS)
        if self.feed.is_closed or not await self._may_go_on():
            return None
        return fresh or seen

    def _are_news(self, seen: Marks, marks: Marks) -> bool:
        return marks.of(SIGN_INS) != seen.of(SIGN_INS) or self._read(marks) != self._read(seen)

    def _read(self, marks: Marks) -> dict[str, str]:
        pairs = {name: marks.of(name, self.actor.sees) for name in self.topics}
        return {name: f"{highest}.{count}" for name, (highest, count) in pairs.items()}

    async def _may_go_on(self) -> bool:
        try:
            return await run_in_threadpool(self.is_still)
        except SQLAlchemyError:
            return False  # nobody can say; the page asks again, and is told then


def _line(marks: Mapping[str, str]) -> str:
    return " ".join(f"{name}={mark}" for name, mark in marks.items())


def _parse(position: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in position.split() if "=" in part)
