"""Teaches the scikit-learn converter the estimators of XGBoost and LightGBM, where installed."""

import copy
import importlib
from functools import cache
from typing import Any

from skl2onnx import update_registered_converter
from skl2onnx.common.shape_calculator import (
    calculate_linear_classifier_output_shapes,
    calculate_linear_regressor_output_shapes,
)

_CLASSIFIER_OPTIONS = {"zipmap": [True, False, "columns"], "nocl": [True, False]}
_CONVERTERS = "onnxmltools.convert"


@cache
def register() -> None:
    """Make them convertible alone and as steps of a pipeline; done once a process."""
    _register("xgboost", "XGB", f"{_CONVERTERS}.xgboost.operator_converters.XGBoost", "XGBoost")
    _register(
        "lightgbm", "LGBM", f"{_CONVERTERS}.lightgbm.operator_converters.LightGbm", "LightGbm"
    )


def nameless(model: Any) -> Any:  # noqa: ANN401 - any estimator
    """Return a model whose XGBoost parts know features by number: the converter takes no names."""
    if not any(_is_named(part) for part in _parts(model)):
        return model
    copied = copy.deepcopy(model)
    for part in filter(_is_named, _parts(copied)):
        part.get_booster().feature_names = None
    return copied


def _parts(model: Any) -> list[Any]:  # noqa: ANN401 - any estimator
    return [model, *model.get_params(deep=True).values()]


def _is_named(part: Any) -> bool:  # noqa: ANN401 - any step or setting of one
    return (
        type(part).__module__.startswith("xgboost.")
        and hasattr(part, "get_booster")
        and part.get_booster().feature_names is not None
    )


def _register(library: str, prefix: str, module: str, alias: str) -> None:
    try:
        found: Any = importlib.import_module(library)
    except ModuleNotFoundError:
        return
    convert = getattr(importlib.import_module(module), f"convert_{library}")
    update_registered_converter(
        getattr(found, f"{prefix}Classifier"),
        f"{alias}{prefix}Classifier",
        calculate_linear_classifier_output_shapes,
        convert,
        options=_CLASSIFIER_OPTIONS,
    )
    update_registered_converter(
        getattr(found, f"{prefix}Regressor"),
        f"{alias}{prefix}Regressor",
        calculate_linear_regressor_output_shapes,
        convert,
        options={"split": None} if library == "lightgbm" else None,
    )
