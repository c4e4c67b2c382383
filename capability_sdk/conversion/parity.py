"""Holds the converted model against the original: as quantiles, since single rows may flip.

A threshold of a tree in 32 bits sends a value that lies right at it the other way: one such row in
a thousand says nothing, one in fifty says that the features need more than 32 bits.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from capability_sdk.contracts.training import OutputParity, Parity
from capability_sdk.profiling.columns import Tensor

Floats = NDArray[np.float64]

EXACT = 1e-4
"""Greatest distance of a row that sums in 32 bits alone explain; a flipped threshold is further."""


def compare(
    original: Mapping[str, Tensor], converted: Mapping[str, Tensor], limit: float
) -> Parity:
    """Measure the distance of each output that both have, shape ``(rows, ...)``."""
    both = [name for name in converted if name in original]
    rows = len(next(iter(converted.values())))
    outputs = [_compare(name, original[name], converted[name]) for name in both]
    return Parity(rows=rows, limit=limit, outputs=outputs)


def is_exact(parity: Parity) -> bool:
    """Tell whether no row differs by more than rounding."""
    return all(item.greatest <= EXACT and not item.differing for item in parity.outputs)


def row_distances(original: Tensor, converted: Tensor) -> Floats:
    """Return each row's distance, shape ``(rows,)``: 1 for another label, relative from 1 up."""
    rows = len(converted)
    if _are_labels(original, converted):
        same = original.reshape(rows, -1).astype(str) == converted.reshape(rows, -1).astype(str)
        return np.where(same.all(axis=1), 0.0, 1.0)
    wanted = original.reshape(rows, -1).astype(np.float64)
    got = converted.reshape(rows, -1).astype(np.float64)
    if wanted.shape != got.shape:
        return np.full(rows, np.inf)
    away = np.abs(got - wanted) / np.maximum(1.0, np.abs(wanted))
    both_missing = np.isnan(wanted) & np.isnan(got)
    greatest: Floats = np.where(both_missing, 0.0, np.nan_to_num(away, nan=np.inf)).max(
        axis=1, initial=0.0
    )
    return greatest


def _compare(name: str, original: Tensor, converted: Tensor) -> OutputParity:
    distances = row_distances(original, converted)
    if _are_labels(original, converted):
        return OutputParity(output=name, differing=float(distances.mean()))
    # A contract holds no infinity; the greatest number is as far.
    finite = np.nan_to_num(distances, posinf=np.finfo(np.float64).max)
    return OutputParity(
        output=name,
        median=float(np.quantile(finite, 0.5, method="higher")),
        p99=float(np.quantile(finite, 0.99, method="higher")),
        greatest=float(finite.max()),
    )


def _are_labels(original: Tensor, converted: Tensor) -> bool:
    return converted.dtype.kind in "OUSbiu" or original.dtype.kind in "OUS"
