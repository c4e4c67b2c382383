"""Where a column's rows lie, from its counts alone: mean shift, and shares without a place.

Imported by the worker alone, since it brings numpy.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capability_sdk.contracts.manifest import Manifest, Task
from capability_sdk.contracts.profiles import ColumnAnchors, NumericAnchors

_NULL, _INFINITE, _BELOW, _ABOVE, _BINS = 0, 1, 2, 3, 4
_UNSEEN = 1
_FLOATS = frozenset({"FP16", "FP32", "FP64"})
_TWO = 2


@dataclass(frozen=True, slots=True)
class Position:
    """How the current rows lie beside the reference.

    Attributes:
        shift: Of the mean, in standard deviations of the reference; None for a category, or where
            the reference does not vary.
        null_share: Share of rows without a value, 0 to 1.
        outside_share: Share of rows beyond the reference's range, or of a level it never saw.
    """

    shift: float | None
    null_share: float
    outside_share: float


def position(anchors: ColumnAnchors, reference: list[int], current: list[int]) -> Position:
    """Say how the current rows lie.

    Args:
        anchors: The column's anchors.
        reference: Counts of the training data, shape ``(anchors.cells,)``.
        current: Counts of the window, over the same cells.
    """
    rows = max(1, sum(current))
    if not isinstance(anchors, NumericAnchors):
        return Position(None, current[_NULL] / rows, current[_UNSEEN] / rows)
    outside = (current[_BELOW] + current[_ABOVE]) / rows
    return Position(_shift(anchors, reference, current), current[_NULL] / rows, outside)


def estimated_accuracy(anchors: NumericAnchors, counts: list[int]) -> float | None:
    """Estimate accuracy from the histogram of the second label's probability.

    Args:
        anchors: Of the column that holds the probability; edges within 0 and 1.
        counts: Of the window, shape ``(anchors.cells,)``.

    Returns:
        The mean of max(p, 1 - p) over the cells' middles: right where the model is calibrated, and
        blind to concept drift. None without rows, or where the column holds no probability.

    Source:
        Confidence-based performance estimation (Guillory et al., 2021, as average confidence).
    """
    if anchors.edges[0] < 0 or anchors.edges[-1] > 1:
        return None
    middles, cells = _placed(anchors, counts)
    total = cells.sum()
    return float((np.maximum(middles, 1 - middles) * cells).sum() / total) if total else None


def score_column(manifest: Manifest) -> str | None:
    """Name the output that is the probability of the second of two labels; None without one.

    It is the only output of one floating-point element beside the judged one.
    """
    quality = manifest.quality
    if quality.task is not Task.CLASSIFICATION or len(quality.labels or ()) != _TWO:
        return None
    found = [
        spec.name
        for spec in manifest.outputs
        if spec.name != quality.output and spec.datatype in _FLOATS and spec.elements == 1
    ]
    return found[0] if len(found) == 1 else None


def _shift(anchors: NumericAnchors, reference: list[int], current: list[int]) -> float | None:
    middles, before = _placed(anchors, reference)
    _, now = _placed(anchors, current)
    if not before.sum() or not now.sum():
        return None
    mean = float((middles * before).sum() / before.sum())
    variance = float((((middles - mean) ** 2) * before).sum() / before.sum())
    if variance <= 0:
        return None
    moved = float((middles * now).sum() / now.sum()) - mean
    return moved / float(np.sqrt(variance))


def _placed(
    anchors: NumericAnchors, counts: list[int]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return places and counts of all cells that have one; what lies outside stands at the border."""
    edges = np.array(anchors.edges, dtype=np.float64)
    middles = np.concatenate(([edges[0]], (edges[:-1] + edges[1:]) / 2, [edges[-1]]))
    return middles, np.array([counts[_BELOW], *counts[_BINS:], counts[_ABOVE]], dtype=np.int64)
