"""How the predictions of two versions spread over the same cells, from their reference profiles.

Each package counts its own training rows in its own cells, so one of them has to be counted again:
numbers by a straight line within a cell, categories by name.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.model import Wire
from capability_sdk.contracts.profiles import (
    CATEGORICAL_EXTRA,
    NUMERIC_EXTRA,
    CategoricalAnchors,
    ColumnAnchors,
    NumericAnchors,
    ReferenceProfile,
)

_MOST_CELLS = 16
_MOST_COLUMNS = 32


class Spread(Wire):
    """One output over common cells; shares add up to 1 where anything was counted."""

    column: str
    cells: list[str]
    before: list[float]
    after: list[float]
    distance: float
    """Total variation: the share of predictions that would have to move, 0 to 1."""


def compare_outputs(
    before: ReferenceProfile, after: ReferenceProfile, manifest: Manifest
) -> list[Spread]:
    """Compare the outputs that both profiles count.

    Args:
        before: Of the version before.
        after: Of the new version.
        manifest: Of the new version; says which columns are outputs.

    Returns:
        One for each column, the farthest apart first; at most 32.
    """
    outputs = {spec.name for spec in manifest.outputs}
    old = {anchors.column: anchors for anchors in before.columns}
    found = [
        _spread(old[anchors.column], before, anchors, after)
        for anchors in after.columns
        if anchors.column.partition("[")[0] in outputs and anchors.column in old
    ]
    spreads = [spread for spread in found if spread is not None]
    return sorted(spreads, key=lambda spread: -spread.distance)[:_MOST_COLUMNS]


def _spread(
    old: ColumnAnchors, before: ReferenceProfile, new: ColumnAnchors, after: ReferenceProfile
) -> Spread | None:
    left, right = before.counts.get(old.column, []), after.counts.get(new.column, [])
    if len(left) != old.cells or len(right) != new.cells:
        return None
    if isinstance(old, NumericAnchors) and isinstance(new, NumericAnchors):
        edges = _coarse(old.edges)
        cells = [f"{low:.4g} … {high:.4g}" for low, high in pairwise(edges)]
        shares = [_on(edges, old.edges, left), _on(edges, new.edges, right)]
        return _shown(old.column, ["below", *cells, "above"], *shares)
    if isinstance(old, CategoricalAnchors) and isinstance(new, CategoricalAnchors):
        levels = list(dict.fromkeys([*old.levels, *new.levels]))[:_MOST_CELLS]
        counts = [_by_level(levels, old, left), _by_level(levels, new, right)]
        return _shown(old.column, [*levels, "other"], *counts)
    return None


def _shown(
    column: str, cells: list[str], before: Sequence[float], after: Sequence[float]
) -> Spread:
    left, right = _shares(before), _shares(after)
    distance = sum(abs(a - b) for a, b in zip(left, right, strict=True)) / 2
    return Spread(column=column, cells=cells, before=left, after=right, distance=round(distance, 6))


def _shares(counts: Sequence[float]) -> list[float]:
    total = sum(counts)
    return [round(count / total, 6) if total else 0.0 for count in counts]


def _coarse(edges: Sequence[float]) -> list[float]:
    step = max(1, -(-(len(edges) - 1) // _MOST_CELLS))
    kept = list(edges[::step])
    return kept if kept[-1] == edges[-1] else [*kept, edges[-1]]


def _on(wanted: Sequence[float], edges: Sequence[float], counts: Sequence[int]) -> list[float]:
    """Count a column again in other cells: below the first edge, between them, above the last."""
    below, above = counts[NUMERIC_EXTRA.index("below")], counts[NUMERIC_EXTRA.index("above")]
    upto = list(_upto(edges, counts[len(NUMERIC_EXTRA) :]))
    at = [below + _interpolated(edge, edges, upto) for edge in wanted]
    inner = [high - low for low, high in pairwise(at)]
    return [at[0], *inner, below + upto[-1] + above - at[-1]]


def _upto(edges: Sequence[float], bins: Sequence[int]) -> Iterator[float]:
    total = 0.0
    yield total
    for _, count in zip(edges[1:], bins, strict=True):
        total += count
        yield total


def _interpolated(value: float, edges: Sequence[float], upto: Sequence[float]) -> float:
    if value <= edges[0]:
        return 0.0
    if value >= edges[-1]:
        return upto[-1]
    cell = bisect_right(edges, value) - 1
    within = (value - edges[cell]) / (edges[cell + 1] - edges[cell])
    return upto[cell] + within * (upto[cell + 1] - upto[cell])


def _by_level(
    levels: Sequence[str], anchors: CategoricalAnchors, counts: Sequence[int]
) -> list[float]:
    named = dict(zip(anchors.levels, counts[len(CATEGORICAL_EXTRA) :], strict=True))
    extra = counts[CATEGORICAL_EXTRA.index("unseen")] + counts[CATEGORICAL_EXTRA.index("rest")]
    other = extra + sum(count for level, count in named.items() if level not in levels)
    return [*(float(named.get(level, 0)) for level in levels), float(other)]
