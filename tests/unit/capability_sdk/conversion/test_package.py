"""From a fitted model to a package folder, in one act."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from xgboost import XGBClassifier, XGBRegressor

from capability_sdk.contracts.manifest import Engine
from capability_sdk.contracts.profiles import CategoricalAnchors, ReferenceProfile
from capability_sdk.contracts.training import TrainingRecord
from capability_sdk.conversion import About, ConversionFailed, Hints, Packaged, package
from capability_sdk.packaging.checks import check_folder
from tests.unit.capability_sdk.conversion.customers import customer_pipeline, customers
from tests.unit.capability_sdk.conversion.serving import wrong_samples
from tests.unit.capability_sdk.packaging import forge

ABOUT = About(owner="tests", domain="customers")
HINTS = Hints(units={"tenure": "month"}, sensitive={"charge"})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Packaged:
    folder = tmp_path_factory.mktemp("made") / "churn-risk"
    frame = customers()
    model = customer_pipeline(frame)
    return package(model, training=frame, target="left", folder=folder, about=ABOUT, hints=HINTS)


@pytest.fixture
def project(made: Packaged, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(made.folder, tmp_path / "churn-risk"))


def test_the_signature_is_inferred_and_joined_with_the_authors_words(made: Packaged) -> None:
    inputs = {spec.name: spec for spec in made.manifest.inputs}

    assert [*inputs] == ["tenure", "charge", "visits", "contract"]
    assert [spec.datatype.value for spec in inputs.values()] == ["INT64", "FP32", "FP32", "BYTES"]
    assert inputs["contract"].levels == ["monthly", "yearly"]
    assert inputs["tenure"].unit == "month"
    assert inputs["charge"].sensitive
    outputs = {spec.name: (spec.datatype.value, spec.shape) for spec in made.manifest.outputs}
    assert outputs == {"label": ("BYTES", []), "probabilities": ("FP32", [2])}
    assert made.manifest.quality.labels == ["no", "yes"]
    assert made.manifest.name == "churn-risk"
    assert made.manifest.engine is Engine.ONNX


def test_it_passes_every_check_and_answers_its_samples(made: Packaged, tmp_path: Path) -> None:
    report = check_folder(made.folder)

    assert report.passed, report.breaks
    assert wrong_samples(made.folder, tmp_path / "journal") == {}


def test_its_reference_counts_columns_but_no_sensitive_one(made: Packaged) -> None:
    path = made.folder / "reference" / "profile.json"
    reference = ReferenceProfile.model_validate_json(path.read_bytes())

    columns = {column.column: column for column in reference.columns}
    assert {"tenure", "visits", "contract", "label", "probabilities[1]"} <= columns.keys()
    assert "charge" not in columns
    assert isinstance(columns["contract"], CategoricalAnchors)
    assert reference.rows == 600


def test_the_record_tells_how_it_came_to_be_and_holds_no_row(made: Packaged) -> None:
    text = (made.folder / "reference" / "training.json").read_text()
    record = TrainingRecord.model_validate_json(text)

    assert record.data.columns == ["tenure", "charge", "visits", "contract"]
    assert "scikit-learn" in record.environment.libraries
    assert record.parity is not None
    assert record.parity.worst is None
    assert "monthly" not in text


def test_a_second_training_keeps_the_authors_words_and_leaves_nothing_old(project: Path) -> None:
    (project / "samples" / "row-9.json").write_text("{}")
    (project / "model" / "model.ubj").write_bytes(b"{")
    (project / "README.md").write_text("# Mine\n")
    frame = customers()

    again = package(
        customer_pipeline(frame), training=frame, target="left", folder=project
    ).manifest

    assert (again.owner, again.domain) == ("tests", "customers")
    inputs = {spec.name: spec for spec in again.inputs}
    assert (inputs["tenure"].unit, inputs["charge"].sensitive) == ("month", True)
    assert not (project / "samples" / "row-9.json").exists()
    assert [path.name for path in (project / "model").iterdir()] == ["model.onnx"]
    assert (project / "README.md").read_text() == "# Mine\n"


def test_equal_trainings_give_equal_weights(made: Packaged, tmp_path: Path) -> None:
    frame = customers()
    again = package(
        customer_pipeline(frame), training=frame, target="left", folder=tmp_path / "again"
    )

    assert (again.folder / "model/model.onnx").read_bytes() == (
        made.folder / "model/model.onnx"
    ).read_bytes()


def test_P08_other_weights_than_the_record_speaks_of_are_a_break(
    project: Path, made: Packaged
) -> None:
    content = (made.folder / "model/model.onnx").read_bytes()
    (project / "model/model.onnx").write_bytes(content + b"\x32\x01a")

    breaks = check_folder(project).breaks

    assert [item.name for item in breaks] == ["training"]
    assert "weights" in breaks[0].detail
    assert "Run the training script again" in breaks[0].cure


def test_a_sample_that_the_model_answers_otherwise_is_a_break(project: Path) -> None:
    path = project / "samples/row-1.json"
    sample = json.loads(path.read_text())
    sample["expected"]["probabilities"] = [0.5, 0.25]
    path.write_text(json.dumps(sample))

    assert [item.name for item in check_folder(project).breaks] == ["answers"]


@pytest.mark.parametrize(
    ("change", "column", "cure"),
    [
        ({"contract": [None, *["monthly"] * 599]}, "contract", "Fill it"),
        ({"contract": pd.array([pd.NA, *["monthly"] * 599], "string")}, "contract", "Fill it"),
        ({"contract": np.datetime64("2026-01-01")}, "contract", "days since a date"),
    ],
)
def test_a_column_that_no_tensor_carries_is_named_with_its_cure(
    change: dict[str, object], column: str, cure: str, tmp_path: Path
) -> None:
    frame = customers()
    model = customer_pipeline(frame)

    with pytest.raises(ConversionFailed, match=cure) as failed:
        package(model, training=frame.assign(**change), target="left", folder=tmp_path / "new")

    assert failed.value.tensor == column
    assert not (tmp_path / "new").exists()


def test_a_hint_about_no_column_is_refused(tmp_path: Path) -> None:
    frame = customers()
    hints = Hints(sensitive={"telephone"})

    with pytest.raises(ConversionFailed, match="telephone"):
        package(
            customer_pipeline(frame),
            training=frame,
            target="left",
            folder=tmp_path / "new",
            hints=hints,
        )


def test_a_rare_category_is_not_named_outside_and_the_author_hears_why(tmp_path: Path) -> None:
    frame = customers()
    frame.loc[0, "contract"] = "of Li Na"

    made = package(
        customer_pipeline(frame), training=frame, target="left", folder=tmp_path / "rare"
    )

    assert {spec.name: spec.levels for spec in made.manifest.inputs}["contract"] is None
    assert any("may be a person" in note for note in made.notes)
    assert "Li Na" not in (made.folder / "reference/profile.json").read_text()


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConversionFailed, match="no model that can be packaged"):
        package(object(), training=np.zeros((3, 2)), folder=tmp_path / "new")


def test_code_without_its_class_is_refused_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "capability.py").write_text("def infer(inputs, context):\n    return inputs\n")

    with pytest.raises(ConversionFailed, match="Write `class Capability`"):
        package(
            tmp_path / "capability.py",
            training={"x": np.zeros((4, 2), np.float32)},
            folder=tmp_path / "new",
        )


@pytest.mark.parametrize(
    ("training", "says"),
    [
        ({"y": np.zeros((4, 2), np.float32)}, "input x"),
        ({"x": np.zeros((4, 3), np.float32)}, "x has shape"),
        ({"x": np.array(["a", "b"])}, "x is FP32"),
    ],
)
def test_data_that_does_not_fit_an_onnx_file_names_the_tensor(
    training: dict[str, np.ndarray], says: str, tmp_path: Path
) -> None:
    (tmp_path / "m.onnx").write_bytes(forge.model().SerializeToString())

    with pytest.raises(ConversionFailed, match=says) as failed:
        package(tmp_path / "m.onnx", training=training, folder=tmp_path / "new")

    assert failed.value.tensor in {"x", None}
    assert failed.value.cure


def test_words_that_onnx_counts_otherwise_are_found_by_comparing(tmp_path: Path) -> None:
    texts = [f"slow network network {'at home ' * (n % 3)}" for n in range(60)]
    texts += ["no signal signal signal", "no invoice"] * 30
    topics = ["slow"] * 60 + ["signal", "invoice"] * 30
    model = make_pipeline(TfidfVectorizer(sublinear_tf=True), LogisticRegression())

    with pytest.raises(ConversionFailed, match="leave out sublinear_tf") as failed:
        package(model.fit(texts, topics), training=texts, folder=tmp_path / "topics")

    assert failed.value.tensor == "probabilities"


def test_a_classifier_without_probabilities_answers_scores(tmp_path: Path) -> None:
    frame = customers()
    model = make_pipeline(StandardScaler(), LinearSVC())
    rows = frame[["charge", "visits"]]

    made = package(model.fit(rows, frame["left"]), training=rows, folder=tmp_path / "leaves")

    assert [spec.name for spec in made.manifest.outputs] == ["label", "scores"]
    assert made.manifest.quality.output == "label"
    assert made.manifest.quality.labels == ["no", "yes"]
    assert wrong_samples(made.folder, tmp_path / "journal") == {}


def test_rows_with_missing_numbers_are_served_and_are_no_samples(tmp_path: Path) -> None:
    frame = customers()
    frame.loc[::3, "charge"] = np.nan
    rows = frame[["charge", "visits"]]
    model = HistGradientBoostingClassifier(max_iter=5).fit(rows, frame["left"])

    made = package(model, training=rows, folder=tmp_path / "gaps")

    assert made.parity is not None
    assert made.parity.worst is None
    samples = [path.read_text() for path in (made.folder / "samples").iterdir()]
    assert samples
    assert not any("NaN" in text for text in samples)


def test_samples_expect_what_the_original_model_answers(made: Packaged) -> None:
    model = customer_pipeline(customers())
    for path in (made.folder / "samples").iterdir():
        sample = json.loads(path.read_text())
        row = {item["name"]: item["data"] for item in sample["request"]["inputs"]}

        # To the last of 64 bits, which the converted model does not have.
        right = model.predict_proba(pd.DataFrame(row))[0].tolist()
        assert sample["expected"]["probabilities"] == pytest.approx(right, abs=1e-15)


def test_trees_after_early_stopping_are_left_out(tmp_path: Path) -> None:
    frame = customers()[["charge", "visits"]]
    left = (customers()["left"] == "yes").astype(int)
    model = XGBClassifier(n_estimators=60, learning_rate=1.0, early_stopping_rounds=2, n_jobs=1)
    model.fit(frame[:400], left[:400], eval_set=[(frame[400:], left[400:])], verbose=False)

    made = package(
        model, training=frame, folder=tmp_path / "early", hints=Hints(execution="native")
    )

    assert model.best_iteration < model.get_booster().num_boosted_rounds() - 1
    assert made.parity is not None
    assert all(item.greatest == item.differing == 0 for item in made.parity.outputs)


def test_whole_numbers_with_gaps_are_floats_with_gaps(tmp_path: Path) -> None:
    frame = customers()[["tenure", "visits"]]
    frame["tenure"] = frame["tenure"].astype("Int64").mask(frame["visits"] > 4)
    model = HistGradientBoostingClassifier(max_iter=5)

    made = package(
        model.fit(frame, customers()["left"]),
        training=frame,
        folder=tmp_path / "gaps",
        hints=Hints(layout="columns"),
    )

    assert [spec.datatype.value for spec in made.manifest.inputs] == ["FP32", "FP32"]


def test_a_column_called_like_an_output_gets_another_name(tmp_path: Path) -> None:
    frame = customers()[["charge", "visits"]].rename(columns={"charge": "value"})
    target = customers()["tenure"]
    hints = Hints(layout="columns", execution="native")

    model = GradientBoostingRegressor(n_estimators=5).fit(frame, target)
    made = package(model, training=frame, folder=tmp_path / "onnx", hints=hints)

    assert [spec.name for spec in made.manifest.inputs] == ["value_input", "visits"]
    assert wrong_samples(made.folder, tmp_path / "journal") == {}
    with pytest.raises(ConversionFailed, match="Rename the column"):
        package(
            XGBRegressor(n_estimators=2, n_jobs=1).fit(frame, target),
            training=frame,
            folder=tmp_path / "native",
            hints=hints,
        )
