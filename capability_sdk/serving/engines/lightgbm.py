"""LightGBM's own models (``.txt``)."""

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import lightgbm
import numpy as np

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.profiling.columns import Tensor
from capability_sdk.serving.engines.features import FeatureMatrix
from capability_sdk.serving.engines.lightgbm_trees import bare_model, check_trees
from capability_sdk.serving.engines.model_file import one_model_file
from capability_sdk.serving.engines.scores import Kind, ScoreOutputs
from capability_sdk.serving.engines.speed import is_fixed, measure
from capability_sdk.serving.errors import ModelFailed, UnusablePackage

_log = logging.getLogger(__name__)
_OBJECTIVE = re.compile(r"^objective=(\S+)", re.MULTILINE)
_PROBABILITY = frozenset({"binary", "cross_entropy", "cross_entropy_lambda"})
_PROBABILITIES = frozenset({"multiclass", "multiclassova"})


class LightgbmEngine:
    """A booster; its objective decides the outputs."""

    logged: Mapping[str, Any] = MappingProxyType({})

    def __init__(
        self, booster: lightgbm.Booster, objective: str, manifest: Manifest, threads: int
    ) -> None:
        self._booster = booster
        self._threads = threads
        names = booster.feature_name()
        self._features = FeatureMatrix(manifest, names, np.float64, "The LightGBM model")
        self._outputs = _outputs_of(booster, objective, manifest)
        self.is_fixed = is_fixed(manifest)
        self.row_seconds = measure(self.run, manifest, 1)
        self.batch_seconds = measure(self.run, manifest, manifest.max_batch_size)

    def run(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Compute a batch; see `Engine`."""
        matrix = self._features.pack(tensors)
        try:
            scores = np.asarray(self._booster.predict(matrix, num_threads=self._threads))
        except (lightgbm.basic.LightGBMError, ValueError) as error:
            _log.warning("the model failed: %s", type(error).__name__)
            raise ModelFailed("The model failed on this input.") from error
        return self._outputs.of(scores)

    def close(self) -> None:
        """Let go of the model."""
        del self._booster


def load(package_dir: Path, manifest: Manifest, threads: int) -> LightgbmEngine:
    """Load ``model/*.txt``; arguments and errors as `load_engine`."""
    path = one_model_file(package_dir, (".txt",))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnusablePackage(f"{path.name} cannot be read: {error}") from error
    # The library follows a tree's numbers without looking where they lead.
    check_trees(text, path.name)
    try:
        booster = lightgbm.Booster(model_str=bare_model(text))
    except (lightgbm.basic.LightGBMError, ValueError, RecursionError) as error:
        raise UnusablePackage(f"{path.name} cannot be loaded: {error}") from error
    objective = _OBJECTIVE.search(text)
    return LightgbmEngine(booster, objective[1] if objective else "regression", manifest, threads)


def _outputs_of(booster: lightgbm.Booster, objective: str, manifest: Manifest) -> ScoreOutputs:
    width = booster.num_model_per_iteration()
    if objective in _PROBABILITY:
        kind, width = Kind.PROBABILITY, 2
    elif objective in _PROBABILITIES:
        kind = Kind.PROBABILITIES
    else:
        kind = Kind.VALUE
    return ScoreOutputs(manifest, objective, kind, width)
