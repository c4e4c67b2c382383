"""What held-back rows tell about quality where data stand otherwise, as an additive model over cells.

A province is known by the counts of single columns alone. A regression of "was right" on the groups of
all columns together needs no more than those: its mean over a population follows from the population's
marginal shares. Survey statistics know it as the generalized regression (calibration) estimator.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.profiles import (
    NUMERIC_EXTRA,
    ColumnAnchors,
    GroupedColumn,
    NumericAnchors,
    QualityBasis,
    QualityReference,
    ReferenceProfile,
)
from capability_sdk.profiling.columns import Tensor, position_of
from capability_sdk.profiling.counters import cells_of
from capability_sdk.profiling.errors import UnusableData

LEAST_ROWS = 200
"""Fewer held-back rows tell nothing about another population."""

_GROUPS = 6
_LEAST_IN_GROUP = 5
_ROWS_A_GROUP = 6
"""Held-back rows that the regression needs for each group that it weighs."""

_REPLICATES = 40
_RIDGE = 2.0
_TILTS = 160
_STRONGEST_TILT = 1.5
_SPREAD_QUANTILE = 0.9
_SCORE_BANDS = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
_DIGITS = 6
_FLOATS = frozenset({Datatype.FP16, Datatype.FP32, Datatype.FP64})

Matrix = NDArray[np.float64]


def build_quality_reference(
    reference: ReferenceProfile,
    manifest: Manifest,
    held_back: Mapping[str, Tensor],
    right: NDArray[np.bool_],
    seed: int = 0,
) -> QualityReference:
    """Learn how being right depends on the cells that a province counts.

    Args:
        reference: Anchors of the version; only their columns are looked at.
        manifest: Says which columns are scores: outputs that are real numbers.
        held_back: Inputs and answers of rows that training never saw, ``(rows, *shape)`` each.
        right: Whether each of them was answered right, shape ``(rows,)``.
        seed: Of the resampling.

    Returns:
        A model over the scores, and one over the inputs; each where its rows suffice.

    Raises:
        UnusableData: The rows do not fit each other, or are fewer than `LEAST_ROWS`.

    Source:
        Generalized regression estimator: Cassel, Särndal and Wretman (1976), Deville and Särndal
        (1992); ridge: Hoerl and Kennard (1970); bootstrap: Efron (1979).
    """
    rows = len(right)
    if rows < LEAST_ROWS or any(len(values) != rows for values in held_back.values()):
        raise UnusableData(f"At least {LEAST_ROWS} held-back rows are needed, all of one length.")
    generator = np.random.default_rng(seed)
    scores = {spec.name for spec in manifest.outputs if spec.datatype in _FLOATS}
    inputs = {spec.name for spec in manifest.inputs}
    bases = []
    for about, tensors in (("scores", scores), ("inputs", inputs)):
        columns = _columns_of(reference, held_back, tensors, is_score=about == "scores")
        design = _Design(columns, right.astype(np.float64))
        if design.is_supported:
            bases.append(_basis(about, design, generator))
    return QualityReference(rows=rows, right=int(right.sum()), bases=bases)


@dataclass(frozen=True, slots=True, eq=False)
class _Grouped:
    """A column whose cells are put together; ``places`` is the group of each held-back row, or -1."""

    column: str
    groups: NDArray[np.intp]
    rows: list[int]
    places: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class _Design:
    """The regression's data: columns of groups, and whether each row is right."""

    columns: Sequence[_Grouped]
    right: Matrix

    @property
    def is_supported(self) -> bool:
        """Whether there are rows enough for so many groups."""
        groups = sum(len(item.rows) for item in self.columns)
        return 0 < groups * _ROWS_A_GROUP <= len(self.right)

    def matrix(self) -> Matrix:
        """Say for each row and group whether it stands there, shape ``(rows, groups)``."""
        parts = [
            item.places[:, None] == np.arange(len(item.rows))[None, :] for item in self.columns
        ]
        return np.concatenate(parts, axis=1).astype(np.float64)


