"""XGBoost's own models (``.json``, ``.ubj``), predicted in place."""

import logging
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import xgboost

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.profiling.columns import Tensor
from capability_sdk.serving.engines.features import FeatureMatrix
from capability_sdk.serving.engines.model_file import one_model_file
from capability_sdk.serving.engines.scores import Kind, ScoreOutputs
from capability_sdk.serving.engines.speed import is_fixed, measure
from capability_sdk.serving.engines.xgboost_model import CleanModel, read_model
from capability_sdk.serving.errors import ModelFailed, UnusablePackage

_log = logging.getLogger(__name__)
_CLASS_NUMBERS = frozenset({"binary:hinge", "multi:softmax"})


class XgboostEngine:
    """A booster; its objective decides the outputs."""

    logged: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, booster: xgboost.Booster, model: CleanModel, manifest: Manifest) -> None:
        self._booster = booster
        self._features = FeatureMatrix(manifest, model.features, np.float32, "The XGBoost model")
        self._outputs = _outputs_of(model, manifest)
        self.is_fixed = is_fixed(manifest)
        self.row_seconds = measure(self.run, manifest, 1)
        self.batch_seconds = measure(self.run, manifest, manifest.max_batch_size)

    def run(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Compute a batch; see `Engine`."""
        matrix = self._features.pack(tensors)
        try:
            scores = self._booster.inplace_predict(matrix, validate_features=False)
        except (xgboost.core.XGBoostError, ValueError) as error:
            _log.warning("the model failed: %s", type(error).__name__)
            raise ModelFailed("The model failed on this input.") from error
        return self._outputs.of(scores)

    def close(self) -> None:
        """Let go of the model."""
        del self._booster


def load(package_dir: Path, manifest: Manifest, threads: int) -> XgboostEngine:
    """Load ``model/*.json`` or ``model/*.ubj``; arguments and errors as `load_engine`."""
    path = one_model_file(package_dir, (".json", ".ubj"))
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnusablePackage(f"{path.name} cannot be read: {error.strerror}.") from error
    model = read_model(content, path.name)
    booster = xgboost.Booster({"nthread": threads})
    try:
        booster.load_model(bytearray(model.content))
    except (xgboost.core.XGBoostError, ValueError) as error:
        raise UnusablePackage(f"{path.name} cannot be loaded: {_reason(error)}") from error
    return XgboostEngine(booster, model, manifest)


def _outputs_of(model: CleanModel, manifest: Manifest) -> ScoreOutputs:
    if model.objective in _CLASS_NUMBERS:
        kind, width = Kind.LABEL, max(model.classes, 2)
    elif model.objective == "binary:logistic" and model.targets == 1:
        kind, width = Kind.PROBABILITY, 2
    elif model.objective == "multi:softprob":
        kind, width = Kind.PROBABILITIES, model.classes
    else:
        kind, width = Kind.VALUE, max(model.targets, model.classes, 1)
    return ScoreOutputs(manifest, model.objective, kind, width)


def _reason(error: Exception) -> str:
    """Return the first line of the library's words: the rest is where it stood in memory."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
