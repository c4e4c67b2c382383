"""In which state a capability is in a province, and by which cause; plain values and rules.

One vocabulary for every page: healthy, watch, drift, quality down, late, no data, learning, muted.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

LATE_AFTER = timedelta(hours=3)
"""An edge reports each hour; two reports may be missed."""

SILENT_AFTER = timedelta(hours=24)
LEAST_CALLS = 20
"""Fewer calls in a day say nothing about shares of errors."""

ERROR_SHARE = 0.05
REFUSED_SHARE = 0.05
QUOTA_SHARE = 0.9
LEAST_LABELLED = 100
QUALITY_LOSS = 0.05
"""Accuracy points that are lost at least, and beyond twice the standard error of the difference."""

NEAR_EFFECT = 0.12
"""Effect of a column that is watched: near the least that counts as drift, and held for sure."""


_DRIFT_VERDICT = "drift"


class BoardState(StrEnum):
    """How a capability is in a province; the worst first, as every page orders them."""

    QUALITY_DOWN = "quality-down"
    DRIFT = "drift"
    WATCH = "watch"
    LATE = "late"
    NO_DATA = "no-data"
    LEARNING = "learning"
    HEALTHY = "healthy"
    MUTED = "muted"


SEVERITY = {state: rank for rank, state in enumerate(BoardState)}


class Cause(NamedTuple):
    """Why a state is what it is: a code that the console puts into words, and its figures."""

    code: str
    figures: Mapping[str, Any]


class Figures(NamedTuple):
    """What is known of one capability in one province; a tuple, since a board holds thousands.

    Attributes:
        is_deployed: Whether it should run there now.
        deployed_at: When that last changed.
        calls: In the 24 hours before the figures were joined; likewise errors, refused, latency.
        errors: Answered with 400 or more, the refused ones included.
        refused: Answered with 429.
        latency_us: Sum over the calls that were not refused.
        quota: Calls a day of all its active subscriptions.
        used: Calls that counted against it in the last 24 hours.
        verdict: Of the version last heard of; None without a profile.
        since: Since which hour the verdict holds.
        moved: Columns that count towards the verdict.
        column: The one with the largest effect; None without a judgement.
        effect: Share of its rows that stand elsewhere.
        shift: How far its mean lies off, in standard deviations of the training data.
        accuracy: Of the last days, from feedback; None without enough of it.
        labelled: Rows that it stands on.
        accuracy_before: Of the days before.
        labelled_before: Rows that this stands on.
        data_at: End of the newest hour that anything is known of.
    """

    province: str
    capability: str
    version: str
    is_deployed: bool
    deployed_at: datetime | None
    calls: int
    errors: int
    refused: int
    latency_us: int
    quota: int
    used: int
    verdict: str | None
    since: datetime | None
    rows: int
    moved: int
    column: str | None
    effect: float | None
    shift: float | None
    accuracy: float | None
    labelled: int
    accuracy_before: float | None
    labelled_before: int
    data_at: datetime | None


class Judged(NamedTuple):
    """Figures with their state and its cause."""

    figures: Figures
    state: BoardState
    cause: Cause

    @property
    def order(self) -> tuple[int, float, str, str]:
        """Sorts the worst first: by state, then by how bad it is, then by name."""
        item = self.figures
        return SEVERITY[self.state], -self._badness, item.capability, item.province

    @property
    def _badness(self) -> float:
        item = self.figures
        if self.state is BoardState.QUALITY_DOWN:
            return (item.accuracy_before or 0.0) - (item.accuracy or 0.0)
        return item.effect or 0.0


def judge(item: Figures, heard_at: datetime | None, now: datetime) -> tuple[BoardState, Cause]:
    """Say in which state a capability is in a province.

    Args:
        item: What is known of it.
        heard_at: The newest moment that the province's edge spoke of; None where it never did.
        now: The present moment.
    """
    for rule in (_quality_down, _drift):
        if (found := rule(item)) is not None:
            return found
    if item.is_deployed and (found := _unheard(item, heard_at, now)) is not None:
        return found
    if (watched := _watch(item)) is not None:
        return BoardState.WATCH, watched
    if item.verdict == "learning":
        return BoardState.LEARNING, Cause("learning", {"rows": item.rows})
    return BoardState.HEALTHY, Cause("healthy", {"calls": item.calls})


def judge_all(
    items: Iterable[Figures], heard: Mapping[str, datetime | None], now: datetime
) -> list[Judged]:
    """Judge all, the worst first, and name the provinces that drift in the same way.

    Args:
        items: Figures of each capability and province.
        heard: Province to the newest moment that its edge spoke of.
        now: The present moment.
    """
    judged = [Judged(item, *judge(item, heard.get(item.province), now)) for item in items]
    companions: dict[tuple[str, str | None, bool], list[str]] = {}
    for item in judged:
        if item.figures.verdict == _DRIFT_VERDICT:
            companions.setdefault(_way(item.figures), []).append(item.figures.province)
    named = [_accompanied(item, companions) for item in judged]
    return sorted(named, key=lambda item: item.order)


def wilson(right: int, n: int) -> tuple[float, float] | None:
    """Return the 95 % interval of a share; None of nothing.

    Source:
        Wilson (1927).
    """
    if n == 0:
        return None
    z, p = 1.959964, right / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def _quality_down(item: Figures) -> tuple[BoardState, Cause] | None:
    now, before = item.accuracy, item.accuracy_before
    if now is None or before is None or before - now < QUALITY_LOSS:
        return None
    if item.labelled < LEAST_LABELLED or item.labelled_before < LEAST_LABELLED:
        return None
    error = math.sqrt(
        now * (1 - now) / item.labelled + before * (1 - before) / item.labelled_before
    )
    if before - now < 2 * error:
        return None
    figures: dict[str, Any] = {
        "accuracy": now,
        "before": before,
        "labelled": item.labelled,
    }
    if item.verdict == _DRIFT_VERDICT:
        figures |= _drift_figures(item)
    return BoardState.QUALITY_DOWN, Cause("quality-down", figures)


def _drift(item: Figures) -> tuple[BoardState, Cause] | None:
    if item.verdict != _DRIFT_VERDICT:
        return None
    return BoardState.DRIFT, Cause("drift", _drift_figures(item))


def _drift_figures(item: Figures) -> dict[str, Any]:
    return {
        "moved": item.moved,
        "column": item.column,
        "effect": item.effect,
        "shift": item.shift,
        "since": item.since,
        "also_in": [],
    }


def _unheard(
    item: Figures, heard_at: datetime | None, now: datetime
) -> tuple[BoardState, Cause] | None:
    if heard_at is None:
        return BoardState.NO_DATA, Cause("never-heard", {})
    figures = {"heard_at": heard_at}
    if now - heard_at > SILENT_AFTER:
        return BoardState.NO_DATA, Cause("silent", figures)
    if now - heard_at > LATE_AFTER:
        return BoardState.LATE, Cause("late", figures)
    if item.data_at is None and (item.deployed_at is None or now - item.deployed_at > SILENT_AFTER):
        return BoardState.NO_DATA, Cause("never-called", {})
    return None


def _watch(item: Figures) -> Cause | None:
    if item.calls >= LEAST_CALLS:
        if item.refused >= REFUSED_SHARE * item.calls:
            return Cause("flooded", {"refused": item.refused, "calls": item.calls})
        failed = item.errors - item.refused
        if failed >= ERROR_SHARE * item.calls:
            return Cause("errors", {"errors": failed, "calls": item.calls})
    if item.quota and item.used >= QUOTA_SHARE * item.quota:
        return Cause("quota", {"used": item.used, "quota": item.quota})
    if item.effect is not None and item.effect >= NEAR_EFFECT:
        return Cause("near", {"column": item.column, "effect": item.effect, "shift": item.shift})
    return None


def _way(item: Figures) -> tuple[str, str | None, bool]:
    return item.capability, item.column, (item.shift or 0.0) >= 0


def _accompanied(item: Judged, companions: Mapping[Any, Sequence[str]]) -> Judged:
    if item.figures.verdict != _DRIFT_VERDICT or item.state not in (
        BoardState.DRIFT,
        BoardState.QUALITY_DOWN,
    ):
        return item
    others = [name for name in companions[_way(item.figures)] if name != item.figures.province]
    cause = Cause(item.cause.code, {**item.cause.figures, "also_in": others})
    return item._replace(cause=cause)
