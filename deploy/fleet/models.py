"""Small real models: a logistic regression in ONNX, with samples and a training profile."""

import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from capability_sdk.contracts.profiles import ReferenceProfile
from capability_sdk.packaging.builder import BuiltPackage, build_package
from capability_sdk.packaging.definition import write_definition
from capability_sdk.profiling.anchors import build_reference
from deploy.fleet.catalogue import Blueprint

TRAINING_ROWS = 4000
_SAMPLES = 8
_OPSET = 17
_IR_VERSION = 8
_INT64 = 7
"""ONNX's number of the type."""

Rows = dict[str, NDArray[np.generic]]
"""Tensor name to values, shape ``(rows,)``."""


@dataclass(frozen=True, slots=True)
class Model:
    """A logistic regression over standardized inputs.

    Attributes:
        weights: One an input, shape ``(inputs,)``.
        bias: Set so that about every fourth training row gets the second label.
    """

    blueprint: Blueprint
    weights: NDArray[np.float32]
    bias: float

    def draw(
        self, rows: int, generator: np.random.Generator, shift: dict[str, float] | None = None
    ) -> Rows:
        """Draw inputs and answer them.

        Args:
            rows: How many.
            generator: Where chance comes from.
            shift: By input, how many standard deviations it lies above the training data.
        """
        moved = shift or {}
        z = generator.standard_normal((len(self.weights), rows))
        for index, item in enumerate(self.blueprint.inputs):
            z[index] += moved.get(item.name, 0.0)
        score = 1.0 / (1.0 + np.exp(-(self.weights @ z + self.bias)))
        inputs: Rows = {
            item.name: (item.mean + item.sd * z[index]).astype(np.float32)
            for index, item in enumerate(self.blueprint.inputs)
        }
        outputs: Rows = {
            "score": score.astype(np.float32),
            "label": (score > 0.5).astype(np.int64),  # noqa: PLR2004 - the even chance
        }
        return inputs | outputs


def train(blueprint: Blueprint, seed: int) -> Model:
    """Make a capability's model; the same seed makes the same one."""
    generator = np.random.default_rng([seed, zlib.crc32(blueprint.name.encode())])
    signs = generator.choice([-1.0, 1.0], len(blueprint.inputs))
    weights = (signs * generator.uniform(1.2, 2.4, len(blueprint.inputs))).astype(np.float32)
    return Model(blueprint, weights, bias=-1.6)


def reference_of(model: Model, seed: int) -> ReferenceProfile:
    """Return the profile of the training data."""
    rows = model.draw(TRAINING_ROWS, np.random.default_rng([seed, TRAINING_ROWS]))
    return build_reference(rows, model.blueprint.manifest("1.0.0"))


def build(model: Model, version: str, seed: int, folder: Path, key: Path) -> BuiltPackage:
    """Write a capability's project and build its signed package."""
    project = folder / model.blueprint.name
    for name in ("model", "samples", "reference"):
        (project / name).mkdir(parents=True, exist_ok=True)
    manifest = model.blueprint.manifest(version)
    (project / "capability.toml").write_text(write_definition(manifest), encoding="utf-8")
    readme = f"# {manifest.titles.en} / {manifest.titles.zh}\n\n{manifest.summary.en}\n"
    (project / "README.md").write_text(readme, encoding="utf-8")
    (project / "model" / "model.onnx").write_bytes(to_onnx(model))
    rows = model.draw(_SAMPLES, np.random.default_rng([seed, 1]))
    for index in range(_SAMPLES):
        content = json.dumps(_sample(model, rows, index), indent=1)
        (project / "samples" / f"row-{index}.json").write_text(content + "\n")
    profile = reference_of(model, seed).model_dump_json(by_alias=True)
    (project / "reference" / "profile.json").write_text(profile)
    return build_package(project, folder / f"{manifest.name}.tar.gz", signing_key=key)


def to_onnx(model: Model) -> bytes:
    """Write the model as ONNX: standardize, weigh, squash, decide."""
    from onnx import TensorProto, checker, helper  # noqa: PLC0415 - 60 MiB for publishing alone

    inputs = model.blueprint.inputs
    floats = {
        "mean": [item.mean for item in inputs],
        "sd": [item.sd for item in inputs],
        "weights": model.weights.tolist(),
        "bias": [model.bias],
        "half": [0.5],
    }
    given = [
        helper.make_tensor(name, TensorProto.FLOAT, [len(values)], values)
        for name, values in floats.items()
    ]
    given.append(helper.make_tensor("last", TensorProto.INT64, [1], [1]))
    types = {item.name: TensorProto.FLOAT for item in inputs}
    answers = {"score": TensorProto.FLOAT, "label": TensorProto.INT64}
    graph = helper.make_graph(
        [helper.make_node(name, *ends, **more) for name, ends, more in _steps(list(types))],
        model.blueprint.name,
        [helper.make_tensor_value_info(name, kind, ["n"]) for name, kind in types.items()],
        [helper.make_tensor_value_info(name, kind, ["n"]) for name, kind in answers.items()],
        given,
    )
    opset = [helper.make_opsetid("", _OPSET)]
    written = helper.make_model(graph, opset_imports=opset, ir_version=_IR_VERSION)
    checker.check_model(written)
    content: bytes = written.SerializeToString()
    return content


def _steps(names: list[str]) -> list[tuple[str, tuple[list[str], list[str]], dict[str, Any]]]:
    """Return operator, inputs with outputs, and attributes of each node, in order."""
    wide = [f"{name}_wide" for name in names]
    chain: list[tuple[str, list[str], str]] = [
        ("Sub", ["rows", "mean"], "centred"),
        ("Div", ["centred", "sd"], "standardized"),
        ("MatMul", ["standardized", "weights"], "weighed"),
        ("Add", ["weighed", "bias"], "logit"),
        ("Sigmoid", ["logit"], "score"),
        ("Greater", ["score", "half"], "is_second"),
    ]
    return [
        *(("Unsqueeze", ([name, "last"], [f"{name}_wide"]), {}) for name in names),
        ("Concat", (wide, ["rows"]), {"axis": 1}),
        *((name, (given, [made]), {}) for name, given, made in chain),
        ("Cast", (["is_second"], ["label"]), {"to": _INT64}),
    ]


def _sample(model: Model, rows: Rows, index: int) -> dict[str, object]:
    inputs = [
        {
            "name": item.name,
            "datatype": "FP32",
            "shape": [1],
            "data": [float(rows[item.name][index])],
        }
        for item in model.blueprint.inputs
    ]
    expected = {name: [rows[name][index].item()] for name in ("score", "label")}
    return {"request": {"inputs": inputs}, "expected": expected, "tolerance": 1e-4}
