"""Predictions of two versions over the same cells, though each package has cells of its own."""

from typing import Any

import numpy as np
import pytest

from capability_sdk.contracts.profiles import ReferenceProfile
from capability_sdk.profiling.anchors import build_reference
from center.capability.difference.distribution import compare_outputs
from tests.center_store_world import manifest

KIND = {"name": "kind", "datatype": "BYTES", "shape": [], "levels": ["a", "b", "c"]}
SCORE = {"name": "score", "datatype": "FP64", "shape": []}
ITEM = manifest(outputs=[KIND, SCORE])


def _profile(**tensors: Any) -> ReferenceProfile:  # noqa: ANN401 - arrays
    return build_reference(tensors, ITEM)


def test_numbers_are_counted_again_in_the_cells_of_the_version_before() -> None:
    rng = np.random.default_rng(7)
    old, new = rng.normal(size=20_000), rng.normal(loc=0.5, size=20_000)

    (spread,) = compare_outputs(_profile(score=old), _profile(score=new), ITEM)

    # Total variation of two normals half a standard deviation apart: 2 Phi(1/4) - 1.
    assert spread.distance == pytest.approx(0.1974, abs=0.02)
    assert sum(spread.before) == pytest.approx(1.0, abs=1e-4)
    assert sum(spread.after) == pytest.approx(1.0, abs=1e-4)
    assert spread.column == "score"


def test_equal_predictions_are_no_distance_apart_whatever_the_cells() -> None:
    rng = np.random.default_rng(8)
    one, other = rng.normal(size=20_000), rng.normal(size=30_000)

    (spread,) = compare_outputs(_profile(score=one), _profile(score=other), ITEM)

    assert spread.distance < 0.02


def test_categories_meet_by_name() -> None:
    old = np.array(["a"] * 60 + ["b"] * 40, dtype=object)
    new = np.array(["b"] * 40 + ["a"] * 30 + ["c"] * 30, dtype=object)

    (spread,) = compare_outputs(_profile(kind=old), _profile(kind=new), ITEM)

    assert spread.distance == pytest.approx(0.3)
    assert dict(zip(spread.cells, spread.after, strict=True))["c"] == pytest.approx(0.3)
