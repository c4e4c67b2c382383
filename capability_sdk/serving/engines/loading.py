"""Picks the engine that a manifest names; only that one's library is imported."""

from pathlib import Path

from capability_sdk.contracts.manifest import Engine as EngineName
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.serving.engines.ports import Engine
from capability_sdk.serving.errors import UnusablePackage


def load_engine(package_dir: Path, manifest: Manifest, threads: int) -> Engine:
    """Load the model of a package and check it against its manifest.

    Args:
        package_dir: The unpacked package.
        manifest: Names the engine, declares inputs and outputs.
        threads: Threads that one batch may use.

    Raises:
        UnusablePackage: There is no such model, it cannot be loaded, or it has other tensors.
    """
    if manifest.engine is EngineName.ONNX:
        from capability_sdk.serving.engines.onnx import load_onnx  # noqa: PLC0415 - see above

        return load_onnx(package_dir, manifest, threads)
    raise UnusablePackage(f"This runtime does not execute {manifest.engine}.")
