"""Models that are broken in one way each; a good one is in `forge`."""

import json
from collections.abc import Sequence

import onnx
from onnx import TensorProto, helper

from tests.unit.capability_sdk.packaging import forge

_ROWS: list[str | int | None] = ["n", 2]


def noise() -> bytes:
    """Adds what is random."""
    return _model(
        [
            helper.make_node("RandomUniformLike", ["x"], ["noise"]),
            helper.make_node("Add", ["x", "noise"], ["y"]),
        ]
    )


def centred() -> bytes:
    """Takes the mean of all rows of the batch off: an answer depends on its neighbours."""
    return _model(
        [
            helper.make_node("ReduceMean", ["x"], ["mean"], axes=[0], keepdims=1),
            helper.make_node("Sub", ["x", "mean"], ["less"]),
            helper.make_node("Add", ["less", "x"], ["y"]),
        ]
    )


def dropping_rows() -> bytes:
    """Answers only rows whose first value is above zero."""
    return _model(
        [
            helper.make_node("Gather", ["x", "first"], ["head"], axis=1),
            helper.make_node("Greater", ["head", "zero"], ["above"]),
            helper.make_node("Compress", ["x", "above"], ["kept"], axis=0),
            helper.make_node("Add", ["kept", "kept"], ["y"]),
        ],
        [
            helper.make_tensor("first", TensorProto.INT64, [], [0]),
            helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0]),
        ],
    )


def endless_for_large_values() -> bytes:
    """Computes what is below ten, and never ends with what is above."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["c"], ["c2"]),
            helper.make_node("Identity", ["v"], ["v2"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("c", TensorProto.BOOL, []),
            helper.make_tensor_value_info("v", TensorProto.FLOAT, _ROWS),
        ],
        [
            helper.make_tensor_value_info("c2", TensorProto.BOOL, []),
            helper.make_tensor_value_info("v2", TensorProto.FLOAT, _ROWS),
        ],
    )
    return _model(
        [
            helper.make_node("ReduceMax", ["x"], ["most"], keepdims=0),
            helper.make_node("Greater", ["most", "ten"], ["again"]),
            helper.make_node("Loop", ["", "again", "x"], ["same"], body=body),
            helper.make_node("Add", ["same", "same"], ["y"]),
        ],
        [helper.make_tensor("ten", TensorProto.FLOAT, [], [10.0])],
    )


def glutton() -> bytes:
    """Wants 16 GiB."""
    return _model(
        [
            helper.make_node("Expand", ["one", "shape"], ["huge"]),
            helper.make_node("ReduceSum", ["huge"], ["sum"], keepdims=0),
            helper.make_node("Mul", ["x", "sum"], ["y"]),
        ],
        [
            helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0]),
            helper.make_tensor("shape", TensorProto.INT64, [1], [4 << 30]),
        ],
    )


FORGETTING_NOTHING = """
class Capability:
    def load(self, context):
        self.calls = 0

    def infer(self, inputs, context):
        self.calls += 1
        return {"y": inputs["x"] * 2 + (self.calls % 4) * 1e-3}
"""

LEAKING_AND_LITTERING = """
from pathlib import Path

class Capability:
    def load(self, context):
        self.kept = []

    def infer(self, inputs, context):
        self.kept.append(b"x" * (128 << 10))
        Path(f"/tmp/left-{len(self.kept)}").touch()
        return {"y": inputs["x"] * 2}
"""

SLOW_TO_LOAD = """
import time

class Capability:
    def load(self, context):
        time.sleep(30)

    def infer(self, inputs, context):
        return {"y": inputs["x"] * 2}
"""


def with_code(source: str) -> dict[str, bytes | None]:
    """Return the changes that make the good package one of Python code."""
    manifest = forge.MANIFEST.replace("[titles]", 'engine = "python"\n[titles]', 1)
    sample = {**forge.SAMPLE, "tolerance": 0.01}
    return {
        "capability.toml": manifest.encode(),
        "code/capability.py": source.encode(),
        "model/model.onnx": None,
        "samples/one.json": json.dumps(sample).encode(),
    }


def _model(nodes: Sequence[onnx.NodeProto], values: Sequence[onnx.TensorProto] = ()) -> bytes:
    graph = helper.make_graph(
        list(nodes),
        "variant",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, _ROWS)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, _ROWS)],
        list(values),
    )
    opset = [helper.make_opsetid("", 17)]
    model: onnx.ModelProto = helper.make_model(graph, ir_version=8, opset_imports=opset)
    return bytes(model.SerializeToString())
