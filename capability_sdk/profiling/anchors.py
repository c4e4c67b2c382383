"""Anchors from the training data: the cells in which production is counted."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from capability_sdk.contracts.manifest import Manifest, TensorSpec
from capability_sdk.contracts.profiles import (
    CategoricalAnchors,
    ColumnAnchors,
    NumericAnchors,
    ReferenceProfile,
)
from capability_sdk.profiling.columns import (
    NUMPY_TYPES,
    Tensor,
    is_categorical,
    level_text,
    names_of,
    profiled,
)
from capability_sdk.profiling.counters import AnchoredCounters
from capability_sdk.profiling.errors import UnusableData

MAX_BINS = 64
MAX_LEVELS = 60
MIN_LEVEL_ROWS = 20
"""Rows that must share a level before an undeclared one is named: a rare text may be a person."""


def build_reference(tensors: Mapping[str, Tensor], manifest: Manifest) -> ReferenceProfile:
    """Anchor every column of the training data and count the data in its own cells.

    Args:
        tensors: Inputs and, where score drift shall show, outputs of the trained model; each of
            shape ``(rows, *shape of the manifest)``, all with the same number of rows. Tensors
            that the manifest marks sensitive, of variable shape, or of more than `MAX_ELEMENTS`
            elements a row are left out.
        manifest: Says which tensors there are, of which type, and which are categorical.

    Returns:
        Anchors and counts, one column an element.

    Raises:
        UnusableData: A tensor is not in the manifest, has another shape, or there are no rows.
    """
    rows = _common_rows(tensors)
    known = {spec.name for spec in (*manifest.inputs, *manifest.outputs)}
    specs = profiled(manifest)
    columns: list[ColumnAnchors] = []
    kept: dict[str, Tensor] = {}
    for name, values in tensors.items():
        if name not in known:
            raise UnusableData(f"The manifest has no tensor {name!r}.", tensor=name)
        if (spec := specs.get(name)) is None:
            continue
        kept[name] = _as_rows(values, spec, rows)
        for index, column in enumerate(names_of(name, spec.elements)):
            columns.append(_anchor(column, kept[name][:, index], spec))
    counters = AnchoredCounters(ReferenceProfile(rows=rows, columns=columns, counts={}))
    counters.add(kept)
    return ReferenceProfile(rows=rows, columns=columns, counts=counters.drain())


def _common_rows(tensors: Mapping[str, Tensor]) -> int:
    lengths = {len(values) if values.ndim else 0 for values in tensors.values()}
    if len(lengths) != 1 or 0 in lengths:
        found = ", ".join(map(str, sorted(lengths))) or "none"
        raise UnusableData(f"All tensors need the same rows, at least one; found {found}.")
    return lengths.pop()


def _as_rows(values: Tensor, spec: TensorSpec, rows: int) -> Tensor:
    if values.size != rows * spec.elements:
        raise UnusableData(
            f"{spec.name} has {values.size // rows} elements a row, the manifest says"
            f" {spec.elements}.",
            tensor=spec.name,
        )
    try:
        # What the runtime will see: 0.1 as FP32 is not 0.1 as FP64.
        return values.reshape(rows, spec.elements).astype(NUMPY_TYPES[spec.datatype])
    except (TypeError, ValueError) as error:
        raise UnusableData(
            f"{spec.name} holds values that are no {spec.datatype}.", tensor=spec.name
        ) from error


def _anchor(column: str, values: Tensor, spec: TensorSpec) -> ColumnAnchors:
    if is_categorical(spec):
        return _categorical(column, values, spec.levels)
    return NumericAnchors(column=column, edges=_edges(values.astype(np.float64)))


def _edges(values: NDArray[np.float64]) -> list[float]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return [0.0, float(np.nextafter(0.0, 1.0))]
    distinct = np.unique(finite)
    if len(distinct) == 1:
        # One closed bin needs two edges; the next number up is as near as they can be.
        return [float(distinct[0]), float(np.nextafter(distinct[0], np.inf))]
    if len(distinct) <= MAX_BINS:
        # A bin for each value, with the edges half-way, so that noise shows as a shift of bins.
        middles = distinct[:-1] + np.diff(distinct) / 2
        inner = np.unique(np.concatenate((distinct[:1], middles, distinct[-1:])))
        return [float(edge) for edge in inner]
    quantiles = np.quantile(finite, np.linspace(0.0, 1.0, MAX_BINS + 1))
    return [float(edge) for edge in np.unique(quantiles)]


def _categorical(column: str, values: Tensor, declared: list[str] | None) -> CategoricalAnchors:
    found = Counter(text for text in map(level_text, values.tolist()) if text is not None)
    if declared is None:
        known = [level for level, count in found.most_common() if count >= MIN_LEVEL_ROWS]
    else:
        known = sorted(declared, key=lambda level: -found[level])
    return CategoricalAnchors(column=column, levels=known[:MAX_LEVELS], rest=known[MAX_LEVELS:])
