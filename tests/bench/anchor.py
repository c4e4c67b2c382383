"""The anchor model: XGBoost, 100 trees of depth 6 over 20 FP32 inputs, as ONNX opset 15.

It is trained once and kept in a cache folder, with the package that our runtime serves.
"""

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import load
from sklearn.datasets import make_classification

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.profiling.columns import Tensor
from tests.bench.peers import environment
from tests.unit.capability_sdk.serving.packages import manifest, write_package

_CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "jiuzhou-bench"
_TRAINING = Path(environment.__file__).with_name("train.py")
_TRAINED_ROWS = 16_000
_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Anchor:
    """The model's file, one request for it, and what it must answer."""

    onnx: Path
    request: str
    label: int
    score: float


def anchor() -> Anchor:
    """Give the anchor model; train it the first time."""
    values, _ = _rows()
    path = _CACHE / f"anchor-{hashlib.sha256(_TRAINING.read_bytes()).hexdigest()[:16]}.onnx"
    if not path.exists():
        _CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run([environment.PYTHON, _TRAINING, path], check=True)
    row = values[_TRAINED_ROWS].round(_DECIMALS)
    data = [round(float(value), _DECIMALS) for value in row]
    tensor = {"name": "input", "datatype": "FP32", "shape": [1, 20], "data": data}
    label, scores = _compute(path, row.reshape(1, -1))
    return Anchor(path, json.dumps({"inputs": [tensor]}), int(label[0]), float(scores[0, 1]))


def write_anchor_package(folder: Path, *, number: str = "1.0.0", is_profiled: bool = True) -> Path:
    """Write the package of the anchor model, with or without a reference to profile against."""
    values, labels = _rows()
    values, labels = values[:_TRAINED_ROWS], labels[:_TRAINED_ROWS]
    onnx = anchor().onnx
    _, scores = _compute(onnx, values)
    tensors = {"input": values, "label": labels, "probabilities": scores}
    shutil.rmtree(folder, ignore_errors=True)
    return write_package(folder, _declare(number), load(onnx), tensors if is_profiled else None)


def _declare(number: str) -> Manifest:
    return manifest(
        name="anchor",
        version=number,
        algorithm_family="gradient-boosting",
        inputs=[{"name": "input", "datatype": "FP32", "shape": [20]}],
        outputs=[
            {"name": "label", "datatype": "INT64"},
            {"name": "probabilities", "datatype": "FP32", "shape": [2]},
        ],
        quality={"task": "classification", "output": "label", "labels": ["no", "yes"]},
    )


def _rows() -> tuple[Tensor, Tensor]:
    values, labels = make_classification(20_000, 20, n_informative=12, random_state=7)
    return values.astype(np.float32), labels.astype(np.int64)


def _compute(path: Path, rows: Tensor) -> tuple[Tensor, Tensor]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    label, scores = session.run(None, {"input": rows})
    return label, scores
