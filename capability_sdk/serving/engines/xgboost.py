"""XGBoost's own models (``.json``, ``.ubj``), predicted in place."""

import json
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
from capability_sdk.serving.engines.xgboost_trees import check_trees
from capability_sdk.serving.errors import ModelFailed, UnusablePackage

_log = logging.getLogger(__name__)
_CLASS_NUMBERS = frozenset({"binary:hinge", "multi:softmax"})


class XgboostEngine:
    """A booster; its objective decides the outputs."""

    logged: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, booster: xgboost.Booster, manifest: Manifest) -> None:
        self._booster = booster
        count = booster.num_features()
        names = booster.feature_names or [f"f{index}" for index in range(count)]
        self._features = FeatureMatrix(manifest, names, np.float32, "The XGBoost model")
        self._outputs = _outputs_of(booster, manifest)
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
    booster = xgboost.Booster({"nthread": threads})
    try:
        booster.load_model(path)
        model = json.loads(booster.save_raw("json"))
    except (xgboost.core.XGBoostError, ValueError, RecursionError) as error:
        raise UnusablePackage(f"{path.name} cannot be loaded: {_reason(error)}") from error
    # The library follows a tree's numbers without looking where they lead.
    check_trees(model, path.name)
    return XgboostEngine(booster, manifest)


def _outputs_of(booster: xgboost.Booster, manifest: Manifest) -> ScoreOutputs:
    learner = json.loads(booster.save_config())["learner"]
    objective = learner["objective"]["name"]
    declared = learner["learner_model_param"]
    classes, targets = int(declared["num_class"]), int(declared["num_target"])
    if objective in _CLASS_NUMBERS:
        kind, width = Kind.LABEL, max(classes, 2)
    elif objective == "binary:logistic" and targets == 1:
        kind, width = Kind.PROBABILITY, 2
    elif objective == "multi:softprob":
        kind, width = Kind.PROBABILITIES, classes
    else:
        kind, width = Kind.VALUE, max(targets, classes, 1)
    return ScoreOutputs(manifest, objective, kind, width)


def _reason(error: Exception) -> str:
    """Return the first line of the library's words: the rest is where it stood in memory."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
