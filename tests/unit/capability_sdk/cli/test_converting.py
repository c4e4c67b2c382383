"""A model's file becomes a package, and a filled form a definition, by one command each."""

import json
from pathlib import Path

import lightgbm
import pytest
import xgboost
from typer.testing import CliRunner, Result

from capability_sdk.cli.app import build_app
from capability_sdk.contracts.errors import InvalidInput
from capability_sdk.contracts.manifest import Engine, Manifest
from capability_sdk.packaging.checks import check_folder
from capability_sdk.packaging.definition import write_definition
from tests.unit.capability_sdk.conversion.customers import numbers


def jiuzhou(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(build_app(arguments), arguments, input=typed)


def manifest_of(folder: Path) -> Manifest:
    return Manifest.from_toml((folder / "capability.toml").read_text())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of every format that is converted, and what they were trained with."""
    folder = tmp_path_factory.mktemp("files")
    frame, left = numbers()
    frame.assign(left=left).to_csv(folder / "training.csv", index=False)
    data = xgboost.DMatrix(frame, left)
    booster = xgboost.train({"objective": "binary:logistic", "nthread": 1}, data, 3)
    booster.save_model(folder / "model.ubj")
    booster.save_model(folder / "model.json")
    options = {"objective": "binary", "verbose": -1, "num_threads": 1}
    lightgbm.train(options, lightgbm.Dataset(frame, left), 3).save_model(folder / "model.txt")
    (folder / "script.py").write_text(_SCRIPT)
    return folder


@pytest.mark.parametrize("name", ["model.ubj", "model.json", "model.txt"])
@pytest.mark.parametrize("execution", ["onnx", "native"])
def test_a_file_of_a_tree_library_is_converted(
    name: str, execution: str, files: Path, tmp_path: Path
) -> None:
    hints = tmp_path / "hints.json"
    hints.write_text(json.dumps({"execution": execution}))

    done = jiuzhou(
        *("convert", str(files / name), "--folder", str(tmp_path / "risk"), "--target", "left"),
        *("--training", str(files / "training.csv"), "--hints", str(hints)),
    )

    assert done.exit_code == 0, done.output
    own = Engine.LIGHTGBM if name.endswith(".txt") else Engine.XGBOOST
    assert manifest_of(tmp_path / "risk").engine is (Engine.ONNX if execution == "onnx" else own)
    assert check_folder(tmp_path / "risk").passed


def test_a_script_that_leaves_a_model_is_converted(files: Path, tmp_path: Path) -> None:
    done = jiuzhou(
        *("convert", str(files / "script.py"), "--folder", str(tmp_path / "risk")),
        *("--names", "fitted", "seen"),
    )

    assert done.exit_code == 0, done.output
    assert [spec.name for spec in manifest_of(tmp_path / "risk").outputs] == ["value"]


def test_a_script_that_leaves_no_model_is_refused(files: Path, tmp_path: Path) -> None:
    done = jiuzhou("convert", str(files / "script.py"), "--folder", str(tmp_path / "risk"))

    assert isinstance(done.exception, InvalidInput)
    assert "leaves no 'model'" in str(done.exception)


def test_a_form_and_code_write_the_same_definition(tmp_path: Path) -> None:
    form = {
        "name": "cell-load",
        "version": "1.0.0",
        "titles": {"zh": "小区负荷", "en": 'Load of a "cell"'},
        "summary": {"zh": "预测。", "en": "Predicts the load \\ of a cell."},
        "domain": "network",
        "owner": "wireless",
        "algorithm_family": "lstm",
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [24], "levels": ["a\nb", "\x7f"]}],
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [1]}],
        "objectives": {"p99_ms": 0.00001},
    }
    (tmp_path / "form.json").write_text(json.dumps(form))

    done = jiuzhou("manifest", "write", str(tmp_path / "form.json"), "--folder", str(tmp_path))

    assert done.exit_code == 0, done.output
    by_code = Manifest.model_validate(form)
    assert (tmp_path / "capability.toml").read_text() == write_definition(by_code)
    assert manifest_of(tmp_path) == by_code


def test_a_form_is_drawn_from_a_schema_that_names_what_is_required() -> None:
    schema = json.loads(jiuzhou("manifest", "schema").stdout)

    assert {"name", "titles", "inputs", "outputs", "algorithm_family"} <= set(schema["required"])
    assert schema["properties"]["max_batch_size"]["default"] == 64
    assert "gradient-boosting" in schema["$defs"]["AlgorithmFamily"]["enum"]


def test_a_form_with_a_wrong_member_names_it(tmp_path: Path) -> None:
    (tmp_path / "form.json").write_text('{"name": "Not A Name"}')

    done = jiuzhou("manifest", "write", str(tmp_path / "form.json"), "--folder", str(tmp_path))

    assert isinstance(done.exception, InvalidInput)
    assert "titles: Field required" in str(done.exception)
    assert not (tmp_path / "capability.toml").exists()


def test_questions_at_the_terminal_fill_in_the_definition(tmp_path: Path) -> None:
    answers = ["小区", "Cell", "预测。", "Predicts.", "network", "wireless", "MIT", "lstm"]
    given = ["load", "24", "FP32", "share", "Load by hour", "y", ""]
    gives = ["value", "1", "FP32", "", "", "n", ""]

    done = jiuzhou(
        *("init", str(tmp_path / "cell-load"), "--interactive"),
        typed="\n".join([*answers, *given, *gives]) + "\n",
    )

    assert done.exit_code == 0, done.output
    manifest = manifest_of(tmp_path / "cell-load")
    assert (manifest.titles.zh, manifest.owner, manifest.licence) == ("小区", "wireless", "MIT")
    (load,) = manifest.inputs
    assert (load.name, load.shape, load.unit, load.sensitive) == ("load", [24], "share", True)


_SCRIPT = """\
import numpy as np
from sklearn.linear_model import LinearRegression

seen = np.random.default_rng(0).normal(size=(50, 3))
fitted = LinearRegression().fit(seen, seen.sum(axis=1))
"""
