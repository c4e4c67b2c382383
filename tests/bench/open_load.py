"""An open load of two kinds of calls: they come when they come, whatever became of those before them."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from edge_gateway.gateway.upstream import Failure, Upstream, UpstreamAnswer

_OK = 200
_TIMEOUT_SECONDS = 60.0
_QUIET_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of call: its whole request, and how many of 1 it is."""

    name: str
    request: bytes
    share: float


@dataclass(frozen=True, slots=True)
class Taken:
    """One call: seconds from when it was due to its answer, and whether that was right."""

    kind: str
    seconds: float
    is_right: bool


def arrivals(
    kinds: Sequence[Kind], rate: float, seconds: float, seed: int
) -> list[tuple[float, Kind]]:
    """Draw when calls of which kind come (a Poisson process); equal seeds give equal calls."""
    chance = random.Random(seed)  # noqa: S311 - a load, no secret
    found, at = [], 0.0
    while (at := at + chance.expovariate(rate)) < seconds:
        (kind,) = chance.choices(kinds, [kind.share for kind in kinds])
        found.append((at, kind))
    return found


async def load(url: str, calls: Sequence[tuple[float, Kind]], warm_up: float) -> list[Taken]:
    """Make all calls at their times; those of the warm-up are not reported.

    Args:
        url: Of the gateway.
        calls: Seconds from now, and what is called.
        warm_up: Seconds at the beginning that do not count.
    """
    gateway = Upstream(url, timeout=_TIMEOUT_SECONDS)
    taken: list[Taken] = []
    began = time.monotonic()
    for at, kind in calls:
        await asyncio.sleep(max(began + at - time.monotonic(), 0))
        _call(gateway, kind, began + at, taken if at >= warm_up else [])
    deadline = time.monotonic() + _QUIET_SECONDS
    while gateway.in_flight and time.monotonic() < deadline:  # noqa: ASYNC110 - once, bounded, at the end of a window
        await asyncio.sleep(0.05)
    gateway.give_up()
    gateway.abort()
    return taken


def _call(gateway: Upstream, kind: Kind, due: float, taken: list[Taken]) -> None:
    def done(result: UpstreamAnswer | Failure) -> None:
        is_right = not isinstance(result, Failure) and result.head.status == _OK
        taken.append(Taken(kind.name, time.monotonic() - due, is_right))

    gateway.exchange(kind.request, done)
