"""Small real models of trees, trained where a test needs them, and their packages."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from capability_sdk.contracts.manifest import Manifest
from tests.unit.capability_sdk.serving.packages import manifest, write_manifest

FEATURES = 4
ROWS = np.random.default_rng(5).random((400, FEATURES)).astype(np.float32)
CLASSES = (ROWS[:, 0] * 3).astype(np.int64)
LABELS = ["low", "middle", "high"]

FEATURE_INPUT = {"name": "features", "datatype": "FP32", "shape": [FEATURES]}
LABEL = {"name": "label", "datatype": "INT64"}


WHOLE_ROWS = np.concatenate([ROWS[:, :3], (ROWS[:, 3:] * 40).astype(np.int64)], axis=1)
"""The same rows with a last column of forty categories."""


def xgboost_model(objective: str, labels: NDArray[Any], **parameters: Any) -> Any:  # noqa: ANN401 - xgboost ships no types
    """Train an XGBoost booster on `ROWS`."""
    import xgboost  # noqa: PLC0415 - costs seconds where nobody trains

    rows = WHOLE_ROWS if parameters.pop("whole", False) else ROWS
    data = xgboost.DMatrix(rows, label=labels, **parameters.pop("data", {}))
    settings = {"objective": objective, "max_depth": 3, "nthread": 1, **parameters}
    given = {name: value for name, value in settings.items() if value is not None}
    return xgboost.train(given, data, 5)


def lightgbm_model(objective: str, labels: NDArray[Any], **parameters: Any) -> Any:  # noqa: ANN401 - see above
    """Train a LightGBM booster on `ROWS`."""
    import lightgbm  # noqa: PLC0415 - costs seconds where nobody trains

    rows = WHOLE_ROWS if parameters.pop("whole", False) else ROWS
    data = lightgbm.Dataset(rows, label=labels, **parameters.pop("data", {}))
    settings = {"objective": objective, "num_leaves": 6, "verbose": -1, "num_threads": 1}
    return lightgbm.train({**settings, **parameters}, data, 5)


def declare(engine: str, outputs: list[dict[str, Any]], **changes: Any) -> Manifest:  # noqa: ANN401 - members of a manifest
    """A manifest of one input of four features."""
    return manifest(engine=engine, **{"inputs": [FEATURE_INPUT], "outputs": outputs, **changes})


def write(folder: Path, declared: Manifest, name: str, content: bytes) -> Path:
    """Write a package with a model file of these bytes."""
    write_manifest(folder, declared)
    (folder / "model").mkdir()
    (folder / "model" / name).write_bytes(content)
    return folder
