"""What HTTP shows of the board.

The whole board is thousands of cells, so that it is written as plain members, not model by model;
the models are its documentation, and a test holds the two together.
"""

from collections import Counter
from operator import attrgetter
from typing import Any

import orjson
from pydantic import Field

from capability_sdk.contracts.manifest import Titles
from capability_sdk.contracts.model import UtcTime, Wire
from center.board.domain import SEVERITY, BoardState, Judged
from center.board.service import BoardNow
from center.board.store import Head, Place
from center.monitoring.domain import DriftVerdict


class CauseView(Wire):
    """Why a state is what it is; the console puts the code into words."""

    code: str = Field(examples=["drift"])
    figures: dict[str, Any]
    """By code: such as `moved`, `column`, `shift`, `since` and `also_in` of a drift."""


class BoardCellView(Wire):
    """One capability in one province."""

    province: str
    capability: str
    version: str
    state: BoardState
    cause: CauseView
    is_deployed: bool
    calls: int
    """In the 24 hours before `joined_at` of the province; likewise the next three."""
    errors: int
    """Answered with 400 or more, `refused` included."""
    refused: int
    """Answered with 429."""
    latency_ms: float | None
    """Mean over the calls that were not refused."""
    quota: int
    used: int
    verdict: DriftVerdict | None
    since: UtcTime | None
    rows: int
    moved: int
    column: str | None
    """The column with the largest effect."""
    effect: float | None
    shift: float | None
    """Of its mean, in standard deviations of the training data."""
    accuracy: float | None
    """Realized, from the feedback of the last two days."""
    labelled: int
    accuracy_before: float | None
    labelled_before: int
    data_at: UtcTime | None
    """End of the newest hour that anything is known of."""


class PlaceView(Wire):
    """A province's tile."""

    name: str
    titles: Titles
    simulated: bool
    state: BoardState | None
    """The worst of its capabilities; null where none runs."""
    counts: dict[BoardState, int]
    spoken_at: UtcTime | None
    """The newest moment that its edge spoke of."""
    joined_at: UtcTime | None


class HeadView(Wire):
    """A capability that stands on the board."""

    name: str
    titles: Titles
    domain: str


class BoardView(Wire):
    """Every capability in every province within reach; cells are the worst first."""

    at: UtcTime
    provinces: list[PlaceView]
    capabilities: list[HeadView]
    cells: list[BoardCellView]


def board_members(found: BoardNow) -> dict[str, Any]:
    """Return the members of a `BoardView`, for `written`."""
    counts: dict[str, Counter[BoardState]] = {place.name: Counter() for place in found.places}
    for cell in found.cells:
        if cell.figures.province in counts:
            counts[cell.figures.province][cell.state] += 1
    return {
        "at": found.at,
        "provinces": [place_members(place, counts[place.name]) for place in found.places],
        "capabilities": [head_members(head) for head in found.heads],
        "cells": [cell_members(cell) for cell in found.cells],
    }


def written(members: dict[str, Any]) -> bytes:
    """Return members as JSON, moments as `UtcTime` shows them."""
    return orjson.dumps(members, option=orjson.OPT_UTC_Z)


def place_members(item: Place, counts: Counter[BoardState]) -> dict[str, Any]:
    """Return the members of a `PlaceView`."""
    return {
        "name": item.name,
        "titles": {"zh": item.title_zh, "en": item.title_en},
        "simulated": item.simulated,
        "state": min(counts, key=lambda state: SEVERITY[state], default=None),
        "counts": {state.value: number for state, number in counts.items()},
        "spoken_at": item.spoken_at,
        "joined_at": item.joined_at,
    }


def head_members(item: Head) -> dict[str, Any]:
    """Return the members of a `HeadView`."""
    titles = {"zh": item.title_zh, "en": item.title_en}
    return {"name": item.name, "titles": titles, "domain": item.domain}


def cell_members(item: Judged) -> dict[str, Any]:
    """Return the members of a `BoardCellView`."""
    found = item.figures
    members = dict(zip(_SHOWN, _shown(found), strict=True))
    members["state"] = item.state
    members["cause"] = {"code": item.cause.code, "figures": item.cause.figures}
    answered = found.calls - found.refused
    members["latency_ms"] = found.latency_us / answered / 1000 if answered else None
    return members


_SHOWN = tuple(
    name for name in BoardCellView.model_fields if name not in {"state", "cause", "latency_ms"}
)
_shown = attrgetter(*_SHOWN)
