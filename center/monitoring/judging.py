"""From counts to a verdict: tests by column, corrected, gated by effect size, and persistent.

Imported by the worker alone, since it brings numpy and scipy.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import numpy as np

from capability_sdk.contracts.profiles import ColumnAnchors, NumericAnchors, ReferenceProfile
from center.monitoring.domain import (
    FALSE_DISCOVERY_RATE,
    LONGEST_SAMPLE,
    MATERIAL_EFFECT,
    STRONG_EFFECT,
    ColumnMovement,
    DriftVerdict,
    Judgement,
    Sample,
    Window,
    samples,
)
from center.monitoring.drift import (
    CellMismatch,
    Counts,
    Movement,
    benjamini_hochberg,
    chi_square_homogeneity,
    either,
    kolmogorov_smirnov,
)
from center.monitoring.position import position


def judge(reference: ReferenceProfile, windows: Iterable[Window]) -> Judgement:
    """Say whether the newest rows of one capability version in one province have moved.

    Args:
        reference: Anchors and counts of the training data.
        windows: Hourly counts over the same anchors, in any order; columns that the reference does
            not know are passed over.

    Returns:
        ``learning`` below `center.monitoring.domain.LEAST_ROWS` rows in 24 hours; otherwise
        ``drift`` where a column moved strongly, or materially in the sample before as well.

    Raises:
        CellMismatch: A column's counts do not fit its anchors.
    """
    hours = list(windows)
    found = samples(hours)
    if not found:
        return _learning(hours)
    newest = _movements(reference, found[0])
    before = _movements(reference, found[1]) if len(found) > 1 else []
    persistent = {item.column for item in before if _significant(item, MATERIAL_EFFECT)}
    columns = tuple(
        replace(_placed(reference, found[0], item), moved=_has_moved(item, persistent))
        for item in sorted(newest, key=lambda item: (-item.effect, item.q, item.column))
    )
    moved = any(column.moved for column in columns)
    return Judgement(
        verdict=DriftVerdict.DRIFT if moved else DriftVerdict.STABLE,
        window_from=found[0].begins,
        window_to=found[0].ends,
        rows=found[0].rows,
        columns=columns,
    )


def _learning(windows: list[Window]) -> Judgement:
    if not windows:
        return Judgement(DriftVerdict.LEARNING, None, None, 0)
    last = max(window.hour for window in windows)
    recent = [window for window in windows if last - window.hour < LONGEST_SAMPLE]
    return Judgement(
        verdict=DriftVerdict.LEARNING,
        window_from=min(window.hour for window in recent),
        window_to=last + timedelta(hours=1),
        rows=sum(window.rows for window in recent),
    )


def _movements(reference: ReferenceProfile, sample: Sample) -> list[ColumnMovement]:
    names = [anchors.column for anchors in reference.columns if anchors.column in sample.counts]
    anchors_of = {anchors.column: anchors for anchors in reference.columns}
    outcomes = [
        compare(anchors_of[name], reference.counts[name], sample.counts[name]) for name in names
    ]
    q_values = benjamini_hochberg(np.array([outcome.p for outcome in outcomes], dtype=np.float64))
    return [
        ColumnMovement(name, outcome.statistic, outcome.p, float(q), outcome.effect, moved=False)
        for name, outcome, q in zip(names, outcomes, q_values, strict=True)
    ]


def _placed(reference: ReferenceProfile, sample: Sample, item: ColumnMovement) -> ColumnMovement:
    """Say where the column's rows lie as well."""
    anchors = next(anchors for anchors in reference.columns if anchors.column == item.column)
    found = position(anchors, reference.counts[item.column], sample.counts[item.column])
    return replace(
        item,
        shift=found.shift,
        null_share=found.null_share,
        outside_share=found.outside_share,
    )


def compare(anchors: ColumnAnchors, reference: list[int], current: list[int]) -> Movement:
    """Test one column.

    A category is tested by homogeneity over all its cells. A quantity is tested by the distance of
    its distribution functions over the ordered cells, and by homogeneity over what has no order:
    null and infinite.

    Args:
        anchors: The column's anchors.
        reference: Counts of the training data, shape ``(anchors.cells,)``.
        current: Counts of the window, over the same cells.

    Raises:
        CellMismatch: Counts do not fit the anchors.
    """
    before, now = _vector(anchors, reference), _vector(anchors, current)
    if not isinstance(anchors, NumericAnchors):
        return chi_square_homogeneity(before, now)
    ordered = kolmogorov_smirnov(_ordered(before), _ordered(now))
    unordered_before, unordered_now = _unordered(before), _unordered(now)
    if not unordered_before[:-1].any() and not unordered_now[:-1].any():
        return ordered
    return either(ordered, chi_square_homogeneity(unordered_before, unordered_now))


def _vector(anchors: ColumnAnchors, counts: list[int]) -> Counts:
    if len(counts) != anchors.cells:
        raise CellMismatch(f"{anchors.column} has {len(counts)} counts for {anchors.cells} cells")
    return np.array(counts, dtype=np.int64)


def _ordered(counts: Counts) -> Counts:
    """Cells of a quantity in ascending order; they are kept as null, infinite, below, above, bins."""
    return np.concatenate((counts[2:3], counts[4:], counts[3:4]))


def _unordered(counts: Counts) -> Counts:
    """Null, infinite, and all that has a place in the order."""
    return np.array([counts[0], counts[1], counts[2:].sum()], dtype=np.int64)


def _significant(item: ColumnMovement, least_effect: float) -> bool:
    return item.q <= FALSE_DISCOVERY_RATE and item.effect >= least_effect


def _has_moved(item: ColumnMovement, persistent: set[str]) -> bool:
    if _significant(item, STRONG_EFFECT):
        return True
    return item.column in persistent and _significant(item, MATERIAL_EFFECT)
