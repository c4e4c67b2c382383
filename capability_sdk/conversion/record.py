"""Records what training stood on, so that a second one can be compared with it."""

import hashlib
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from capability_sdk.contracts.model import Digest
from capability_sdk.contracts.training import Environment, TrainingRows
from capability_sdk.conversion.errors import ConversionFailed
from capability_sdk.conversion.training import TrainingData, Values

# Module to distribution, of the libraries that take part in training and conversion.
_SHAPING = {
    "lightgbm": "lightgbm",
    "numpy": "numpy",
    "onnx": "onnx",
    "onnxmltools": "onnxmltools",
    "onnxruntime": "onnxruntime",
    "onnxscript": "onnxscript",
    "pandas": "pandas",
    "scipy": "scipy",
    "skl2onnx": "skl2onnx",
    "sklearn": "scikit-learn",
    "torch": "torch",
    "xgboost": "xgboost-cpu",
}


def environment() -> Environment:
    """Describe this process: interpreter, platform, and the shaping libraries that are loaded."""
    libraries = {name: found for name, found in _libraries() if found}
    python, machine = platform.python_version(), f"{sys.platform}-{platform.machine()}"
    lines = [f"python=={python}", machine, *(f"{n}=={v}" for n, v in sorted(libraries.items()))]
    return Environment(
        python=python,
        platform=machine,
        libraries=dict(sorted(libraries.items())),
        digest=_digest("\n".join(lines).encode()),
    )


def describe_rows(data: TrainingData) -> TrainingRows:
    """Describe training data by names and a digest; nothing of it can be read back."""
    total = hashlib.sha256()
    for name, values in data.columns.items():
        total.update(f"{name}\0{values.shape}\0".encode())
        total.update(_bytes(values))
    digest = f"sha256:{total.hexdigest()}"
    return TrainingRows(rows=len(data), columns=list(data.columns), digest=digest)


def script(path: Path | str | None, home: Path) -> dict[str, str]:
    """Describe the training script of a project: its place in it, and its digest.

    Raises:
        ConversionFailed: It lies elsewhere, so that nobody could find it again.
    """
    if path is None:
        return {}
    found, root = Path(path).resolve(), home.resolve()
    if not found.is_relative_to(root):
        raise ConversionFailed(
            f"The training script {found.name} lies outside of the project.",
            cure=f"Move it into {home}, or leave script out: then nobody can run it again.",
        )
    digest = _digest(found.read_bytes())
    return {"script": found.relative_to(root).as_posix(), "script_digest": digest}


def _libraries() -> Iterator[tuple[str, str]]:
    for module, distribution in _SHAPING.items():
        if module in sys.modules:
            try:
                yield distribution, version(distribution)
            except PackageNotFoundError:  # xgboost in place of xgboost-cpu, for one
                yield module, str(getattr(sys.modules[module], "__version__", ""))


def _bytes(values: Values) -> bytes:
    if values.dtype.kind in "biuf":
        return values.tobytes()
    texts = (str(value).encode() for value in values.ravel().tolist())
    return b"".join(len(text).to_bytes(4, "little") + text for text in texts)


def _digest(content: bytes) -> Digest:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
