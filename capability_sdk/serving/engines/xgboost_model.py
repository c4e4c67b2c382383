"""An XGBoost model, read by us and written anew with what was checked: all that the library sees.

Its own reader takes a file's word for everything: a list that is too short is the end of the process.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from capability_sdk.serving.engines.tree_links import Broken, check_range, floats
from capability_sdk.serving.engines.ubjson import NotUbjson, read_ubjson
from capability_sdk.serving.engines.xgboost_trees import clean_forest

_OBJECTIVE = re.compile(r"[a-z]+:[a-z0-9_]+")
_SCORES = re.compile(r"\[?[-+0-9.eE]+(,[-+0-9.eE]+)*\]?")
_VERSION = [3, 0, 0]
_MAX_FEATURES = 1_000_000
_MAX_CLASSES = 10_000
_MAX_TEXT = 1000


@dataclass(frozen=True, slots=True)
class CleanModel:
    """What was checked.

    Attributes:
        content: The model as JSON, for the library.
        objective: Such as ``binary:logistic``.
        features: Names of the features, in order; ``f0`` and so on where it has none.
        classes: Declared classes; 0 for none.
        targets: Values that it gives for a row where it has no classes.
    """

    content: bytes
    objective: str
    features: list[str]
    classes: int
    targets: int


def read_model(content: bytes, name: str) -> CleanModel:
    """Read a model, UBJSON or JSON by its file's name.

    Raises:
        UnusablePackage: It is no such model, or its numbers do not fit together.
    """
    with Broken.naming(name, "XGBoost"):
        try:
            model = read_ubjson(content) if name.endswith(".ubj") else json.loads(content)
        except (NotUbjson, ValueError, RecursionError) as error:
            raise Broken(f"it cannot be read: {error}") from error
        return _clean(model["learner"])


def _clean(learner: Mapping[str, Any]) -> CleanModel:
    declared = learner["learner_model_param"]
    features, classes = int(declared["num_feature"]), int(declared["num_class"])
    targets = int(declared.get("num_target", "1"))
    check_range("num_feature", [features], 1, _MAX_FEATURES)
    check_range("num_class and num_target", [classes, targets], 0, _MAX_CLASSES)
    if not _SCORES.fullmatch(declared["base_score"]):
        raise Broken("base_score is no number")
    names = _texts(learner.get("feature_names", []), features)
    groups = max(classes, targets, 1)
    objective = _objective(learner["objective"], classes)
    clean = {
        "attributes": {},
        "feature_names": names,
        "feature_types": _texts(learner.get("feature_types", []), features),
        "gradient_booster": _booster(learner["gradient_booster"], features, groups),
        "learner_model_param": {
            "base_score": declared["base_score"],
            "boost_from_average": str(int(declared.get("boost_from_average", "1"))),
            "num_class": str(classes),
            "num_feature": str(features),
            "num_target": str(targets),
        },
        "objective": objective,
    }
    written = json.dumps({"learner": clean, "version": _VERSION}).encode()
    made_up = [f"f{index}" for index in range(features)]
    return CleanModel(written, objective["name"], names or made_up, classes, targets)


def _booster(booster: Mapping[str, Any], features: int, groups: int) -> dict[str, Any]:
    name = booster["name"]
    if name == "dart":
        forest = clean_forest(booster["gbtree"]["model"], features, groups)
        weights = floats(booster, "weight_drop", len(forest["trees"]))
        trees = {"name": "gbtree", "model": forest}
        return {"name": name, "gbtree": trees, "weight_drop": weights}
    if name != "gbtree":
        raise Broken("its booster is none of gbtree and dart, which alone are served natively")
    return {"name": name, "model": clean_forest(booster["model"], features, groups)}


def _objective(objective: Mapping[str, Any], classes: int) -> dict[str, Any]:
    name = objective["name"]
    if not _OBJECTIVE.fullmatch(name):
        raise Broken("its objective has no proper name")
    clean: dict[str, Any] = {"name": name}
    for key, parameters in objective.items():
        if key != "name":
            clean[key] = {str(k): _text(value) for k, value in parameters.items()}
    softmax = clean.get("softmax_multiclass_param", {"num_class": str(classes)})
    if name.startswith("multi:") and int(softmax["num_class"]) != classes:
        raise Broken("the objective has another number of classes")
    return clean


def _texts(values: object, count: int) -> list[str]:
    if not isinstance(values, list) or len(values) not in {0, count}:
        raise Broken("the features' names or types are not as many as the features")
    return [_text(value) for value in values]


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise Broken("it holds what is no short text")
    return value
