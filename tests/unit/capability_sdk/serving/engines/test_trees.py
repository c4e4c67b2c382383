"""Native models of trees: served like the library computes them, refused where they cannot be."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.serving.engines import load_engine
from capability_sdk.serving.errors import UnusablePackage
from tests.unit.capability_sdk.serving.engines.trees import (
    CLASSES,
    FEATURES,
    LABEL,
    LABELS,
    ROWS,
    WHOLE_ROWS,
    declare,
    lightgbm_model,
    write,
    xgboost_model,
)
from tests.unit.capability_sdk.serving.harness import load, running

Arrays = dict[str, NDArray[Any]]


def probabilities(count: int) -> dict[str, Any]:
    return {"name": "probabilities", "datatype": "FP32", "shape": [count]}


VALUE = {"name": "value", "datatype": "FP64"}
FORMS: dict[str, tuple[str, Callable[[Any], bytes]]] = {
    "xgboost-json": ("model.json", lambda booster: bytes(booster.save_raw("json"))),
    "xgboost-ubj": ("model.ubj", lambda booster: bytes(booster.save_raw("ubj"))),
    "lightgbm": ("model.txt", lambda booster: booster.model_to_string().encode()),
}


def engine_of(form: str) -> str:
    return form.partition("-")[0]


def trained(form: str, kind: str, labels: NDArray[Any], **parameters: Any) -> Any:  # noqa: ANN401 - no types
    if form == "lightgbm":
        names = {"binary": "binary", "multi": "multiclass", "value": "regression"}
        return lightgbm_model(names[kind], labels, **parameters)
    names = {"binary": "binary:logistic", "multi": "multi:softprob", "value": "reg:squarederror"}
    return xgboost_model(names[kind], labels, **parameters)


def predicted(form: str, booster: Any, rows: NDArray[Any]) -> NDArray[Any]:  # noqa: ANN401 - no types
    scores = booster.predict(rows) if form == "lightgbm" else booster.inplace_predict(rows)
    return np.asarray(scores)


def run(folder: Path, declared: Manifest, tensors: Arrays) -> Arrays:
    return load_engine(folder, declared, threads=1).run(tensors)


def package(tmp_path: Path, form: str, booster: Any, declared: Manifest) -> Path:  # noqa: ANN401 - no types
    name, content = FORMS[form]
    return write(tmp_path / "package", declared, name, content(booster))


@pytest.mark.parametrize("form", FORMS)
def test_many_classes_give_labels_and_probabilities_over_http(form: str, tmp_path: Path) -> None:
    booster = trained(form, "multi", CLASSES, num_class=3)
    declared = declare(engine_of(form), [LABEL, probabilities(3)])
    folder = package(tmp_path, form, booster, declared)
    tensor = {"name": "features", "datatype": "FP32", "shape": [64, FEATURES]}

    with running(load(folder), tmp_path / "journal") as runtime:
        body = {"inputs": [{**tensor, "data": ROWS[:64].tolist()}]}
        answer = httpx.post(f"{runtime.url}/v2/models/sample/infer", json=body)

    outputs = {item["name"]: np.array(item["data"]) for item in answer.json()["outputs"]}
    expected = predicted(form, booster, ROWS[:64])
    assert np.allclose(outputs["probabilities"].reshape(64, 3), expected, atol=1e-6)
    assert outputs["label"].tolist() == expected.argmax(axis=1).tolist()


@pytest.mark.parametrize("form", FORMS)
def test_two_classes_give_the_probability_of_each(form: str, tmp_path: Path) -> None:
    booster = trained(form, "binary", CLASSES > 0)
    declared = declare(engine_of(form), [LABEL, probabilities(2)])

    outputs = run(package(tmp_path, form, booster, declared), declared, {"features": ROWS})

    expected = predicted(form, booster, ROWS)
    assert np.allclose(outputs["probabilities"], np.stack([1 - expected, expected], 1), atol=1e-6)
    assert outputs["label"].tolist() == (expected > 0.5).astype(int).tolist()


@pytest.mark.parametrize("form", FORMS)
def test_a_regression_gives_a_value(form: str, tmp_path: Path) -> None:
    booster = trained(form, "value", ROWS[:, 1].copy())
    declared = declare(engine_of(form), [VALUE])

    outputs = run(package(tmp_path, form, booster, declared), declared, {"features": ROWS})

    assert outputs["value"].shape == (len(ROWS),)
    assert np.allclose(outputs["value"], predicted(form, booster, ROWS), atol=1e-6)


@pytest.mark.parametrize("form", ["xgboost-json", "xgboost-ubj"])
def test_dropped_out_trees_and_categories_compute_what_the_library_does(
    form: str, tmp_path: Path
) -> None:
    kinds = {"feature_types": ["q", "q", "q", "c"], "enable_categorical": True}
    booster = xgboost_model(
        "reg:squarederror", CLASSES, booster="dart", rate_drop=0.5, whole=True, data=kinds
    )
    declared = declare("xgboost", [VALUE])

    folder = package(tmp_path, form, booster, declared)
    outputs = run(folder, declared, {"features": WHOLE_ROWS})

    assert outputs["value"].tolist() == booster.inplace_predict(WHOLE_ROWS).tolist()


def test_a_linear_booster_is_refused_with_what_is_served(tmp_path: Path) -> None:
    booster = xgboost_model("reg:squarederror", CLASSES, booster="gblinear", max_depth=None)
    declared = declare("xgboost", [VALUE])
    folder = package(tmp_path, "xgboost-json", booster, declared)

    with pytest.raises(UnusablePackage, match="gbtree and dart"):
        load_engine(folder, declared, threads=1)


def test_class_numbers_of_softmax_become_the_declared_names(tmp_path: Path) -> None:
    booster = xgboost_model("multi:softmax", CLASSES, num_class=3)
    label = {"name": "label", "datatype": "BYTES", "levels": LABELS}
    declared = declare("xgboost", [label])

    outputs = run(package(tmp_path, "xgboost-ubj", booster, declared), declared, {"features": ROWS})

    assert outputs["label"].tolist() == [LABELS[int(n)] for n in booster.inplace_predict(ROWS)]


@pytest.mark.parametrize("form", FORMS)
def test_inputs_of_one_feature_each_are_taken_by_name_and_texts_by_level(
    form: str, tmp_path: Path
) -> None:
    names = ["load", "delay", "plan", "hour"]
    key = "feature_name" if form == "lightgbm" else "feature_names"
    booster = trained(form, "value", ROWS[:, 1] + CLASSES, data={key: names})
    inputs: list[dict[str, Any]] = [
        {"name": "plan", "datatype": "BYTES", "levels": LABELS},
        *({"name": name, "datatype": "FP32"} for name in ("hour", "load", "delay")),
    ]
    declared = declare(engine_of(form), [VALUE], inputs=inputs)
    codes = np.arange(12) % 4  # the fourth level is declared nowhere: missing
    texts = np.array([*LABELS, "strange"], dtype=np.object_)[codes]
    tensors = {
        "plan": texts, "hour": ROWS[:12, 3], "load": ROWS[:12, 0], "delay": ROWS[:12, 1],
    }  # fmt: skip

    outputs = run(package(tmp_path, form, booster, declared), declared, tensors)

    rows = ROWS[:12].copy()
    rows[:, 2] = np.where(codes == 3, np.nan, codes)
    assert np.allclose(outputs["value"], predicted(form, booster, rows), atol=1e-6)


@pytest.mark.parametrize("form", ["xgboost-json", "lightgbm"])
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"inputs": [{"name": "x", "datatype": "FP32", "shape": [3]}]}, r"4 features.*x \(3\)"),
        ({"inputs": [{"name": "x", "datatype": "FP32", "shape": [-1]}]}, "Input x .*fixed"),
        ({"inputs": [{"name": "x", "datatype": "BYTES", "shape": [4]}]}, "x is BYTES.*levels"),
        ({"outputs": [{"name": "y", "datatype": "FP32"}]}, "Output y: .*called label and prob"),
        ({"outputs": [{**LABEL, "datatype": "FP32"}]}, "Output label is FP32; declare"),
        ({"outputs": [{**LABEL, "datatype": "BYTES"}]}, "3 classes: declare as many levels"),
        ({"outputs": [probabilities(2)]}, r"probabilities has shape \[2\].*needs \[3\]"),
    ],
)
def test_a_manifest_that_the_model_contradicts_is_refused(
    form: str, changes: dict[str, Any], words: str, tmp_path: Path
) -> None:
    booster = trained(form, "multi", CLASSES, num_class=3)
    declared = declare(engine_of(form), **{"outputs": [LABEL], **changes})
    folder = package(tmp_path, form, booster, declared)

    with pytest.raises(UnusablePackage, match=words):
        load_engine(folder, declared, threads=1)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("left_children", 9999, "a child leads out"),
        ("left_children", 0, "a child leads out"),
        ("right_children", 1, "child of two"),
        ("split_indices", 4, "split_indices leads out"),
        ("split_indices", -1, "split_indices leads out"),
    ],
)
def test_P08_a_number_that_leads_out_of_an_xgboost_tree_is_refused(
    field: str, value: int, words: str, tmp_path: Path
) -> None:
    booster = xgboost_model("multi:softprob", CLASSES, num_class=3)
    model = json.loads(booster.save_raw("json"))
    model["learner"]["gradient_booster"]["model"]["trees"][1][field][0] = value
    declared = declare("xgboost", [LABEL])
    folder = write(tmp_path / "package", declared, "model.json", json.dumps(model).encode())

    with pytest.raises(UnusablePackage, match=words):
        load_engine(folder, declared, threads=1)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("left_child=", "left_child=4000 ", "tree 0: left_child has"),
        ("split_feature=0", "split_feature=4", "tree 0: split_feature leads out"),
        ("num_leaves=6", "num_leaves=600", "tree 0: leaf_value has"),
        ("max_feature_idx=3", "max_feature_idx=30", "not that of the last feature"),
        ("decision_type=2", "decision_type=1", "tree 0: threshold leads out"),
        ("is_linear=0", "is_linear=1", "tree 0: a field is not"),
        ("num_tree_per_iteration=3", "num_tree_per_iteration=0", "leads out of the model"),
    ],
)
def test_P08_a_number_that_leads_out_of_a_lightgbm_tree_is_refused(
    old: str, new: str, words: str, tmp_path: Path
) -> None:
    text = lightgbm_model("multiclass", CLASSES, num_class=3).model_to_string()
    declared = declare("lightgbm", [LABEL])
    broken = text.replace(old, new, 1)
    assert broken != text
    folder = write(tmp_path / "package", declared, "model.txt", broken.encode())

    with pytest.raises(UnusablePackage, match=words):
        load_engine(folder, declared, threads=1)


@pytest.mark.parametrize("form", FORMS)
def test_P08_a_truncated_model_is_refused(form: str, tmp_path: Path) -> None:
    booster = trained(form, "multi", CLASSES, num_class=3)
    declared = declare(engine_of(form), [LABEL])
    name, content = FORMS[form]
    whole = content(booster)
    folder = write(tmp_path / "package", declared, name, whole[: len(whole) // 2])

    with pytest.raises(UnusablePackage, match=name):
        load_engine(folder, declared, threads=1)
