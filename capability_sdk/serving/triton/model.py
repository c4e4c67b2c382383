"""Serves a Jiuzhou package in Triton's Python backend; ``jiuzhou export triton`` put it here.

The package lies beside this file. What executes the model (ONNX Runtime, XGBoost, LightGBM, or the
package's own class) comes from the server's Python environment; nothing of Jiuzhou has to be in it.
"""

import importlib.util
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import triton_python_backend_utils as backend

Array = npt.NDArray[Any]
Tensors = dict[str, Array]
Run = Callable[[Tensors], Mapping[str, Any]]

_LIGHTGBM_PROBABILITY = frozenset({"binary", "cross_entropy", "cross_entropy_lambda"})


class TritonPythonModel:
    """What the backend loads and calls; the requests of one call are computed as one batch."""

    def initialize(self, args: Mapping[str, str]) -> None:
        """Load the package's model.

        Args:
            args: Of the backend; ``model_repository`` is the folder of this model.
        """
        folder = Path(args["model_repository"], args["model_version"])
        about = json.loads((folder / "capability.json").read_text(encoding="utf-8"))
        self._inputs = about["inputs"]
        self._outputs = {spec["name"]: spec["shape"] for spec in about["outputs"]}
        self._run = _LOADERS[about["engine"]](folder / "package", about)

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Compute a batch and hand out its parts; where it fails, each request again, alone."""
        try:
            return self._answer(requests)
        except Exception as error:  # noqa: BLE001 - engines and foreign code raise what they like
            if len(requests) == 1:
                failure = backend.TritonError(f"The model failed: {type(error).__name__}")
                return [backend.InferenceResponse(error=failure)]
            return [answer for request in requests for answer in self.execute([request])]

    def _answer(self, requests: Sequence[Any]) -> list[Any]:
        parts = [self._read(request) for request in requests]
        rows = [len(next(iter(part.values()))) for part in parts]
        inputs = parts[0]
        if len(parts) > 1:
            inputs = {name: np.concatenate([part[name] for part in parts]) for name in inputs}
        outputs = self._compute(inputs, sum(rows))
        answers, start = [], 0
        for request, count in zip(requests, rows, strict=True):
            wanted = request.requested_output_names()
            tensors = [
                backend.Tensor(name, outputs[name][start : start + count]) for name in wanted
            ]
            answers.append(backend.InferenceResponse(tensors))
            start += count
        return answers

    def _read(self, request: Any) -> Tensors:  # noqa: ANN401 - the backend's own class
        tensors: Tensors = {}
        for spec in self._inputs:
            values = backend.get_input_tensor_by_name(request, spec["name"]).as_numpy()
            if spec["datatype"] == "BYTES":
                texts = [value.decode() for value in values.reshape(-1).tolist()]
                values = np.array(texts, dtype=np.object_).reshape(values.shape)
            tensors[spec["name"]] = values
        return tensors

    def _compute(self, inputs: Tensors, rows: int) -> Tensors:
        found = self._run(inputs)
        outputs: Tensors = {}
        for name, shape in self._outputs.items():
            array = np.asarray(found[name])
            is_declared = len(array) == rows and array.ndim == len(shape) + 1
            outputs[name] = array if is_declared else array.reshape((rows, *shape))
        return outputs


def _load_onnx(package: Path, about: Mapping[str, Any]) -> Run:
    import onnxruntime  # noqa: PLC0415 - only this engine needs it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = about["threads"]
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # its errors may quote inputs
    session = onnxruntime.InferenceSession(
        str(package / about["model"]), options, providers=["CPUExecutionProvider"]
    )
    names = [spec["name"] for spec in about["outputs"]]
    return lambda inputs: dict(zip(names, session.run(names, inputs), strict=True))


# --- models of trees: the objective decides what the scores are --------------------------------


def _load_xgboost(package: Path, about: Mapping[str, Any]) -> Run:
    import xgboost  # noqa: PLC0415 - only this engine needs it

    booster = xgboost.Booster({"nthread": about["threads"]})
    booster.load_model(str(package / about["model"]))
    learner = json.loads(booster.save_config())["learner"]
    objective = learner["objective"]["name"]
    is_single = int(learner["learner_model_param"]["num_target"]) == 1
    pack = _packer(about, booster.feature_names or [], np.float32)
    is_binary = objective == "binary:logistic" and is_single
    is_label = objective in {"binary:hinge", "multi:softmax"}

    def run(inputs: Tensors) -> Tensors:
        scores = booster.inplace_predict(pack(inputs), validate_features=False)
        return _outputs(about, scores, is_binary=is_binary, is_label=is_label)

    return run


def _load_lightgbm(package: Path, about: Mapping[str, Any]) -> Run:
    import lightgbm  # noqa: PLC0415 - only this engine needs it

    text = (package / about["model"]).read_text(encoding="utf-8")
    booster = lightgbm.Booster(model_str=text)
    objective = re.search(r"^objective=(\S+)", text, re.MULTILINE)
    pack = _packer(about, booster.feature_name(), np.float64)
    is_binary = objective is not None and objective[1] in _LIGHTGBM_PROBABILITY

    def run(inputs: Tensors) -> Tensors:
        scores = np.asarray(booster.predict(pack(inputs), num_threads=about["threads"]))
        return _outputs(about, scores, is_binary=is_binary, is_label=False)

    return run


def _packer(
    about: Mapping[str, Any], features: Sequence[str], dtype: type[np.floating[Any]]
) -> Callable[[Tensors], Array]:
    """Make what turns inputs into a matrix: by the features' names, or in the manifest's order."""
    specs = {spec["name"]: spec for spec in about["inputs"]}
    is_named = len(specs) > 1 and not specs.keys().isdisjoint(features)
    ordered = [specs[name] for name in features] if is_named else list(specs.values())
    codes = {
        spec["name"]: {level: float(code) for code, level in enumerate(spec["levels"])}
        for spec in ordered
        if spec["datatype"] == "BYTES"
    }

    def column(name: str, values: Array) -> Array:
        if name not in codes:
            return values.astype(dtype, copy=False)
        found = [codes[name].get(text, np.nan) for text in values.reshape(-1).tolist()]
        return np.array(found, dtype)

    def pack(inputs: Tensors) -> Array:
        rows = len(next(iter(inputs.values())))
        columns = [column(s["name"], inputs[s["name"]]).reshape(rows, -1) for s in ordered]
        return np.ascontiguousarray(np.concatenate(columns, axis=1))

    return pack


def _outputs(
    about: Mapping[str, Any], scores: Array, *, is_binary: bool, is_label: bool
) -> Tensors:
    found: Tensors = {}
    for spec in about["outputs"]:
        if spec["name"] == "label":
            found["label"] = _labels(spec, scores, is_binary=is_binary, is_label=is_label)
        else:
            values = np.stack([1 - scores, scores], axis=1) if is_binary else scores
            found[spec["name"]] = values.astype(np.dtype(spec["numpy"]), copy=False)
    return found


def _labels(spec: Mapping[str, Any], scores: Array, *, is_binary: bool, is_label: bool) -> Array:
    if is_binary:
        numbers = (scores > 0.5).astype(np.int64)  # noqa: PLR2004 - the likelier of two classes
    else:
        numbers = scores.astype(np.int64) if is_label else scores.argmax(axis=1)
    if spec["datatype"] == "BYTES":
        return np.array(spec["levels"], dtype=np.object_)[numbers]
    return numbers.astype(np.dtype(spec["numpy"]))


# --- code of a package -------------------------------------------------------------------------


@dataclass(frozen=True)
class Context:
    """What a package's class is given; what it logs is kept by Jiuzhou's own runtime only."""

    model: Path

    def log(self, stage: str, value: object) -> None:
        """Drop a named process value: Triton has no place for it."""


def _load_python(package: Path, _: Mapping[str, Any]) -> Run:
    code = package / "code"
    sys.path.insert(0, str(code))
    spec = importlib.util.spec_from_file_location("capability", code / "capability.py")
    assert spec is not None  # noqa: S101 - the path ends with .py
    assert spec.loader is not None  # noqa: S101 - as above
    module = importlib.util.module_from_spec(spec)
    sys.modules["capability"] = module
    spec.loader.exec_module(module)
    context = Context(package / "model")
    capability = module.Capability()
    if hasattr(capability, "load"):
        capability.load(context)
    return lambda inputs: capability.infer(inputs, context)


_LOADERS: Mapping[str, Callable[[Path, Mapping[str, Any]], Run]] = {
    "onnx": _load_onnx,
    "xgboost": _load_xgboost,
    "lightgbm": _load_lightgbm,
    "python": _load_python,
}
