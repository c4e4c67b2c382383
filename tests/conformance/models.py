"""The same models for both servers: packages for ours, a repository of the Python backend for Triton.

Each gives back what it got: a difference between two answers is one of protocol, not of a model.
"""

from collections.abc import Mapping
from pathlib import Path

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import Manifest
from tests.unit.capability_sdk.serving.packages import identity_model, manifest, write_package

MAX_ROWS = 8
VERSION = "1.2.3"
"""Ours; Triton knows whole numbers only, and has the same models as version 1."""

_TRITON_MODEL = """
import triton_python_backend_utils as backend


class TritonPythonModel:
    def execute(self, requests):
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        wanted = set(request.requested_output_names())
        tensors = [(tensor.name(), tensor.as_numpy()) for tensor in request.inputs()]
        given = [backend.Tensor("o_" + name, array) for name, array in tensors]
        return backend.InferenceResponse([tensor for tensor in given if tensor.name() in wanted])
"""


def declared() -> Mapping[str, Manifest]:
    """Return the manifests by name; FP16 stands alone, since Triton takes it in no JSON."""
    kinds = [kind for kind in Datatype if kind is not Datatype.FP16]
    return {
        "echo": _identity("echo", {str(kind): (kind, 2) for kind in kinds}),
        "half": _identity("half", {"x": (Datatype.FP16, 2)}),
        "pair": _identity("pair", {"x": (Datatype.FP32, 2)}),
        "open": _identity("open", {"x": (Datatype.INT32, -1)}),
        "text": _identity("text", {"x": (Datatype.BYTES, 1)}),
    }


def write_packages(folder: Path) -> None:
    """Write the packages, a folder each."""
    for name, item in declared().items():
        write_package(folder / name, item, identity_model(item))


def write_repository(folder: Path) -> None:
    """Write the model repository of Triton."""
    for name, item in declared().items():
        code = folder / name / "1" / "model.py"
        code.parent.mkdir(parents=True)
        code.write_text(_TRITON_MODEL)
        (folder / name / "config.pbtxt").write_text(_configuration(item))


def _identity(name: str, tensors: Mapping[str, tuple[Datatype, int]]) -> Manifest:
    sides = [
        [
            {"name": prefix + tensor, "datatype": kind, "shape": [size]}
            for tensor, (kind, size) in tensors.items()
        ]
        for prefix in ("", "o_")
    ]
    return manifest(
        name=name, version=VERSION, inputs=sides[0], outputs=sides[1], max_batch_size=MAX_ROWS
    )


def _configuration(item: Manifest) -> str:
    lines = [f'name: "{item.name}"', 'backend: "python"', f"max_batch_size: {item.max_batch_size}"]
    for side, specs in (("input", item.inputs), ("output", item.outputs)):
        for spec in specs:
            kind = "STRING" if spec.datatype is Datatype.BYTES else spec.datatype
            lines.append(
                f'{side} [ {{ name: "{spec.name}" data_type: TYPE_{kind} dims: {spec.shape} }} ]'
            )
    return "\n".join(lines)
