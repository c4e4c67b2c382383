"""XGBoost and LightGBM models: to ONNX, or in the library's own data-only format."""

import importlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import AlgorithmFamily, Engine, TensorSpec
from capability_sdk.conversion import onnx_models
from capability_sdk.conversion.converted import Answers, Converted
from capability_sdk.conversion.errors import ConversionFailed
from capability_sdk.conversion.from_sklearn import (
    MODEL_FILE,
    answers_of,
    export_sklearn,
    labels_of,
)
from capability_sdk.conversion.inputs import lay_out
from capability_sdk.conversion.output_names import LABEL, PROBABILITIES, VALUE
from capability_sdk.conversion.training import TrainingData
from capability_sdk.conversion.words import Hints
from capability_sdk.profiling.columns import Tensor

_TRIAL_ROWS = 2
_XGBOOST_CLASSIFIERS = ("binary:logistic", "multi:softprob")


def tree_onnx(
    model: Any,  # noqa: ANN401 - estimator or booster
    data: TrainingData,
    hints: Hints,
    *,
    need_exact: bool,
) -> Converted:
    """Convert a model of trees to ONNX.

    Args:
        model: The estimator or booster.
        data: What it was fitted with.
        hints: The author's words.
        need_exact: Whether the model may rather stay in its own format.

    Raises:
        ConversionFailed: It uses what ONNX trees cannot express, such as categories.
    """
    if is_booster(model, "lightgbm"):
        converted = _lightgbm_booster_onnx(model, data, hints)
    else:
        converted = export_sklearn(as_estimator(model), data, hints)
    return replace(converted, need_exact=need_exact)


def tree_native(model: Any, data: TrainingData, hints: Hints) -> Converted:  # noqa: ANN401 - estimator or booster
    """Keep a model of trees as its library writes it: exact, and slower than ONNX."""
    is_xgboost = type(model).__module__.startswith("xgboost.")
    estimator = as_estimator(model) if is_xgboost else model
    labels, original = _labels_and_answers(estimator)
    # XGBoost computes in 32 bits whatever it is given, LightGBM in 64.
    floats = Datatype.FP32 if is_xgboost else Datatype.FP64
    if is_xgboost:
        booster = _best_trees(estimator)
        engine, name, content = Engine.XGBOOST, "model.ubj", bytes(booster.save_raw("ubj"))
    else:
        booster = getattr(model, "booster_", model)
        engine, name, content = Engine.LIGHTGBM, "model.txt", booster.model_to_string().encode()
    answers = original(data.take(np.zeros(_TRIAL_ROWS, np.int64)))
    return Converted(
        engine=engine,
        files={f"model/{name}": content},
        inputs=lay_out(data, hints, floats=floats),
        outputs=_native_outputs(answers, labels),
        family=AlgorithmFamily.GRADIENT_BOOSTING,
        labels=labels,
        original=original,
    )


def read_booster(path: Path) -> Any:  # noqa: ANN401 - a booster of either library
    """Read a model that XGBoost (``.json``, ``.ubj``) or LightGBM (``.txt``) wrote.

    Raises:
        ConversionFailed: The library cannot read it.
    """
    try:
        if path.suffix == ".txt":
            return importlib.import_module("lightgbm").Booster(model_file=path)
        booster = importlib.import_module("xgboost").Booster()
        booster.load_model(path)
    except Exception as error:
        reason = (str(error).strip().splitlines() or [""])[0][:300]
        raise ConversionFailed(
            f"{path.name} is no model that its library reads: {reason}",
            cure="Save it by the library's own save_model.",
        ) from error
    return booster


def is_booster(model: Any, library: str) -> bool:  # noqa: ANN401 - any model
    """Tell whether a model is a library's plain booster."""
    kind = type(model)
    return kind.__module__.startswith(f"{library}.") and kind.__name__ == "Booster"


