"""Data apart from the digits: simulated columns, and the KPI of real radio cells.

On these the thresholds of the verdict were chosen (ADR 5); the digits only test them.
"""

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from capability_sdk.contracts.manifest import Manifest
from tests.center_stock import MANIFEST

Floats = NDArray[np.float32]
Tensors = dict[str, NDArray[np.generic]]

LEVELS = [f"kind-{number:02}" for number in range(30)]
_KPI = (
    *("PRBUsageUL", "PRBUsageDL", "meanThr_DL", "meanThr_UL"),
    *("maxThr_DL", "maxThr_UL", "meanUE_DL", "meanUE_UL"),
)


def _manifest(*inputs: dict[str, object]) -> Manifest:
    return MANIFEST.model_copy(
        update={
            "inputs": Manifest.model_validate({**MANIFEST.model_dump(), "inputs": inputs}).inputs
        }
    )


SIMULATED = _manifest(
    {"name": "amounts", "datatype": "FP64", "shape": [20]},
    {"name": "kinds", "datatype": "BYTES", "shape": [10], "levels": LEVELS},
)
CELLS = _manifest({"name": "kpi", "datatype": "FP32", "shape": [len(_KPI)]})


def simulated(rows: int, generator: np.random.Generator, shift: float = 0.0) -> Tensors:
    """Draw independent columns: 20 amounts, and 10 categories of 30 uneven levels.

    Args:
        rows: How many.
        generator: Source of chance.
        shift: By how many standard deviations the amounts have moved.
    """
    shares = 1.0 / np.arange(1, len(LEVELS) + 1)
    kinds = generator.choice(LEVELS, (rows, 10), p=shares / shares.sum())
    return {
        "amounts": generator.normal(shift, 1.0, (rows, 20)),
        "kinds": kinds.astype(object),
    }


def cells(data: Path, province: str) -> Floats:
    """Return the KPI of a province's real radio cells, shape (quarter hours, 8)."""
    with gzip.open(data / "ran-cell-kpi" / "train.csv.gz", "rt") as file:
        rows = [row for row in csv.DictReader(file) if row["province"] == province]
    return np.array([[float(row[name]) for name in _KPI] for row in rows], dtype=np.float32)


def windows(values: Floats, size: int, most: int) -> Iterator[Floats]:
    """Cut rows into windows that share none."""
    for start in range(0, min(len(values) // size, most) * size, size):
        yield values[start : start + size]
