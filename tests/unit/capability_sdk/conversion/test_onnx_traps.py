"""Four traps of ONNX, each shown on a real model, found at check, and avoided by conversion."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from xgboost import XGBClassifier

from capability_sdk.contracts.manifest import Engine
from capability_sdk.contracts.packages import Check
from capability_sdk.conversion import ConversionFailed, Hints, package
from capability_sdk.packaging.checks import check_folder
from tests.unit.capability_sdk.conversion.customers import churn, numbers, seconds
from tests.unit.capability_sdk.conversion.serving import call, wrong_samples

TEXTS = ["Das Netz ist langsam", "Äpfel sind gut", "kein Signal hier", "gut und schnell"] * 30
MOODS = ["bad", "good", "bad", "good"] * 30


def breaks(folder: Path, name: str) -> list[Check]:
    return [item for item in check_folder(folder).breaks if item.name == name]


@pytest.fixture(scope="module")
def text_model() -> Pipeline:
    return make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, MOODS)


def exported_text_model(model: Pipeline) -> Any:  # noqa: ANN401 - onnx ships no types
    return convert_sklearn(
        model,
        initial_types=[("text", StringTensorType([None, 1]))],
        options={id(model): {"zipmap": False}},
        target_opset={"": 17, "ai.onnx.ml": 3},
    )


def test_a_text_model_is_packaged_with_a_locale_that_every_host_has(
    text_model: Pipeline, tmp_path: Path
) -> None:
    folder = tmp_path / "mood"

    made = package(text_model, training=TEXTS, folder=folder)

    assert any("locale C.UTF-8" in note for note in made.notes)
    assert check_folder(folder).passed
    texts = np.array(["ÄPFEL SIND GUT", "Das Netz"], dtype=object)
    answer = call(folder, tmp_path / "journal", {"text": texts})
    assert np.abs(answer["probabilities"] - text_model.predict_proba(texts)).max() < 1e-5


def test_a_locale_that_may_be_missing_is_found_and_conversion_mends_it(
    text_model: Pipeline, tmp_path: Path
) -> None:
    folder = tmp_path / "mood"
    package(text_model, training=TEXTS, folder=folder)
    as_exported = exported_text_model(text_model)
    onnx.save(as_exported, folder / "model" / "model.onnx")

    (found,) = breaks(folder, "onnx-locale")

    assert "en_US.UTF-8" in found.detail
    assert "C.UTF-8" in found.cure
    mended = package(folder / "model/model.onnx", training=TEXTS, folder=tmp_path / "mended")
    assert mended.notes[0].startswith("text node")
    assert breaks(mended.folder, "onnx-locale") == []


def test_a_wrongly_declared_label_is_found_and_conversion_mends_it(tmp_path: Path) -> None:
    frame, left = numbers()
    model = LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1).fit(frame.to_numpy(), left)
    folder = tmp_path / "risk"
    package(model, training=frame.to_numpy(), folder=folder)
    wide = [("features", FloatTensorType([None, 3]))]
    exported = convert_lightgbm(model, initial_types=wide, zipmap=False, target_opset=15)
    onnx.save(exported, folder / "model" / "model.onnx")

    (found,) = breaks(folder, "onnx-shape")

    assert "label is declared as shape [1]" in found.detail
    mended = package(
        folder / "model/model.onnx", training=frame.to_numpy(), folder=tmp_path / "mended"
    )
    assert check_folder(mended.folder).passed
    label = onnx.load(mended.folder / "model/model.onnx").graph.output[0]
    assert label.type.tensor_type.shape.dim[0].dim_param


def test_probabilities_as_maps_are_made_a_tensor(tmp_path: Path) -> None:
    frame, left = numbers()
    model = LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1).fit(frame.to_numpy(), left)
    wide = [("features", FloatTensorType([None, 3]))]
    onnx.save(convert_lightgbm(model, initial_types=wide, target_opset=15), tmp_path / "m.onnx")

    made = package(tmp_path / "m.onnx", training=frame.to_numpy(), folder=tmp_path / "risk")

    outputs = {spec.name: spec.shape for spec in made.manifest.outputs}
    assert outputs == {"label": [], "probabilities": [2]}
    assert any("ZipMap" in note for note in made.notes)


def test_flipped_thresholds_keep_lightgbm_in_its_own_exact_format(tmp_path: Path) -> None:
    frame, wave = seconds()
    model = LGBMRegressor(n_estimators=20, n_jobs=1, verbose=-1).fit(frame, wave)

    made = package(model, training=frame, folder=tmp_path / "wave")

    assert made.manifest.engine is Engine.LIGHTGBM
    assert made.manifest.inputs[0].datatype == "FP64"
    assert any("1 row in 100 is further away" in note for note in made.notes)
    assert made.parity is not None
    assert made.parity.outputs[0].greatest < 1e-6
    assert wrong_samples(made.folder, tmp_path / "journal") == {}


def test_flipped_thresholds_are_refused_where_onnx_is_wished(tmp_path: Path) -> None:
    frame, wave = seconds()
    model = LGBMRegressor(n_estimators=20, n_jobs=1, verbose=-1).fit(frame, wave)

    with pytest.raises(ConversionFailed, match="32 bits") as failed:
        package(model, training=frame, folder=tmp_path / "wave", hints=Hints(execution="onnx"))

    assert failed.value.tensor == "value"


def test_thresholds_that_a_scaler_flips_are_kept_by_64_bits(tmp_path: Path) -> None:
    frame, left = numbers()
    frame["tenure"] = frame["tenure"].round()
    model = make_pipeline(StandardScaler(), XGBClassifier(n_estimators=10, n_jobs=1)).fit(
        frame, left
    )

    made = package(model, training=frame, folder=tmp_path / "scaled")

    assert made.manifest.inputs[0].datatype == "FP64"
    assert any("have another label" in note for note in made.notes)
    assert made.parity is not None
    assert made.parity.worst is None
    assert wrong_samples(made.folder, tmp_path / "journal") == {}


def test_a_record_of_flipped_thresholds_is_a_break_at_check(tmp_path: Path) -> None:
    frame, left = numbers()
    folder = tmp_path / "risk"
    package(XGBClassifier(n_estimators=3, n_jobs=1).fit(frame, left), training=frame, folder=folder)
    path = folder / "reference" / "training.json"
    record = json.loads(path.read_text())
    record["parity"]["outputs"][0]["differing"] = 0.08
    path.write_text(json.dumps(record))

    (found,) = breaks(folder, "parity")

    assert "8.0% of 600 rows have another label" in found.detail
    assert "native" in found.cure


@pytest.fixture(scope="module")
def churn_model() -> Pipeline:
    frame = churn()
    amounts = ["tenure", "MonthlyCharges", "TotalCharges", "SeniorCitizen"]
    words = [name for name in frame if name not in {*amounts, "Churn"}]
    encode = ColumnTransformer(
        [("amounts", StandardScaler(), amounts), ("words", OneHotEncoder(), words)]
    )
    trees = GradientBoostingClassifier(n_estimators=10, random_state=0)
    return make_pipeline(encode, trees).fit(frame.drop(columns="Churn"), frame["Churn"])


def test_nineteen_columns_are_served_as_nineteen_inputs(
    churn_model: Pipeline, tmp_path: Path
) -> None:
    frame = churn()

    made = package(churn_model, training=frame, target="Churn", folder=tmp_path / "churn")

    assert len(made.manifest.inputs) == 19
    rows = frame.drop(columns="Churn").head(8)
    tensors = {
        spec.name: rows[spec.name].to_numpy(
            {"BYTES": object, "INT64": np.int64, "FP32": np.float32}[spec.datatype]
        )
        for spec in made.manifest.inputs
    }
    answer = call(made.folder, tmp_path / "journal", tensors)
    assert np.abs(answer["probabilities"] - churn_model.predict_proba(rows)).max() < 1e-5


def test_nineteen_columns_are_served_as_one_packed_tensor(
    churn_model: Pipeline, tmp_path: Path
) -> None:
    frame = churn()

    made = package(
        churn_model,
        training=frame,
        target="Churn",
        folder=tmp_path / "churn",
        hints=Hints(layout="packed"),
    )

    (spec,) = made.manifest.inputs
    assert spec.shape == [19]
    assert "14 Contract (0 Month-to-month, 1 One year, 2 Two year)" in spec.description
    assert wrong_samples(made.folder, tmp_path / "journal") == {}


def test_a_manifest_that_declares_less_columns_than_the_model_takes_is_found(
    churn_model: Pipeline, tmp_path: Path
) -> None:
    frame = churn()
    folder = tmp_path / "churn"
    hints = Hints(layout="packed")
    package(churn_model, training=frame, target="Churn", folder=folder, hints=hints)
    columns = package(churn_model, training=frame, target="Churn", folder=tmp_path / "columns")
    model = (columns.folder / "model/model.onnx").read_bytes()
    (folder / "model/model.onnx").write_bytes(model)

    (found,) = breaks(folder, "onnx-inputs")

    assert "19 in all" in found.detail
    assert "packed" in found.cure


def test_conversion_is_quiet_about_what_it_mends(text_model: Pipeline, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        package(text_model, training=TEXTS, folder=tmp_path / "mood")