def _basis(about: str, design: _Design, generator: np.random.Generator) -> QualityBasis:
    matrix, right = design.matrix(), design.right
    rows = len(right)
    fits = [_fit(matrix, right)]
    for _ in range(_REPLICATES):
        drawn = generator.integers(0, rows, rows)
        fits.append(_fit(matrix[drawn], right[drawn]))
    errors, moves = zip(*_tilted(design, matrix, generator), strict=True)
    return QualityBasis.model_validate(
        {
            "about": about,
            "columns": [
                GroupedColumn(column=item.column, groups=item.groups.tolist(), rows=item.rows)
                for item in design.columns
            ],
            "fits": [np.round(fit, _DIGITS).tolist() for fit in fits],
            "spread": float(np.quantile(np.abs(errors), _SPREAD_QUANTILE)),
            "reach": float(np.quantile(np.abs(moves), _SPREAD_QUANTILE)),
        }
    )


def _fit(matrix: Matrix, right: Matrix) -> Matrix:
    """Return the intercept, then what standing in each group adds."""
    center, mean = matrix.mean(axis=0), right.mean()
    shifted = matrix - center
    gram = shifted.T @ shifted + _RIDGE * np.eye(matrix.shape[1])
    effects = np.linalg.solve(gram, shifted.T @ (right - mean))
    return np.concatenate(([mean - center @ effects], effects))


def _tilted(
    design: _Design, matrix: Matrix, generator: np.random.Generator
) -> Iterator[tuple[float, float]]:
    """Try the estimate on populations made of one half of the rows, with what the other half says.

    Yields:
        The error of the estimate in a population that is tilted along one column, and how far the
        estimate says that quality moves there.
    """
    right, rows = design.right, len(design.right)
    for _ in range(_TILTS):
        order = generator.permutation(rows)
        known, other = order[: rows // 2], order[rows // 2 :]
        fit = _fit(matrix[known], right[known])
        column = design.columns[int(generator.integers(len(design.columns)))]
        place = column.places[other] / max(1, len(column.rows) - 1)
        weights = np.exp(generator.uniform(-1.0, 1.0) * _STRONGEST_TILT * place)
        weights /= weights.sum()
        estimate = fit[0] + weights @ matrix[other] @ fit[1:]
        yield float(estimate - weights @ right[other]), float(estimate - right[known].mean())


def _columns_of(
    reference: ReferenceProfile,
    held_back: Mapping[str, Tensor],
    tensors: Container[str],
    *,
    is_score: bool,
) -> list[_Grouped]:
    """Group the columns of some tensors; one whose rows all stand together tells nothing."""
    found = [
        _grouped(anchors, values.reshape(len(values), -1)[:, index], is_score)
        for anchors in reference.columns
        for tensor, index in (position_of(anchors.column),)
        if tensor in tensors and (values := held_back.get(tensor)) is not None
    ]
    return [item for item in found if len(item.rows) > 1]


def _grouped(anchors: ColumnAnchors, values: Tensor, is_score: bool) -> _Grouped:
    cells = cells_of(anchors, values)
    counts = np.bincount(cells, minlength=anchors.cells)
    groups = np.full(anchors.cells, -1, dtype=np.intp)
    rows: list[int] = []
    for members in _members(anchors, counts, is_score):
        if counts[members].sum() >= _LEAST_IN_GROUP:
            groups[members] = len(rows)
            rows.append(int(counts[members].sum()))
    return _Grouped(anchors.column, groups, rows, groups[cells])


def _members(
    anchors: ColumnAnchors, counts: NDArray[np.int64], is_score: bool
) -> Iterator[list[int]]:
    """Put neighbouring cells together: bands of a score, otherwise about as many rows each."""
    if not isinstance(anchors, NumericAnchors):
        yield from ([cell] for cell in range(anchors.cells))
        return
    first = len(NUMERIC_EXTRA)
    yield from ([cell] for cell in range(first))
    edges = np.array(anchors.edges)
    if is_score:
        bands = np.digitize((edges[:-1] + edges[1:]) / 2, _SCORE_BANDS)
    else:
        passed = np.cumsum(counts[first:]) - counts[first:] / 2
        bands = np.floor(passed * _GROUPS / max(1, counts[first:].sum())).astype(np.intp)
    pending: list[int] = []
    for band in range(int(bands.max()) + 1):
        pending += [first + int(cell) for cell in np.flatnonzero(bands == band)]
        if counts[pending].sum() >= _LEAST_IN_GROUP:
            yield pending
            pending = []
    if pending:
        yield pending
