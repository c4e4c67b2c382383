"""``jiuzhou export triton``: a stock tritonserver answers what our runtime answers."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tritonclient.http as client
from typer.testing import CliRunner

from capability_sdk.cli.app import build_app
from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import Manifest, TensorSpec
from capability_sdk.profiling.columns import NUMPY_TYPES, Tensor
from capability_sdk.serving.errors import UnusablePackage
from tests.servers.triton import Triton, running_triton
from tests.unit.capability_sdk.serving.engines.trees import (
    CLASSES,
    LABEL,
    LABELS,
    ROWS,
    declare,
    lightgbm_model,
    write,
    xgboost_model,
)
from tests.unit.capability_sdk.serving.harness import load, running
from tests.unit.capability_sdk.serving.packages import (
    identity_model,
    manifest,
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
TEXT: dict[str, Any] = {"datatype": "BYTES", "shape": [1]}
CODE = """
import json
import numpy as np
from words import loud

class Capability:
    def load(self, context):
        self.weight = json.loads((context.model / "weights.json").read_text())[0]

    def infer(self, inputs, context):
        context.log("sum", float(inputs["x"].sum()))
        texts = [[loud(text)] for text in inputs["t"][:, 0]]
        values = inputs["x"].sum(axis=1) * self.weight
        return {"y": values.astype(np.float32), "u": np.array(texts, dtype=object)}
"""
PLAIN = manifest(
    name="plain-values",
    inputs=[{"name": name, "datatype": "FP32"} for name in "ab"],
    outputs=[{"name": name, "datatype": "FP32"} for name in "cd"],
)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("packages")
    found = {name: make(folder / name, name) for name, make in MAKERS.items()}
    for declared in (EVERY_TYPE, TEXTS, PLAIN):
        place = folder / declared.name
        found[declared.name] = write_package(place, declared, identity_model(declared))
    return found


def xgboost_classes(folder: Path, name: str) -> Path:
    outputs = [{**LABEL, "datatype": "BYTES", "levels": LABELS}, probabilities(3)]
    booster = xgboost_model("multi:softprob", CLASSES, num_class=3)
    declared = declare("xgboost", outputs, name=name)
    return write(folder, declared, "model.ubj", bytes(booster.save_raw("ubj")))


def xgboost_columns(folder: Path, name: str) -> Path:
    """Two classes; an input for each feature, in another order than the model's."""
    names = ["a", "b", "c", "d"]
    booster = xgboost_model("binary:logistic", CLASSES > 0, data={"feature_names": names})
    inputs = [{"name": name, "datatype": "FP32", "shape": [1]} for name in reversed(names)]
    declared = declare("xgboost", [LABEL, probabilities(2)], name=name, inputs=inputs)
    return write(folder, declared, "model.json", bytes(booster.save_raw("json")))


def lightgbm_classes(folder: Path, name: str) -> Path:
    booster = lightgbm_model("binary", CLASSES > 0)
    declared = declare("lightgbm", [LABEL, probabilities(2)], name=name)
    return write(folder, declared, "model.txt", booster.model_to_string().encode())


def lightgbm_values(folder: Path, name: str) -> Path:
    booster = lightgbm_model("regression", ROWS.sum(axis=1))
    declared = declare("lightgbm", [{"name": "value", "datatype": "FP64"}], name=name)
    return write(folder, declared, "model.txt", booster.model_to_string().encode())


