"""Counts over one version's cells, told over another version's."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from capability_sdk.contracts.profiles import (
    CATEGORICAL_EXTRA,
    NUMERIC_EXTRA,
    CategoricalAnchors,
    ColumnAnchors,
    NumericAnchors,
)

_BELOW, _ABOVE = NUMERIC_EXTRA.index("below"), NUMERIC_EXTRA.index("above")
_UNSEEN, _REST = CATEGORICAL_EXTRA.index("unseen"), CATEGORICAL_EXTRA.index("rest")


def onto(source: ColumnAnchors, counts: Sequence[int], target: ColumnAnchors) -> list[int] | None:
    """Tell a column's counts over other cells.

    Rows of a numeric cell are spread evenly over its width; those below and above all edges stay so
    where the target's edges do not reach further, and else stand at the outermost one. Of a category the names of the levels decide.

    Returns:
        Counts in the target's cells; None where one side is a number and the other a category.
    """
    if source == target:
        return list(counts)
    if isinstance(source, NumericAnchors) and isinstance(target, NumericAnchors):
        return _numeric(source, counts, target)
    if isinstance(source, CategoricalAnchors) and isinstance(target, CategoricalAnchors):
        return _categorical(source, counts, target)
    return None


def _numeric(source: NumericAnchors, counts: Sequence[int], target: NumericAnchors) -> list[int]:
    first = len(NUMERIC_EXTRA)
    told = [0.0] * target.cells
    told[0], told[1] = counts[0], counts[1]
    told[_outermost(target, source.edges[0], _BELOW)] += counts[_BELOW]
    told[_outermost(target, source.edges[-1], _ABOVE)] += counts[_ABOVE]
    bounds = [float("-inf"), *target.edges, float("inf")]
    cells = [_BELOW, *range(first, target.cells), _ABOVE]
    for (low, high), count in zip(pairwise(source.edges), counts[first:], strict=True):
        if not count:
            continue
        for cell, (begins, ends) in zip(cells, pairwise(bounds), strict=True):
            told[cell] += count * max(0.0, min(high, ends) - max(low, begins)) / (high - low)
    return _whole(told)


def _outermost(target: NumericAnchors, edge: float, beyond: int) -> int:
    """Find the cell of rows that stand beyond the source's outermost edge, who knows how far."""
    is_inside = edge > target.edges[0] if beyond == _BELOW else edge < target.edges[-1]
    return len(NUMERIC_EXTRA) + bisect_right(target.edges, edge) - 1 if is_inside else beyond


def _categorical(
    source: CategoricalAnchors, counts: Sequence[int], target: CategoricalAnchors
) -> list[int]:
    first = len(CATEGORICAL_EXTRA)
    place = dict.fromkeys(target.rest, _REST) | {
        level: first + index for index, level in enumerate(target.levels)
    }
    told = [0] * target.cells
    for cell in range(first):
        told[cell] += counts[cell]
    for level, count in zip(source.levels, counts[first:], strict=True):
        told[place.get(level, _UNSEEN)] += count
    return told


def _whole(told: Sequence[float]) -> list[int]:
    """Round so that the sum stays: what is left over goes to the largest remainders."""
    floors = [int(value) for value in told]
    left = round(sum(told)) - sum(floors)
    by_rest = sorted(range(len(told)), key=lambda cell: floors[cell] - told[cell])
    for cell in by_rest[:left]:
        floors[cell] += 1
    return floors
