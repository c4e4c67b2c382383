"""How good a version will be where data stand otherwise, from counts alone; plain Python.

The center's process does not load numpy for it. The method is the one that the package's
`QualityReference` was built for: the generalized regression estimator over marginal shares.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import mul
from statistics import variance

from capability_sdk.contracts.profiles import (
    NUMERIC_EXTRA,
    ColumnAnchors,
    GroupedColumn,
    NumericAnchors,
    QualityBasis,
    QualityReference,
)

METHOD = "generalized-regression"
"""Name of the estimate; see `estimate`."""

LEAST_ROWS = 200
"""Rows of a province below which nothing is estimated."""

MOST_UNKNOWN = 0.1
"""Share of rows in cells that no held-back row stands in, beyond which nothing is estimated."""

LEAST_EFFECTIVE_ROWS = 30.0
"""Held-back rows that must be left, once they are weighted as the province's stand."""

_NORMAL_975 = 1.959964
_NORMAL_95 = 1.644854

Counts = Sequence[int]


@dataclass(frozen=True, slots=True)
class Interval:
    """A share with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Overlap:
    """How far the held-back rows stand for the province's.

    Attributes:
        unknown: Greatest share of rows, over the columns, where no held-back row stands.
        effective_rows: Held-back rows that are left when one column's are weighted as the
            province's stand; the least over the columns (Kong, 1992).
    """

    unknown: float
    effective_rows: float

    @property
    def is_enough(self) -> bool:
        """Whether anything can be said."""
        return self.unknown <= MOST_UNKNOWN and self.effective_rows >= LEAST_EFFECTIVE_ROWS


def usable_basis(quality: QualityReference, counts: Mapping[str, Counts]) -> QualityBasis | None:
    """Return the best model whose columns are all known of a province: scores before inputs."""
    for basis in quality.bases:
        if all(len(counts.get(item.column, ())) == len(item.groups) for item in basis.columns):
            return basis
    return None


def strangeness(reference: Counts, current: Counts) -> float:
    """Return the share of a column's rows in cells that no row of the training data stands in."""
    total = sum(current)
    strange = sum(now for before, now in zip(reference, current, strict=True) if not before)
    return strange / total if total else 0.0


def overlap(basis: QualityBasis, counts: Mapping[str, Counts]) -> Overlap:
    """Compare where a province's rows stand with where the held-back ones do."""
    found = [_column_overlap(item, counts[item.column]) for item in basis.columns]
    return Overlap(max(unknown for unknown, _ in found), min(rows for _, rows in found))


def estimate(basis: QualityBasis, counts: Mapping[str, Counts], rows: int) -> Interval:
    """Estimate the share of a province's rows that are answered right.

    Args:
        basis: Model of the held-back rows; all its columns are in ``counts``.
        counts: The province's rows by cell, column by column, over the version's own anchors.
        rows: How many they are.

    Returns:
        The estimate. Its interval holds the bootstrap variance of the held-back rows, the sampling
        of the province's, and how wrong the model was about populations tilted on purpose, in
        proportion where the estimate moves further than those did. It takes for granted that rows
        in the same cells are answered right as often as elsewhere.

    Source:
        Särndal, Swensson and Wretman, Model Assisted Survey Sampling (1992), chapter 6.
    """
    shares = [share for item in basis.columns for share in _shares(item, counts[item.column])]
    value, *replicates = (fit[0] + _dot(fit[1:], shares) for fit in basis.fits)
    held_back = _held_back_mean(basis)
    value = min(1.0, max(0.0, value))
    further = max(1.0, abs(value - held_back) / basis.reach) if basis.reach else 1.0
    spread = basis.spread / _NORMAL_95 * further
    sampling = value * (1 - value) / max(1, rows)
    reach = _NORMAL_975 * math.sqrt(variance(replicates) + spread**2 + sampling)
    return Interval(value, max(0.0, value - reach), min(1.0, value + reach))


def wilson(right: int, rows: int) -> Interval:
    """Return a share with its score interval.

    Source:
        Wilson (1927).
    """
    share, z2 = right / rows, _NORMAL_975**2
    middle = (share + z2 / (2 * rows)) / (1 + z2 / rows)
    half = (
        _NORMAL_975 * math.sqrt(share * (1 - share) / rows + z2 / (4 * rows**2)) / (1 + z2 / rows)
    )
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))


def distance(anchors: ColumnAnchors, reference: Counts, current: Counts) -> float:
    """Return the share of rows that stand elsewhere, 0 to 1.

    Of numbers it is the greatest distance of the distribution functions over the ordered cells
    (Kolmogorov, 1933) or of what is missing or infinite, whichever is larger; of categories the
    total variation distance.
    """
    before, after = _normalized(reference), _normalized(current)
    gaps = [a - b for a, b in zip(after, before, strict=True)]
    if not isinstance(anchors, NumericAnchors):
        return sum(map(abs, gaps)) / 2
    below, above = NUMERIC_EXTRA.index("below"), NUMERIC_EXTRA.index("above")
    ordered = [gaps[below], *gaps[len(NUMERIC_EXTRA) :], gaps[above]]
    missing = [gaps[cell] for cell in range(len(NUMERIC_EXTRA)) if cell not in (below, above)]
    return max(abs(gap) for gap in (*accumulate(ordered), *missing))


def _held_back_mean(basis: QualityBasis) -> float:
    shares = []
    for item in basis.columns:
        total = sum(item.rows)
        shares += [rows / total for rows in item.rows]
    point = basis.fits[0]
    return point[0] + _dot(point[1:], shares)


def _shares(item: GroupedColumn, counts: Counts) -> list[float]:
    """Shares of the groups; rows that no group knows are taken to stand as the others do."""
    sums = [0] * len(item.rows)
    for group, count in zip(item.groups, counts, strict=True):
        if group >= 0:
            sums[group] += count
    return _normalized(sums)


def _column_overlap(item: GroupedColumn, counts: Counts) -> tuple[float, float]:
    total, held_back = sum(counts), sum(item.rows)
    if not total:
        return 1.0, 0.0
    unknown = sum(c for group, c in zip(item.groups, counts, strict=True) if group < 0) / total
    ratio = sum(
        share * share * held_back / rows
        for share, rows in zip(_shares(item, counts), item.rows, strict=True)
    )
    return unknown, held_back / ratio if ratio else 0.0


def _normalized(counts: Counts) -> list[float]:
    total = sum(counts)
    return [count / total for count in counts] if total else [0.0] * len(counts)


def _dot(effects: Sequence[float], shares: Sequence[float]) -> float:
    return math.fsum(map(mul, effects, shares))