def as_estimator(model: Any) -> Any:  # noqa: ANN401 - estimator or booster
    """Return a booster of XGBoost as the estimator that its objective makes it; others as is."""
    if not is_booster(model, "xgboost"):
        return model
    xgboost: Any = importlib.import_module("xgboost")
    objective = json.loads(model.save_config())["learner"]["objective"]["name"]
    is_classifying = objective in _XGBOOST_CLASSIFIERS
    estimator = xgboost.XGBClassifier() if is_classifying else xgboost.XGBRegressor()
    estimator.load_model(model.save_raw("ubj"))
    return estimator


def _best_trees(estimator: Any) -> Any:  # noqa: ANN401 - an XGBoost estimator, and its booster
    """Leave out the trees after early stopping: the estimator does not ask them either."""
    booster = estimator.get_booster()
    best = getattr(estimator, "best_iteration", None)
    return booster if best is None else booster[: best + 1]


def _labels_and_answers(model: Any) -> tuple[tuple[str, ...] | None, Answers]:  # noqa: ANN401 - estimator or booster
    if not is_booster(model, "lightgbm"):
        return labels_of(model), answers_of(model)
    objective = str(model.params.get("objective") or _objective(model.model_to_string()))
    if objective.startswith(("binary", "cross_entropy")):
        return ("0", "1"), lambda data: _scored(model.predict(data.rows))
    if objective.startswith("multiclass"):
        classes = tuple(map(str, range(model.num_model_per_iteration())))
        return classes, lambda data: _scored(model.predict(data.rows))
    return None, lambda data: {VALUE: model.predict(data.rows).reshape(-1, 1)}


def _objective(text: str) -> str:
    line = next((x for x in text.splitlines() if x.startswith("objective=")), "objective=")
    return line.partition("=")[2]


def _scored(scores: Tensor) -> dict[str, Tensor]:
    both = np.stack([1 - scores, scores], axis=1) if scores.ndim == 1 else scores
    return {LABEL: both.argmax(axis=1), PROBABILITIES: both}


def _native_outputs(
    answers: Mapping[str, Tensor], labels: tuple[str, ...] | None
) -> tuple[TensorSpec, ...]:
    if labels is None:
        width = answers[VALUE].shape[1]
        return (TensorSpec(name=VALUE, datatype=Datatype.FP32, shape=[width]),)
    are_numbers = list(labels) == [str(number) for number in range(len(labels))]
    kind = Datatype.INT64 if are_numbers else Datatype.BYTES
    return (
        TensorSpec(name=LABEL, datatype=kind, shape=[]),
        TensorSpec(name=PROBABILITIES, datatype=Datatype.FP32, shape=[len(labels)]),
    )


def _lightgbm_booster_onnx(model: Any, data: TrainingData, hints: Hints) -> Converted:  # noqa: ANN401 - a booster
    converter: Any = importlib.import_module("onnxmltools")
    types: Any = importlib.import_module("onnxmltools.convert.common.data_types")
    inputs = lay_out(data, hints)
    if len(inputs.specs) > 1:
        raise ConversionFailed(
            "A plain LightGBM booster becomes ONNX with one packed input only.",
            cure="Use Hints(layout='packed'), or Hints(execution='native').",
        )
    spec = inputs.specs[0]
    labels, original = _labels_and_answers(model)
    try:
        exported: onnx.ModelProto = converter.convert_lightgbm(
            model,
            name="capability",
            initial_types=[(spec.name, types.FloatTensorType([None, *spec.shape]))],
            zipmap=False,
            target_opset=15,
        )
    except Exception as error:
        raise ConversionFailed(
            f"The booster does not convert to ONNX: {str(error)[:300]}",
            cure="Use Hints(execution='native').",
        ) from error
    onnx_models.name_value(exported, VALUE)
    trial = inputs.feed(data.take(np.zeros(_TRIAL_ROWS, np.int64)))
    answers = onnx_models.run(exported, trial)
    notes = onnx_models.mend(exported, answers)
    return Converted(
        engine=Engine.ONNX,
        files={MODEL_FILE: exported.SerializeToString()},
        inputs=inputs,
        outputs=onnx_models.outputs_of(answers, _TRIAL_ROWS),
        family=AlgorithmFamily.GRADIENT_BOOSTING,
        labels=labels,
        original=original,
        notes=tuple(notes),
    )
