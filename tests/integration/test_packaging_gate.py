"""The publish gate on whole archives, in its sandbox, with the engine that serves."""

import json
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from capability_sdk.contracts.packages import GateReport
from capability_sdk.packaging.proving import prove, prove_archive
from tests.unit.capability_sdk.packaging import forge


def _prove(folder: Path, **changes: bytes | None) -> GateReport:
    upload = folder / "upload.tar.gz"
    upload.write_bytes(forge.packed(content=forge.files(**changes)))
    return prove_archive(upload)


def _failed(report: GateReport) -> set[str]:
    return {check.name for check in report.checks if not check.passed}


def _noise() -> bytes:
    graph = helper.make_graph(
        [
            helper.make_node("RandomUniformLike", ["x"], ["noise"]),
            helper.make_node("Add", ["x", "noise"], ["y"]),
        ],
        "noise",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])],
    )
    model: onnx.ModelProto = helper.make_model(
        graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]
    )
    return bytes(model.SerializeToString())


def _endless() -> bytes:
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["c2"]), helper.make_node("Mul", ["v", "v"], ["v2"])],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("c", TensorProto.BOOL, []),
            helper.make_tensor_value_info("v", TensorProto.FLOAT, ["n", 2]),
        ],
        [
            helper.make_tensor_value_info("c2", TensorProto.BOOL, []),
            helper.make_tensor_value_info("v2", TensorProto.FLOAT, ["n", 2]),
        ],
    )
    graph = helper.make_graph(
        [helper.make_node("Loop", ["", "true", "x"], ["y"], body=body)],
        "endless",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])],
        [helper.make_tensor("true", TensorProto.BOOL, [], [True])],
    )
    model: onnx.ModelProto = helper.make_model(
        graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]
    )
    return bytes(model.SerializeToString())


def _glutton() -> bytes:
    graph = helper.make_graph(
        [
            helper.make_node("Expand", ["one", "shape"], ["huge"]),
            helper.make_node("ReduceSum", ["huge"], ["sum"], keepdims=0),
            helper.make_node("Mul", ["x", "sum"], ["y"]),
        ],
        "glutton",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])],
        [
            helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0]),
            helper.make_tensor("shape", TensorProto.INT64, [1], [4 << 30]),
        ],
    )
    model: onnx.ModelProto = helper.make_model(
        graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]
    )
    return bytes(model.SerializeToString())


def test_a_good_package_passes_with_a_measured_passport(tmp_path: Path) -> None:
    report = _prove(tmp_path)

    assert report.passed, _failed(report)
    names = {check.name for check in report.checks}
    assert {"answers", "determinism", "refuses-wrong-name", "refuses-wrong-datatype"} <= names
    assert {"refuses-wrong-shape", "sandbox"} <= names
    assert report.passport["load_seconds"] > 0
    assert report.passport["cpu_microseconds_per_row"] > 0
    assert report.passport["memory_bytes"] > 0


def test_a_wrong_answer_is_named(tmp_path: Path) -> None:
    sample = json.dumps({**forge.SAMPLE, "expected": {"y": [[2.0, 4.5]]}})

    report = _prove(tmp_path, **{"samples/one.json": sample.encode()})

    assert _failed(report) == {"answers"}
    assert any("y[1]" in check.detail for check in report.checks)


def test_a_random_model_is_found(tmp_path: Path) -> None:
    assert "determinism" in _failed(_prove(tmp_path, **{"model/model.onnx": _noise()}))


def test_a_model_with_other_tensors_is_found(tmp_path: Path) -> None:
    other = forge.model(name="z").SerializeToString()

    assert _failed(_prove(tmp_path, **{"model/model.onnx": other})) == {"model"}


def test_a_model_that_never_answers_is_ended(tmp_path: Path) -> None:
    folder = forge.project(tmp_path / "p", **{"model/model.onnx": _endless()})

    report = prove(folder, timeout=4.0)

    assert _failed(report) <= {"time", "gate"}
    assert not report.passed


def test_a_model_that_eats_memory_fails(tmp_path: Path) -> None:
    folder = forge.project(tmp_path / "p", **{"model/model.onnx": _glutton()})

    report = prove(folder, memory_bytes=256 << 20)

    assert not report.passed


def test_a_broken_archive_gets_a_report_too(tmp_path: Path) -> None:
    report = _prove(tmp_path, **{"README.md": None})

    assert not report.passed
    assert _failed(report) == {"files"}


def test_code_is_not_run_by_a_gate_that_cannot_confine_its_judgement(tmp_path: Path) -> None:
    manifest = forge.MANIFEST.replace("[titles]", 'engine = "python"\n[titles]', 1)
    canary = tmp_path / "canary"
    code = f"open({str(canary)!r}, 'w')"
    changes = {"capability.toml": manifest.encode(), "code/capability.py": code.encode()}

    report = _prove(tmp_path, **changes)

    assert _failed(report) == {"engine"}
    assert not canary.exists()


@pytest.mark.parametrize("path", ["samples/one.json", "samples/two.json"])
def test_every_sample_counts(path: str, tmp_path: Path) -> None:
    wrong = json.dumps({**forge.SAMPLE, "expected": {"y": [[0.0, 0.0]]}})

    assert not _prove(tmp_path, **{path: wrong.encode()}).passed
