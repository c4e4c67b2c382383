"""Anchors of the training data, and counting in their cells."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.profiles import (
    CategoricalAnchors,
    NumericAnchors,
    ReferenceProfile,
)
from capability_sdk.profiling.anchors import build_reference
from capability_sdk.profiling.columns import Tensor
from capability_sdk.profiling.counters import AnchoredCounters
from capability_sdk.profiling.digest import anchors_digest
from capability_sdk.profiling.errors import AnchorMismatch, UnusableData
from tests.unit.capability_sdk.serving.packages import manifest


def numbers(*shape: int) -> Manifest:
    return manifest(inputs=[{"name": "x", "datatype": "FP32", "shape": list(shape)}])


def texts(levels: list[str] | None = None) -> Manifest:
    return manifest(inputs=[{"name": "x", "datatype": "BYTES", "levels": levels}])


def objects(values: list[str]) -> Tensor:
    return np.array(values, dtype=np.object_)


def test_bins_of_continuous_data_hold_equal_masses() -> None:
    values = np.random.default_rng(3).normal(size=(6400, 1)).astype(np.float32)

    reference = build_reference({"x": values}, numbers(1))

    counts = reference.counts["x"]
    assert counts[:4] == [0, 0, 0, 0]
    assert len(counts) == 4 + 64
    assert all(abs(count - 100) <= 1 for count in counts[4:])
    assert sum(counts) == reference.rows == 6400


def test_a_tensor_of_several_elements_has_a_column_for_each() -> None:
    reference = build_reference({"x": np.arange(12.0).reshape(2, 2, 3)}, numbers(2, 3))

    assert [column.column for column in reference.columns] == [f"x[{k}]" for k in range(6)]


@pytest.mark.parametrize("distinct", [1, 2, 10, 64])
def test_few_distinct_values_have_a_bin_each(distinct: int) -> None:
    values = np.repeat(np.arange(distinct, dtype=np.float32) * 3, 5).reshape(-1, 1)

    counts = build_reference({"x": values}, numbers(1)).counts["x"]

    assert counts == [0, 0, 0, 0] + [5] * distinct


def test_heavy_ties_collapse_into_fewer_bins() -> None:
    values = np.concatenate([np.zeros(900), np.linspace(1, 2, 100)]).reshape(-1, 1)

    reference = build_reference({"x": values}, numbers(1))

    (anchors,) = reference.columns
    assert isinstance(anchors, NumericAnchors)
    assert len(set(anchors.edges)) == len(anchors.edges) < 20
    assert sum(reference.counts["x"]) == 1000


def test_null_infinite_below_and_above_have_cells_of_their_own() -> None:
    reference = build_reference({"x": np.linspace(0, 1, 100).reshape(-1, 1)}, numbers(1))
    counters = AnchoredCounters(reference)

    strange = [math.nan, math.inf, -math.inf, -0.001, 1.001, 1.001, 0.0, 1.0]
    counters.add({"x": np.array(strange).reshape(-1, 1)})

    counts = counters.drain()["x"]
    assert counts[:4] == [1, 2, 1, 2]
    assert (counts[4], counts[-1]) == (1, 1)
    assert sum(counts) == 8


def test_declared_levels_are_counted_with_rest_and_unseen() -> None:
    levels = [f"level-{number}" for number in range(80)]
    values = objects([level for n, level in enumerate(levels) for _ in range(100 - n)])

    reference = build_reference({"x": values}, texts(levels))

    (anchors,) = reference.columns
    assert isinstance(anchors, CategoricalAnchors)
    assert anchors.levels == levels[:60]
    assert anchors.rest == levels[60:]
    counters = AnchoredCounters(reference)
    counters.add({"x": objects(["level-0", "level-79", "13912345678", "level-0"])})
    assert counters.drain()["x"][:4] == [0, 1, 1, 2]


def test_numbers_with_declared_levels_are_categories() -> None:
    declared = manifest(inputs=[{"name": "x", "datatype": "INT64", "levels": ["1", "2"]}])

    reference = build_reference({"x": np.array([1, 1, 2, 3])}, declared)

    assert reference.counts["x"] == [0, 1, 0, 2, 1]


def test_a_rare_text_that_nobody_declared_is_never_named() -> None:
    values = objects(["common"] * 50 + [f"139{number:08d}" for number in range(50)])

    reference = build_reference({"x": values}, texts())

    assert "139" not in reference.model_dump_json()
    assert reference.counts["x"] == [0, 50, 0, 50]


def test_sensitive_variable_and_huge_tensors_are_left_out() -> None:
    declared = manifest(
        inputs=[
            {"name": "x", "datatype": "FP32"},
            {"name": "phone", "datatype": "INT64", "sensitive": True},
            {"name": "series", "datatype": "FP32", "shape": [-1]},
            {"name": "image", "datatype": "UINT8", "shape": [64, 64]},
        ]
    )
    tensors: dict[str, Tensor] = {
        "x": np.arange(3.0),
        "phone": np.array([13912345678, 13912345679, 13912345680]),
        "series": np.zeros((3, 7)),
        "image": np.zeros((3, 64, 64)),
    }

    reference = build_reference(tensors, declared)

    assert list(reference.counts) == ["x"]
    assert "139123" not in reference.model_dump_json()


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ({"z": np.zeros((3, 1))}, "no tensor 'z'"),
        ({"x": np.zeros((3, 2))}, "x has 2 elements a row, the manifest says 1"),
        ({"x": np.zeros((0, 1))}, "at least one"),
        ({"x": np.zeros((3, 1)), "y": np.zeros((2, 2))}, "found 2, 3"),
        ({}, "found none"),
        ({"x": objects(["a", "b"])}, "values that are no FP32"),
    ],
)
def test_data_that_does_not_fit_the_manifest_is_refused(
    tensors: dict[str, Any], words: str
) -> None:
    with pytest.raises(UnusableData, match=words):
        build_reference(tensors, numbers(1))


def test_the_digest_names_the_anchors_and_not_the_counts() -> None:
    values = np.random.default_rng(1).normal(size=(500, 1))
    reference = build_reference({"x": values}, numbers(1))
    recounted = reference.model_copy(update={"counts": {}})
    moved = build_reference({"x": values + 1}, numbers(1))
    again = ReferenceProfile.model_validate_json(reference.model_dump_json())

    assert anchors_digest(reference) == anchors_digest(recounted) == anchors_digest(again)
    assert anchors_digest(reference) != anchors_digest(moved)


def test_columns_out_of_order_are_refused() -> None:
    reference = build_reference({"x": np.arange(8.0).reshape(4, 2)}, numbers(2))
    swapped = reference.model_copy(update={"columns": reference.columns[::-1]})

    with pytest.raises(AnchorMismatch, match="not in order"):
        AnchoredCounters(swapped)


_edges = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20, unique=True).map(sorted)
_values = st.lists(st.floats(), max_size=60)


@given(edges=_edges, values=_values, picks=st.lists(st.integers(0, 19), max_size=20))
def test_every_value_is_counted_in_the_cell_that_the_contract_names(
    edges: list[float], values: list[float], picks: list[int]
) -> None:
    values = values + [edges[pick % len(edges)] for pick in picks]
    anchors = NumericAnchors(column="x", edges=edges)
    counters = AnchoredCounters(ReferenceProfile(rows=1, columns=[anchors], counts={}))
    expected = [0] * anchors.cells
    for value in values:
        counters.add({"x": np.array([value])})
        expected[_cell(edges, value)] += 1

    assert counters.rows == len(values)
    assert counters.drain()["x"] == expected
    assert counters.drain()["x"] == [0] * len(expected)
    assert counters.rows == 0


def _cell(edges: list[float], value: float) -> int:
    """The contract's words, one value at a time."""
    if not math.isfinite(value):
        return 0 if math.isnan(value) else 1
    if not edges[0] <= value <= edges[-1]:
        return 2 if value < edges[0] else 3
    last = len(edges) - 2
    return 4 + next((i for i in range(last) if edges[i] <= value < edges[i + 1]), last)
