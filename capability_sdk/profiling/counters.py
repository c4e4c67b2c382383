"""Anchored counters: what production looks like, as counts in the cells of the training data."""

from collections import Counter
from collections.abc import Mapping
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from capability_sdk.contracts.profiles import (
    CATEGORICAL_EXTRA,
    NUMERIC_EXTRA,
    CategoricalAnchors,
    ColumnAnchors,
    NumericAnchors,
    ReferenceProfile,
)
from capability_sdk.profiling.columns import Tensor, level_text, position_of
from capability_sdk.profiling.errors import AnchorMismatch

_CHUNK_ROWS = 512
_CHUNK_ELEMENTS = 1 << 17
_NULL, _INFINITE, _BELOW, _ABOVE = range(len(NUMERIC_EXTRA))
_UNSEEN, _REST = 1, 2


class AnchoredCounters:
    """Counts rows in the cells of a reference; one writer at a time.

    Rows are set aside as they come and counted in chunks: a search over 500 rows costs hardly more
    than one over a single row.
    """

    def __init__(self, reference: ReferenceProfile) -> None:
        """Prepare the cells.

        Raises:
            AnchorMismatch: The columns of a tensor are not complete or not in order.
        """
        positions = [(*position_of(anchors.column), anchors) for anchors in reference.columns]
        self._tensors: dict[str, _TensorCells] = {}
        for tensor, group in groupby(positions, key=lambda item: item[0]):
            columns = [(index, anchors) for _, index, anchors in group]
            if [index for index, _ in columns] != [*range(len(columns))] or tensor in self._tensors:
                raise AnchorMismatch(f"The columns of {tensor} are not in order.", tensor=tensor)
            self._tensors[tensor] = _TensorCells([anchors for _, anchors in columns])
        self._waiting: list[Mapping[str, Tensor]] = []
        self._waiting_rows = self._waiting_elements = 0
        self._width = len(reference.columns)
        self.rows = 0

    @property
    def tensors(self) -> frozenset[str]:
        """Names of the tensors that are counted."""
        return frozenset(self._tensors)

    def add(self, tensors: Mapping[str, Tensor]) -> None:
        """Count the rows of a batch.

        Args:
            tensors: At least those of `tensors`, each of shape ``(rows, ...)`` with the same rows;
                they must not be changed afterwards. Others are ignored.
        """
        if not self._tensors:
            return
        rows = len(tensors[next(iter(self._tensors))])
        self.rows += rows
        self._waiting.append(tensors)
        self._waiting_rows += rows
        self._waiting_elements += rows * self._width
        if self._waiting_rows >= _CHUNK_ROWS or self._waiting_elements >= _CHUNK_ELEMENTS:
            self._count()

    def drain(self) -> dict[str, list[int]]:
        """Return the counts since the last call, column to cells, and start again at zero."""
        self._count()
        self.rows = 0
        counts: dict[str, list[int]] = {}
        for cells in self._tensors.values():
            counts.update(cells.drain())
        return counts

    def _count(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._waiting_rows = self._waiting_elements = 0
        if not waiting:
            return
        for name, cells in self._tensors.items():
            cells.add(np.concatenate([batch[name].reshape(-1, cells.width) for batch in waiting]))


class _TensorCells:
    """The cells of one tensor's columns, in one flat array of counts."""

    def __init__(self, columns: list[ColumnAnchors]) -> None:
        self.width = len(columns)
        self._columns = columns
        self._starts = np.cumsum([0, *(anchors.cells for anchors in columns)]).tolist()
        self._counts = np.zeros(self._starts[-1], dtype=np.int64)
        self._numeric = [
            (index, *_numeric_grid(anchors, self._starts[index]))
            for index, anchors in enumerate(columns)
            if isinstance(anchors, NumericAnchors)
        ]
        self._categorical = [
            (index, _level_cells(anchors))
            for index, anchors in enumerate(columns)
            if isinstance(anchors, CategoricalAnchors)
        ]

    def add(self, values: Tensor) -> None:
        """Count values of shape ``(rows, width)``."""
        if self._numeric:
            by_column = np.ascontiguousarray(values.astype(np.float64, copy=False).T)
            cells = [
                table[grid.searchsorted(by_column[index], side="right")]
                for index, grid, table in self._numeric
            ]
            self._counts += np.bincount(np.concatenate(cells), minlength=len(self._counts))
        for index, lookup in self._categorical:
            for value, count in Counter(values[:, index].tolist()).items():
                text = level_text(value)
                cell = _NULL if text is None else lookup.get(text, _UNSEEN)
                self._counts[self._starts[index] + cell] += count

    def drain(self) -> dict[str, list[int]]:
        """Return the counts by column and reset them."""
        counts = self._counts.tolist()
        self._counts[:] = 0
        return {
            anchors.column: counts[start : start + anchors.cells]
            for anchors, start in zip(self._columns, self._starts, strict=False)
        }


def cells_of(anchors: ColumnAnchors, values: Tensor) -> NDArray[np.intp]:
    """Find the cell of each value of a column.

    Args:
        anchors: The column's cells.
        values: Shape ``(rows,)``.
    """
    if isinstance(anchors, NumericAnchors):
        grid, table = _numeric_grid(anchors, 0)
        return table[grid.searchsorted(values.astype(np.float64), side="right")]
    lookup = _level_cells(anchors)
    texts = map(level_text, values.tolist())
    cells = [_NULL if text is None else lookup.get(text, _UNSEEN) for text in texts]
    return np.array(cells, dtype=np.intp)


def _numeric_grid(
    anchors: NumericAnchors, start: int
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Edges such that one search finds the cell of every value, and the cells by position.

    NaN sorts behind infinity, so the missing value has a position of its own as well.
    """
    edges = np.array(anchors.edges, dtype=np.float64)
    if not np.isfinite(edges).all() or (np.diff(edges) < 0).any():
        raise AnchorMismatch(f"The edges of {anchors.column} do not ascend.", column=anchors.column)
    edges[-1] = np.nextafter(edges[-1], np.inf)  # the last bin holds its upper edge
    least = np.finfo(np.float64).min
    grid = np.concatenate(([least], edges, [np.inf, np.nan]))
    first = len(NUMERIC_EXTRA)
    bins = range(first, first + len(edges) - 1)
    table = [_INFINITE, _BELOW, *bins, _ABOVE, _INFINITE, _NULL]
    return grid, np.array(table, dtype=np.intp) + start


def _level_cells(anchors: CategoricalAnchors) -> dict[str, int]:
    first = len(CATEGORICAL_EXTRA)
    return dict.fromkeys(anchors.rest, _REST) | {
        level: first + index for index, level in enumerate(anchors.levels)
    }
