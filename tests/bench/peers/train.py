"""Trains the anchor model in the peers' environment: ``python train.py OUTPUT.onnx``."""

import sys
from pathlib import Path

import numpy as np
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from sklearn.datasets import make_classification
from xgboost import XGBClassifier

_TRAINED_ROWS = 16_000


def main(path: Path) -> None:
    """Train 100 trees of depth 6 and write them as ONNX opset 15."""
    values, labels = make_classification(20_000, 20, n_informative=12, random_state=7)
    values = values.astype(np.float32)
    model = XGBClassifier(n_estimators=100, max_depth=6, n_jobs=1)
    model.fit(values[:_TRAINED_ROWS], labels[:_TRAINED_ROWS])
    types = [("input", FloatTensorType([None, values.shape[1]]))]
    exported = convert_xgboost(model, initial_types=types, target_opset=15)
    draft = path.with_suffix(".draft")
    draft.write_bytes(exported.SerializeToString())
    draft.rename(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
