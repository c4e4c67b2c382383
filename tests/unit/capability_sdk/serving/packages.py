"""Small real packages for the tests of the runtime."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, save

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.profiling.anchors import build_reference
from capability_sdk.profiling.columns import Tensor

LABELS = [str(number) for number in range(10)]
_DECLARED = {
    "zh": "测试",
    "en": "Test",
}


def manifest(**changes: Any) -> Manifest:  # noqa: ANN401 - members of a manifest, of any type
    """A manifest that names only what a test is about."""
    members = {
        "name": "sample",
        "version": "1.2.3",
        "titles": _DECLARED,
        "summary": _DECLARED,
        "domain": "testing",
        "owner": "tests",
        "algorithm_family": "linear",
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [2]}],
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [2]}],
    }
    return Manifest.model_validate({**members, **changes})


def write_package(
    folder: Path,
    declared: Manifest,
    model: Any,  # noqa: ANN401 - onnx ships no types
    tensors: dict[str, Tensor] | None = None,
) -> Path:
    """Write a package: manifest, model and, of the tensors if there are any, the reference."""
    write_manifest(folder, declared)
    (folder / "model").mkdir()
    save(model, folder / "model" / "model.onnx")
    if tensors is not None:
        (folder / "reference").mkdir()
        reference = build_reference(tensors, declared)
        (folder / "reference" / "profile.json").write_text(reference.model_dump_json(by_alias=True))
    return folder


def write_manifest(folder: Path, declared: Manifest) -> None:
    """Make a package's folder with its manifest alone."""
    folder.mkdir(parents=True)
    (folder / "capability.toml").write_text(_toml(declared.model_dump(mode="json")))


def identity_model(declared: Manifest) -> Any:  # noqa: ANN401 - onnx ships no types
    """A model whose output ``o_<name>`` is its input ``<name>``, for each input."""
    types = {
        "BOOL": TensorProto.BOOL, "BYTES": TensorProto.STRING, "FP16": TensorProto.FLOAT16,
        "FP32": TensorProto.FLOAT, "FP64": TensorProto.DOUBLE,
    }  # fmt: skip
    inputs, outputs, nodes = [], [], []
    for spec, out in zip(declared.inputs, declared.outputs, strict=True):
        kind = types.get(spec.datatype) or getattr(TensorProto, spec.datatype)
        shape = [None, *(None if size == -1 else size for size in spec.shape)]
        inputs.append(helper.make_tensor_value_info(spec.name, kind, shape))
        outputs.append(helper.make_tensor_value_info(out.name, kind, shape))
        nodes.append(helper.make_node("Identity", [spec.name], [out.name]))
    graph = helper.make_graph(nodes, "identity", inputs, outputs)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def digits_manifest() -> Manifest:
    """Handwritten digits: 64 pixels in, a label and ten scores out."""
    return manifest(
        name="digit-recognition",
        inputs=[{"name": "pixels", "datatype": "FP32", "shape": [64]}],
        outputs=[
            {"name": "label", "datatype": "INT64"},
            {"name": "probabilities", "datatype": "FP32", "shape": [10]},
        ],
        quality={"task": "classification", "output": "label", "labels": LABELS},
    )


def digits() -> tuple[Tensor, Tensor]:
    """Return real images, shape (1797, 64), and their labels, shape (1797,)."""
    from sklearn.datasets import load_digits  # noqa: PLC0415 - costs seconds where nobody trains

    images, labels = load_digits(return_X_y=True)
    return images.astype(np.float32), labels.astype(np.int64)


def digits_sample() -> dict[str, Any]:
    """Ask for the first image, a nought that the recogniser was trained on."""
    data = digits()[0][0].tolist()
    image = {"name": "pixels", "datatype": "FP32", "shape": [1, 64], "data": data}
    return {"request": {"inputs": [image]}, "expected": {"label": [0]}}


def write_digits_package(folder: Path) -> Path:
    """Train and package a recogniser of real digits, with scores in its reference profile."""
    from skl2onnx import to_onnx  # noqa: PLC0415 - see above
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - see above

    images, labels = digits()
    model = LogisticRegression(max_iter=1000, C=0.01).fit(images[:1000], labels[:1000])
    exported = to_onnx(
        model,
        images[:1],
        options={id(model): {"zipmap": False}},
        target_opset=17,
    )
    scores = model.predict_proba(images[:1000]).astype(np.float32)
    tensors = {
        "pixels": images[:1000],
        "label": model.predict(images[:1000]),
        "probabilities": scores,
    }
    return write_package(folder, digits_manifest(), rename_input(exported, "pixels"), tensors)


def write_slow_package(folder: Path) -> Path:
    """Package a model that takes a row of 400 numbers at a time, and about half a second for each."""
    declared = manifest(
        max_batch_size=1,
        inputs=[{"name": "x", "datatype": "FP32", "shape": [400]}],
        outputs=[{"name": "y", "datatype": "FP32", "shape": [400]}],
    )
    return write_package(folder, declared, looping_model(rounds=15_000))


def looping_model(rounds: int) -> Any:  # noqa: ANN401 - onnx ships no types
    """Multiply a row by a matrix again and again."""
    weights = np.full((400, 400), 0.0025, dtype=np.float32)
    body = helper.make_graph(
        [
            helper.make_node("MatMul", ["h", "w"], ["next"]),
            helper.make_node("Identity", ["go"], ["on"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("h", TensorProto.FLOAT, [None, 400]),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, [None, 400]),
        ],
    )
    graph = helper.make_graph(
        [helper.make_node("Loop", ["rounds", "", "x"], ["y"], body=body)],
        "looping",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 400])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 400])],
        [
            helper.make_tensor("w", TensorProto.FLOAT, [400, 400], weights.tobytes(), raw=True),
            helper.make_tensor("rounds", TensorProto.INT64, [], [rounds]),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def rename_input(model: Any, name: str) -> Any:  # noqa: ANN401 - onnx ships no types
    """Give a model's one input a name of ours."""
    old = model.graph.input[0].name
    for node in model.graph.node:
        node.input[:] = [name if given == old else given for given in node.input]
    model.graph.input[0].name = name
    return model


def _toml(members: dict[str, Any]) -> str:
    """Write plain members: a JSON text is TOML for strings, numbers, lists and inline tables."""
    return "".join(
        f"{name} = {_inline(value)}\n" for name, value in members.items() if value is not None
    )


def _inline(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        items = (f"{name} = {_inline(item)}" for name, item in value.items() if item is not None)
        return "{" + ", ".join(items) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return json.dumps(value)
