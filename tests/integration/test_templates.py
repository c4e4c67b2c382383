"""Every template runs end to end: init, train, check, build, serve, call."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from capability_sdk.cli.app import build_app
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.packaging.archive import read
from capability_sdk.packaging.samples import Sample, difference
from tests.integration.serving_process import running_instance

ROOT = Path(__file__).parents[2]
ENGINES = {
    "onnx": "onnx",
    "sklearn": "onnx",
    "xgboost": "onnx",
    "lightgbm": "lightgbm",
    "text": "onnx",
    "python": "python",
}


def jiuzhou(home: Path, *arguments: str) -> str:
    """Run a command, which has to do what it is told."""
    done = CliRunner().invoke(
        build_app(arguments), arguments, env={"JIUZHOU_CONFIG": str(home / "config")}
    )
    assert done.exit_code == 0, f"{done.output}\n{done.exception!r}"
    return done.output


def train(folder: Path) -> str:
    """Run the project's script as a person does, where every warning is an error."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "train.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("template", ENGINES)
def test_a_template_runs_from_init_to_a_call(template: str, tmp_path: Path) -> None:
    folder = tmp_path / f"first-{template}"
    jiuzhou(tmp_path, "init", str(folder), "--template", template)

    said = train(folder)

    assert f"is a package for {ENGINES[template]}" in said
    jiuzhou(tmp_path, "check", str(folder))
    jiuzhou(tmp_path, "build", str(folder))
    (archive,) = (folder / "dist").iterdir()
    packed = {item.path for item in read(archive).files}
    assert {"reference/profile.json", "reference/training.json", "samples/row-1.json"} <= packed
    assert "train.py" not in packed
    assert wrong_answers(folder, tmp_path / "instance") == {}


def wrong_answers(folder: Path, place: Path) -> dict[str, str]:
    """Serve the project by a process of its own and call it with its samples."""
    manifest = Manifest.from_toml((folder / "capability.toml").read_text())
    wrong = {}
    with running_instance(folder, place) as instance:
        for path in (folder / "samples").glob("*.json"):
            sample = Sample.model_validate_json(path.read_bytes())
            request = json.loads(path.read_text())["request"]
            answer = instance.data.post(f"/v2/models/{manifest.name}/infer", json=request)
            assert answer.status_code == 200, answer.text
            outputs = {item["name"]: item["data"] for item in answer.json()["outputs"]}
            if away := difference(sample, outputs):
                wrong[path.name] = away
    return wrong


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "sums"
    jiuzhou(folder.parent, "init", str(folder))
    train(folder)
    return folder


def reproduce(folder: Path) -> tuple[int, dict[str, tuple[bool, str]]]:
    done = CliRunner().invoke(build_app(["reproduce"]), ["reproduce", str(folder), "--json"])
    checks = json.loads(done.stdout)
    return done.exit_code, {item["name"]: (item["passed"], item["detail"]) for item in checks}


def test_a_second_training_gives_the_same_weights(trained: Path) -> None:
    code, checks = reproduce(trained)

    assert code == 0
    assert checks["weights"][0]
    assert checks["environment"][0]


def test_a_second_training_that_differs_is_explained(trained: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sums"
    subprocess.run(["cp", "-r", trained, folder], check=True)
    script = folder / "train.py"
    text = (
        script.read_text().replace("np.ones(", "np.zeros(").replace("observe(1000)", "observe(9)")
    )
    script.write_text(text)
    path = folder / "reference" / "training.json"
    record = json.loads(path.read_text())
    record["environment"]["libraries"]["numpy"] = "1.0"
    record["environment"]["digest"] = "sha256:" + "0" * 64
    path.write_text(json.dumps(record))

    code, checks = reproduce(folder)

    assert code == 1
    assert not checks["weights"][0]
    assert "numpy 1.0 ->" in checks["environment"][1]
    assert "train.py was changed" in checks["script"][1]
    assert "1000 rows of 1 columns were trained on, now 9" in checks["data"][1]


def test_random_weights_are_named_as_such(trained: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sums"
    subprocess.run(["cp", "-r", trained, folder], check=True)
    script = folder / "train.py"
    script.write_text(
        script.read_text()
        .replace("np.ones((", "np.random.default_rng().random((")
        .replace("(FEATURES, 1), np.float32)", "(FEATURES, 1), np.float32)")
    )
    train(folder)

    code, checks = reproduce(folder)

    assert code == 1
    assert "other weights from equal script" in checks["weights"][1]


def test_a_project_without_a_record_cannot_be_reproduced(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "capability_sdk.cli", "reproduce", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "names no training script" in done.stderr
