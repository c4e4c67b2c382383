"""From a package to a model repository that a stock tritonserver serves with its Python backend.

Triton batches along a dimension that its configuration does not show, and it cannot describe a row of
one plain value. A capability with such an input is therefore declared with explicit shapes: callers
send Triton what they send our runtime, and Triton computes each request by itself.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import Engine, Manifest, TensorSpec
from capability_sdk.contracts.model import major
from capability_sdk.profiling.columns import NUMPY_TYPES
from capability_sdk.serving.engines.model_file import one_model_file
from capability_sdk.serving.errors import UnusablePackage

_WRAPPER = Path(__file__).with_name("model.py")
_SUFFIXES = {
    Engine.ONNX: (".onnx",),
    Engine.XGBOOST: (".json", ".ubj"),
    Engine.LIGHTGBM: (".txt",),
}


def write_repository(
    package: Path, manifest: Manifest, out: Path, *, best_batch: int, threads: int = 1
) -> Path:
    """Write a model repository with one model, which holds a copy of a package.

    Args:
        package: The unpacked package.
        manifest: Its manifest.
        out: The repository; made if it is not there.
        best_batch: Rows of a batch at which the model's time per row gains no more.
        threads: Threads that one batch may use.

    Returns:
        The model's folder in the repository.

    Raises:
        UnusablePackage: It is not clear which file the model is, or the repository has it already.
    """
    model = out / manifest.name
    if model.exists():
        raise UnusablePackage(f"{model} is there already; name another folder, or remove it.")
    about = _describe(package, manifest, threads)
    folder = model / version_of(manifest)
    folder.mkdir(parents=True)
    shutil.copytree(package, folder / "package", symlinks=True)
    shutil.copyfile(_WRAPPER, folder / "model.py")
    (folder / "capability.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
    (model / "config.pbtxt").write_text(_configuration(manifest, best_batch), encoding="utf-8")
    return model


def version_of(manifest: Manifest) -> str:
    """Return the name of the version's folder: a whole number above 0, as Triton asks for."""
    return str(max(int(major(manifest.version)), 1))


def _describe(package: Path, manifest: Manifest, threads: int) -> dict[str, Any]:
    """Say what the wrapper needs of the manifest; it reads no TOML and knows no paths."""
    suffixes = _SUFFIXES.get(manifest.engine)
    return {
        "engine": manifest.engine.value,
        "model": one_model_file(package, suffixes).relative_to(package).as_posix()
        if suffixes
        else "",
        "threads": threads,
        "inputs": [_tensor_of(spec, spec.levels) for spec in manifest.inputs],
        "outputs": [
            _tensor_of(spec, spec.levels or manifest.quality.labels) for spec in manifest.outputs
        ],
    }


def _tensor_of(spec: TensorSpec, levels: list[str] | None) -> dict[str, Any]:
    return {
        **spec.model_dump(mode="json", include={"name", "datatype", "shape"}),
        "levels": levels or [],
        "numpy": np.dtype(NUMPY_TYPES[spec.datatype]).name,
    }


def _configuration(manifest: Manifest, best_batch: int) -> str:
    is_batched = all(spec.shape for spec in manifest.inputs)
    lines = [
        f'name: "{manifest.name}"',
        'backend: "python"',
        f"max_batch_size: {manifest.max_batch_size if is_batched else 0}",
        *(_tensor("input", spec, is_batched=is_batched) for spec in manifest.inputs),
        *(_tensor("output", spec, is_batched=is_batched) for spec in manifest.outputs),
        "instance_group [ { kind: KIND_CPU count: 1 } ]",
    ]
    if is_batched:
        size = min(best_batch, manifest.max_batch_size)
        lines.append(
            f"dynamic_batching {{ preferred_batch_size: [ {size} ] max_queue_delay_microseconds: 0 }}"
        )
    return "\n".join((*lines, ""))


def _tensor(kind: str, spec: TensorSpec, *, is_batched: bool) -> str:
    datatype = "STRING" if spec.datatype is Datatype.BYTES else spec.datatype.value
    # A plain value has no dimension of its own; of an output nothing but the rank is shown by it.
    dimensions = (spec.shape or [1]) if is_batched else [-1, *spec.shape]
    return f'{kind} [ {{ name: "{spec.name}" data_type: TYPE_{datatype} dims: {dimensions} }} ]'