def python_code(folder: Path, name: str) -> Path:
    """A class with weights, a module of its own, and a process value that it logs."""
    inputs = [{"name": "x", "datatype": "FP32", "shape": [2]}, {**TEXT, "name": "t"}]
    outputs: list[dict[str, Any]] = [{"name": "y", "datatype": "FP32"}, {**TEXT, "name": "u"}]
    declared = declare("python", outputs, name=name, inputs=inputs)
    write(folder, declared, "weights.json", b"[3.0]")
    (folder / "code").mkdir()
    (folder / "code" / "words.py").write_text("def loud(text):\n    return text.upper()\n")
    (folder / "code" / "capability.py").write_text(CODE)
    (folder / "samples").mkdir()
    tensors = [
        {"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1.0, 2.0]},
        {**TEXT, "name": "t", "shape": [1, 1], "data": ["a"]},
    ]
    sample = {"request": {"inputs": tensors}, "expected": {"y": [9.0], "u": ["A"]}}
    (folder / "samples" / "one.json").write_text(json.dumps(sample))
    return folder


def probabilities(width: int) -> dict[str, Any]:
    return {"name": "probabilities", "datatype": "FP32", "shape": [width]}


MAKERS = {
    "xgboost-classes": xgboost_classes,
    "xgboost-columns": xgboost_columns,
    "lightgbm-classes": lightgbm_classes,
    "lightgbm-values": lightgbm_values,
    "python-code": python_code,
}


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
    if not (package / "samples").exists():
        (package / "samples").mkdir()
        (package / "samples" / "one.json").write_text(json.dumps(sample_of(package)))
    done = _RUNNER.invoke(
        build_app(["export"]),
        ["export", "triton", str(package), str(repository), *options, "--json"],
    )
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    exported: dict[str, Any] = json.loads(done.stdout)
    return exported


def sample_of(package: Path) -> dict[str, Any]:
    """One row of zeros, and what our runtime computes of it."""
    loaded = load(package)
    rows = {spec.name: zeros(spec) for spec in loaded.manifest.inputs}
    inputs = [
        {
            "name": spec.name,
            "datatype": spec.datatype,
            "shape": list(rows[spec.name].shape),
            "data": rows[spec.name].reshape(-1).tolist(),
        }
        for spec in loaded.manifest.inputs
    ]
    outputs = loaded.engine.run(rows)
    expected = {name: values.reshape(-1).tolist() for name, values in outputs.items()}
    return {"request": {"inputs": inputs}, "expected": expected}


def zeros(spec: TensorSpec) -> Tensor:
    shape = (1, *map(abs, spec.shape))
    if spec.datatype is Datatype.BYTES:
        return np.full(shape, "", np.object_)
    return np.zeros(shape, NUMPY_TYPES[spec.datatype])


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
    connected: client.InferenceServerClient, name: str, tensors: Mapping[str, tuple[str, Tensor]]
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
    package: Path, triton: Triton, journal: Path, tensors: Mapping[str, tuple[str, Tensor]]
) -> None:
    with both(package, triton, journal) as (ours, theirs):
        name = Manifest.from_toml((package / "capability.toml").read_text()).name
        mine, other = ask(ours, name, tensors), ask(theirs, name, tensors)
    assert mine.keys() == other.keys()
    for output, values in mine.items():
        assert (values.dtype, values.shape) == (other[output].dtype, other[output].shape)
        np.testing.assert_array_equal(values, other[output])


@pytest.mark.parametrize("rows", [1, 17, 64])
@pytest.mark.parametrize("name", ["xgboost-classes", "lightgbm-classes", "lightgbm-values"])
def test_models_of_trees_answer_the_same(
    packages: dict[str, Path], triton: Triton, tmp_path: Path, name: str, rows: int
) -> None:
    same(packages[name], triton, tmp_path / "j", {"features": ("FP32", ROWS[:rows])})


def test_features_of_their_own_names_find_their_places(
    packages: dict[str, Path], triton: Triton, tmp_path: Path
) -> None:
    tensors = {name: ("FP32", ROWS[:9, [place]]) for place, name in enumerate("abcd")}
    same(packages["xgboost-columns"], triton, tmp_path / "j", tensors)


def test_code_of_a_package_answers_the_same(
    packages: dict[str, Path], triton: Triton, tmp_path: Path
) -> None:
    texts = np.array([["九州"], ["b"], [""]], dtype=np.object_)
    tensors = {"x": ("FP32", ROWS[:3, :2]), "t": ("BYTES", texts)}
    same(packages["python-code"], triton, tmp_path / "j", tensors)


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
        assert connected.is_model_ready("xgboost-classes", "1")


def test_triton_batches_without_delay_at_the_best_batch(
    packages: dict[str, Path], tmp_path: Path
) -> None:
    exported = export(packages["xgboost-classes"], tmp_path / "models", "--best-batch", "16")

    configuration = (tmp_path / "models" / "xgboost-classes" / "config.pbtxt").read_text()
    assert exported["best_batch"] == 16
    assert "preferred_batch_size: [ 16 ] max_queue_delay_microseconds: 0" in configuration
    assert "max_batch_size: 64" in configuration


def test_what_is_there_already_is_not_written_over(
    packages: dict[str, Path], tmp_path: Path
) -> None:
    export(packages["xgboost-classes"], tmp_path / "models")

    with pytest.raises(UnusablePackage, match="is there already"):
        export(packages["xgboost-classes"], tmp_path / "models")


def test_the_best_batch_is_measured_where_none_is_named(
    packages: dict[str, Path], tmp_path: Path
) -> None:
    assert export(packages["plain-values"], tmp_path / "models")["best_batch"] in range(1, 65)
