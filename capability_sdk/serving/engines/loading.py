"""Picks the engine that a manifest names; only that one's library is imported."""

import sys
from importlib import import_module
from pathlib import Path

from capability_sdk.contracts.manifest import Engine as EngineName
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.serving.engines.ports import Engine
from capability_sdk.serving.errors import UnusablePackage

_EXTRAS = {EngineName.XGBOOST: "trees", EngineName.LIGHTGBM: "trees"}


def load_engine(package_dir: Path, manifest: Manifest, threads: int) -> Engine:
    """Load the model of a package and check it against its manifest.

    Args:
        package_dir: The unpacked package.
        manifest: Names the engine, declares inputs and outputs.
        threads: Threads that one batch may use.

    Raises:
        UnusablePackage: There is no such model, it cannot be loaded, or it has other tensors.
    """
    name = manifest.engine
    if name is EngineName.TRITON:
        raise UnusablePackage(
            "This runtime does not execute triton, a server around a model: name the model's own"
            " engine in capability.toml, and triton in a deployment (`jiuzhou deploy --engine`)."
        )
    try:
        # Called as its engine, with a function `load` that takes the arguments of this one.
        module = import_module(f"{__package__}.{name}")
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(name, "serving")
        raise UnusablePackage(
            f"Engine {name} is not installed here: pip install 'jiuzhou[{extra}]'."
        ) from error
    engine: Engine = module.load(package_dir, manifest, threads)
    return engine


def leave_out_training_libraries() -> None:
    """Keep xgboost and lightgbm from loading what they need for training alone: some 100 MB.

    For programs that only serve: nobody in this process can import these libraries afterwards.
    """
    for name in ("sklearn", "pandas"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # the import system's own way
