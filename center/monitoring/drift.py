"""Two-sample tests over count vectors: did the rows move, and how far.

Imported by the worker alone, since it brings numpy and scipy. The reference is a sample
like the window is: tests that take it for exact truth alarm in every clean window.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capability_sdk.kit.light import past_the_door_of

# The ufuncs that scipy.special shows too; its face brings adapters of other array libraries (ADR 2).
with past_the_door_of("scipy.special"):
    from scipy.special._ufuncs import chdtrc, kolmogorov

Counts = NDArray[np.int64]

_LEAST_EXPECTED = 5.0
"""Cells with a smaller expectation are pooled (Cochran, 1954)."""


class CellMismatch(ValueError):
    """Two count vectors do not stand over the same cells."""


@dataclass(frozen=True, slots=True)
class Movement:
    """What a test says about one column.

    Attributes:
        statistic: The test's own figure.
        p: Probability of a figure at least as large where nothing moved.
        effect: How far the rows moved, 0 to 1, whatever their number; 0.2 means about every fifth.
    """

    statistic: float
    p: float
    effect: float


def kolmogorov_smirnov(reference: Counts, current: Counts) -> Movement:
    """Compare two samples of an ordered quantity by their counts in the same ordered cells.

    Args:
        reference: Counts of the training data, shape ``(cells,)``, cells ascending.
        current: Counts of the window, over the same cells.

    Returns:
        The greatest distance of the two empirical distribution functions at a cell's border, its
        asymptotic two-sided p-value, and the distance again as effect. Where values tie or stand
        in one cell the p-value is too large, never too small. Without rows on a side, p is 1.

    Raises:
        CellMismatch: The shapes differ.

    Source:
        Kolmogorov (1933) and Smirnov (1939); the small-sample factor of Stephens (1970).
    """
    _require_same_cells(reference, current)
    rows, window_rows = int(reference.sum()), int(current.sum())
    if rows == 0 or window_rows == 0:
        return Movement(0.0, 1.0, 0.0)
    distance = float(
        np.abs(np.cumsum(reference) / rows - np.cumsum(current) / window_rows).max(initial=0.0)
    )
    root = float(np.sqrt(rows * window_rows / (rows + window_rows)))
    p = float(kolmogorov((root + 0.12 + 0.11 / root) * distance))
    return Movement(distance, p, distance)


def chi_square_homogeneity(reference: Counts, current: Counts) -> Movement:
    """Compare two samples of a category by their counts in the same cells.

    Args:
        reference: Counts of the training data, shape ``(cells,)``.
        current: Counts of the window, over the same cells.

    Returns:
        Pearson's statistic of the 2 x cells table, its p-value, and as effect Cramér's V as it were
        had both samples the same size, less what chance alone would show. Cells that neither
        sample fills are left out, sparse ones pooled.

    Raises:
        CellMismatch: The shapes differ.

    Source:
        Pearson (1900, 1911); Cramér (1946) with the bias correction of Bergsma (2013).
    """
    _require_same_cells(reference, current)
    rows, window_rows = int(reference.sum()), int(current.sum())
    if rows == 0 or window_rows == 0:
        return Movement(0.0, 1.0, 0.0)
    table = _pool_sparse(np.vstack((reference, current)))
    freedom = table.shape[1] - 1
    if freedom < 1:
        return Movement(0.0, 1.0, 0.0)
    expected = np.outer([rows, window_rows], table.sum(axis=0)) / (rows + window_rows)
    statistic = float(((table - expected) ** 2 / expected).sum())
    return Movement(statistic, float(chdtrc(freedom, statistic)), _balanced_association(table))


def either(first: Movement, second: Movement) -> Movement:
    """Join two tests of one column: the more telling one, its p-value doubled (Bonferroni)."""
    telling = min(first, second, key=lambda outcome: (outcome.p, -outcome.effect))
    return Movement(telling.statistic, min(1.0, 2 * telling.p), telling.effect)


def benjamini_hochberg(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correct the p-values of several columns that are judged together.

    Args:
        p_values: Shape ``(columns,)``, each 0 to 1.

    Returns:
        q-values in the same order: calling moved what is at most q keeps the expected share of
        false calls at or below q.

    Source:
        Benjamini and Hochberg (1995).
    """
    columns = len(p_values)
    order = np.argsort(p_values)
    stepped = p_values[order] * columns / np.arange(1, columns + 1)
    q_values = np.empty(columns)
    q_values[order] = np.minimum(1.0, np.minimum.accumulate(stepped[::-1])[::-1])
    return q_values


def _balanced_association(table: NDArray[np.int64]) -> float:
    """Cramér's V of a 2 x cells table as it were with equal row sums, less its mean by chance."""
    rows = table.sum(axis=1)
    reference, current = table / rows[:, np.newaxis]
    square = float(((reference - current) ** 2 / (reference + current)).sum()) / 2
    by_chance = (table.shape[1] - 1) * float((1 / rows).sum()) / 4
    return float(np.sqrt(max(0.0, square - by_chance)))


def _require_same_cells(reference: Counts, current: Counts) -> None:
    if reference.shape != current.shape or reference.ndim != 1:
        raise CellMismatch(f"reference has shape {reference.shape}, current {current.shape}")


def _pool_sparse(table: NDArray[np.int64]) -> NDArray[np.int64]:
    """Leave out empty cells and pool those whose smaller expectation is below five."""
    filled = table[:, table.sum(axis=0) > 0]
    totals = filled.sum(axis=0)
    smaller_share = float(np.min(filled.sum(axis=1))) / float(filled.sum())
    order = np.argsort(totals)
    ascending = filled[:, order]
    sparse = totals[order] * smaller_share < _LEAST_EXPECTED
    if not sparse.any():
        return ascending
    pooled = ascending[:, sparse].sum(axis=1, keepdims=True)
    rest = ascending[:, ~sparse]
    if rest.shape[1] and pooled.sum() * smaller_share < _LEAST_EXPECTED:
        # All that is sparse together is sparse still: it joins the smallest cell that is not.
        return np.hstack((pooled + rest[:, :1], rest[:, 1:]))
    return np.hstack((pooled, rest))
