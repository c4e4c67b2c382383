"""Weights of a running instance are exchanged, through its admin socket and with real processes."""

import json
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from capability_sdk.packaging.digests import digests_of
from capability_sdk.spool import SpoolReader
from tests.integration.serving_process import (
    CAPABILITY,
    Instance,
    running_instance,
    scaling_package,
)

OTHER = "sha256:" + "0" * 64


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return scaling_package(tmp_path / "old", "1.0.0", 2.0)


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return scaling_package(tmp_path / "new", "1.1.0", 3.0)


@pytest.fixture
def instance(old: Path, tmp_path: Path) -> Iterator[Instance]:
    with running_instance(old, tmp_path / "instance") as running:
        yield running


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """An instance that goes on serving 1.0.0, whatever is tried."""
    folder = tmp_path_factory.mktemp("steady")
    package = scaling_package(folder / "package", "1.0.0", 2.0)
    with running_instance(package, folder / "instance") as running:
        yield running


def value(answer: Any) -> float:  # noqa: ANN401 - an httpx answer
    assert answer.status_code == 200, answer.text
    return float(answer.json()["outputs"][0]["data"][0])


def test_new_weights_are_served_beside_the_old_and_each_answer_names_its_own(
    instance: Instance, old: Path, new: Path
) -> None:
    assert instance.load(new, "1.1.0").status_code == 200

    for asked, factor, version, package in (
        (None, 3.0, "1.1.0", new),
        ("1", 3.0, "1.1.0", new),
        ("1.1.0", 3.0, "1.1.0", new),
        ("1.0.0", 2.0, "1.0.0", old),
    ):
        answer = instance.infer(5.0, asked)
        assert value(answer) == 5.0 * factor
        assert answer.json()["model_version"] == version
        assert answer.headers["x-capability-version"] == version
        assert answer.headers["x-weights-digest"] == digests_of(package).weights
        assert answer.headers["x-code-digest"] == digests_of(old).code
    metadata = instance.data.get(f"/v2/models/{CAPABILITY}").json()
    assert metadata["versions"] == ["1.0.0", "1.1.0"]


def test_unloaded_weights_are_gone_and_their_predictions_are_kept(
    instance: Instance, new: Path
) -> None:
    instance.infer(1.0)
    instance.load(new, "1.1.0")
    assert instance.unload("1.0.0").status_code == 200
    instance.infer(1.0)

    assert instance.infer(1.0, "1.0.0").status_code == 404
    assert instance.index() == {"1.1.0": ("READY", "")}
    instance.process.terminate()
    assert instance.process.wait(60) == 0
    reader = SpoolReader(instance.folder / "journal")
    (epoch,) = reader.epochs()
    records = [json.loads(record.payload) for record in reader.read(epoch, 0, 10)]
    assert [(item["version"], item["values"]) for item in records] == [
        ("1.0.0", [2.0]),
        ("1.1.0", [3.0]),
    ]


def test_the_only_model_is_never_unloaded(steady: Instance) -> None:
    answer = steady.unload("1.0.0")

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/last-model")
    assert value(steady.infer(1.0)) == 2.0


def test_loading_the_same_weights_again_changes_nothing(steady: Instance, old: Path) -> None:
    assert steady.load(old, "1.0.0").status_code == 200
    assert steady.data.get(f"/v2/models/{CAPABILITY}").json()["versions"] == ["1.0.0"]


Break = Callable[[Path], dict[str, str]]


def _touched(package: Path) -> dict[str, str]:
    digests = digests_of(package)
    with (package / "model" / "model.onnx").open("ab") as model:
        model.write(b"x")
    return {"weights_digest": digests.weights}


def _cut(package: Path) -> dict[str, str]:
    (package / "model" / "model.onnx").write_bytes(b"no model")
    return {}


def _gone(package: Path) -> dict[str, str]:
    shutil.rmtree(package)
    return {"code_digest": OTHER, "weights_digest": OTHER}


@pytest.mark.parametrize(
    ("breaks", "status", "reason"),
    [
        (_touched, 500, "The weights digest is"),
        (_cut, 500, "model.onnx cannot be loaded"),
        (lambda _: {"folder": "/nowhere/at/all"}, 500, "expected"),
        (lambda _: {"code_digest": OTHER}, 409, "other code needs an instance of its own"),
        (lambda _: {"version": "9.9.9"}, 409, "The package is scaling 1.1.0"),
        (lambda _: {"folder": "relative"}, 422, "folder"),
    ],
)
def test_a_failed_load_says_why_and_leaves_the_old_in_service(
    steady: Instance, new: Path, breaks: Break, status: int, reason: str
) -> None:
    changes = breaks(new)
    version = changes.pop("version", "1.1.0")

    answer = steady.load(new, version, **changes)

    assert answer.status_code == status, answer.text
    assert reason in answer.json()["detail"]
    index = steady.index()
    assert index["1.0.0"] == ("READY", "")
    if status != 422:
        state, why = index[version]
        assert state == "UNAVAILABLE"
        assert reason in why
    assert value(steady.infer(1.0)) == 2.0


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": [{"name": "other", "datatype": "FP32", "shape": [1]}]},
        {"outputs": [{"name": "y", "datatype": "FP32", "shape": [1], "unit": "W"}]},
    ],
)
def test_a_version_with_another_face_needs_an_instance_of_its_own(
    steady: Instance, tmp_path: Path, changes: dict[str, Any]
) -> None:
    package = scaling_package(tmp_path / "face", "1.1.0", 3.0, **changes)

    answer = steady.load(package, "1.1.0")

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-swappable")
    assert value(steady.infer(1.0)) == 2.0


def test_other_weights_under_a_version_in_service_are_refused(
    steady: Instance, tmp_path: Path
) -> None:
    package = scaling_package(tmp_path / "again", "1.0.0", 7.0)

    answer = steady.load(package, "1.0.0")

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-swappable")
    assert value(steady.infer(1.0)) == 2.0


def test_the_repository_is_reachable_on_the_owners_admin_socket_alone(
    instance: Instance, new: Path
) -> None:
    mode = (instance.folder / "admin.sock").stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    assert instance.index() == {"1.0.0": ("READY", "")}
    for path in ("index", f"models/{CAPABILITY}/load", f"models/{CAPABILITY}/unload"):
        answer = instance.data.post(f"/v2/repository/{path}", json={})
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-address")
    assert instance.admin.get("/v2/repository/index").status_code == 405
    assert instance.admin.get(f"/v2/models/{CAPABILITY}").status_code == 404
    assert instance.admin.post("/v2/repository/models/other/unload", json={}).status_code == 422
    assert instance.load(new, "1.1.0").json() == {}
