"""``jiuzhou export triton``: a stock tritonserver answers what our runtime answers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tritonclient.http as client
from typer.testing import CliRunner

from capability_sdk.cli.app import build_app
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.profiling.columns import NUMPY_TYPES, Tensor
from capability_sdk.serving.errors import UnusablePackage
from tests.servers.triton import Triton, running_triton
from tests.unit.capability_sdk.serving.harness import load, running
from tests.unit.capability_sdk.serving.packages import (
    digits,
    identity_model,
    manifest,
    write_digits_package,
    write_package,
)

_RUNNER = CliRunner()
TYPES = [name for name in NUMPY_TYPES if name != "BYTES"]
EVERY_TYPE = manifest(
    name="every-type",
    inputs=[{"name": f"i{t}", "datatype": t, "shape": [2]} for t in TYPES],
    outputs=[{"name": f"o{t}", "datatype": t, "shape": [2]} for t in TYPES],
)
TEXTS = manifest(
    name="texts",
    version="3.1.0",
    inputs=[{"name": "x", "datatype": "BYTES", "shape": [-1]}],
    outputs=[{"name": "y", "datatype": "BYTES", "shape": [-1]}],
)
PLAIN = manifest(
    name="plain-values",
    inputs=[{"name": name, "datatype": "FP32"} for name in "ab"],
    outputs=[{"name": name, "datatype": "FP32"} for name in "cd"],
)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("packages")
    found = {"digit-recognition": write_digits_package(folder / "digits")}
    for declared in (EVERY_TYPE, TEXTS, PLAIN):
        place = folder / declared.name
        found[declared.name] = write_package(place, declared, identity_model(declared))
    return found


@pytest.fixture(scope="module")
def triton(packages: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triton]:
    folder = tmp_path_factory.mktemp("triton")
    for package in packages.values():
        export(package, folder / "models", "--best-batch", "8")
    with running_triton(folder / "models", folder) as server:
        yield server


def export(package: Path, repository: Path, *options: str) -> dict[str, Any]:
    """Complete a package with what a published one has besides, and export it."""
    (package / "README.md").write_text("# For tests\n")
    samples = package / "samples"
    samples.mkdir(exist_ok=True)
    declared = Manifest.from_toml((package / "capability.toml").read_text())
    sample = {"request": {"inputs": _tensors(declared)}, "expected": {declared.outputs[0].name: []}}
    (samples / "one.json").write_text(json.dumps(sample))
    done = _RUNNER.invoke(
        build_app(["export"]),
        ["export", "triton", str(package), str(repository), *options, "--json"],
    )
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    exported: dict[str, Any] = json.loads(done.stdout)
    return exported


def _tensors(declared: Manifest) -> list[dict[str, Any]]:
    return [
        {"name": spec.name, "datatype": spec.datatype, "shape": [1, *map(abs, spec.shape)]}
        for spec in declared.inputs
    ]


@contextmanager
def both(
    package: Path, triton: Triton, journal: Path
) -> Iterator[tuple[client.InferenceServerClient, ...]]:
    """Connect stock clients to our runtime and to tritonserver."""
    with running(load(package), journal) as ours:
        clients = [client.InferenceServerClient(f"{ours.host}:{ours.port}")]
        clients.append(client.InferenceServerClient(triton.http))
        yield tuple(clients)
        for item in clients:
            item.close()


def ask(
    connected: client.InferenceServerClient, name: str, tensors: dict[str, tuple[str, Tensor]]
) -> dict[str, Tensor]:
    inputs = []
    for tensor, (datatype, values) in tensors.items():
        inputs.append(client.InferInput(tensor, values.shape, datatype))
        inputs[-1].set_data_from_numpy(values)
    answer = connected.infer(name, inputs)
    return {
        item["name"]: answer.as_numpy(item["name"]) for item in answer.get_response()["outputs"]
    }


def same(
    package: Path, triton: Triton, journal: Path, tensors: dict[str, tuple[str, Tensor]]
) -> None:
    with both(package, triton, journal) as (ours, theirs):
        name = Manifest.from_toml((package / "capability.toml").read_text()).name
        mine, other = ask(ours, name, tensors), ask(theirs, name, tensors)
    assert mine.keys() == other.keys()
    for output, values in mine.items():
        assert (values.dtype, values.shape) == (other[output].dtype, other[output].shape)
        np.testing.assert_array_equal(values, other[output])


@pytest.mark.parametrize("rows", [1, 17, 64])
def test_a_classifier_answers_the_same(
    packages: dict[str, Path], triton: Triton, tmp_path: Path, rows: int
) -> None:
    images = digits()[0][1700 : 1700 + rows]
    same(packages["digit-recognition"], triton, tmp_path / "j", {"pixels": ("FP32", images)})


def test_every_datatype_comes_through(
    packages: dict[str, Path], triton: Triton, tmp_path: Path
) -> None:
    values = np.array([[0, 1], [1, 1], [1, 0]])
    tensors = {f"i{t}": (str(t), values.astype(NUMPY_TYPES[t])) for t in NUMPY_TYPES if t in TYPES}
    same(packages["every-type"], triton, tmp_path / "j", tensors)


@pytest.mark.parametrize("width", [1, 5])
def test_texts_of_any_number_come_through(
    packages: dict[str, Path], triton: Triton, tmp_path: Path, width: int
) -> None:
    texts = np.array([["九州", "", "a"][n % 3] for n in range(2 * width)], dtype=np.object_)
    same(packages["texts"], triton, tmp_path / "j", {"x": ("BYTES", texts.reshape(2, width))})


def test_rows_of_plain_values_are_sent_as_to_our_runtime(
    packages: dict[str, Path], triton: Triton, tmp_path: Path
) -> None:
    column = np.arange(5, dtype=np.float32)
    same(
        packages["plain-values"],
        triton,
        tmp_path / "j",
        {"a": ("FP32", column), "b": ("FP32", -column)},
    )


def test_the_version_folder_is_the_major_version(triton: Triton) -> None:
    with client.InferenceServerClient(triton.http) as connected:
        assert connected.get_model_metadata("texts")["versions"] == ["3"]
        assert connected.is_model_ready("digit-recognition", "1")


def test_triton_batches_without_delay_at_the_best_batch(
    packages: dict[str, Path], tmp_path: Path
) -> None:
    exported = export(packages["digit-recognition"], tmp_path / "models", "--best-batch", "16")

    configuration = (tmp_path / "models" / "digit-recognition" / "config.pbtxt").read_text()
    assert exported["best_batch"] == 16
    assert "preferred_batch_size: [ 16 ] max_queue_delay_microseconds: 0" in configuration
    assert "max_batch_size: 64" in configuration


def test_what_is_there_already_is_not_written_over(
    packages: dict[str, Path], tmp_path: Path
) -> None:
    export(packages["digit-recognition"], tmp_path / "models")

    with pytest.raises(UnusablePackage, match="is there already"):
        export(packages["digit-recognition"], tmp_path / "models")


def test_the_best_batch_is_measured_where_none_is_named(
    packages: dict[str, Path], tmp_path: Path
) -> None:
    assert export(packages["plain-values"], tmp_path / "models")["best_batch"] in range(1, 65)
