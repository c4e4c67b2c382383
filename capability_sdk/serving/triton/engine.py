"""Feeds a tritonserver of this instance's own: the engine of deployments that name ``triton``."""

import itertools
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from tritonclient.grpc import InferInput, InferRequestedOutput, InferResult
from tritonclient.utils import InferenceServerException

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import Engine as EngineName
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.profiling.columns import Tensor
from capability_sdk.serving.engines.speed import is_fixed, measure
from capability_sdk.serving.errors import InputRefusedByModel, ModelFailed, UnusablePackage
from capability_sdk.serving.triton.installation import TritonInstallation
from capability_sdk.serving.triton.repository import write_repository
from capability_sdk.serving.triton.server import TritonDown, TritonServer, sweep_regions

_log = logging.getLogger(__name__)

BATCH_SECONDS = 10.0
"""A batch that takes longer is taken for one that never ends."""
_DEAD_STUB = "is not healthy"


class TritonEngine:
    """A package in a tritonserver of its own."""

    logged: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, server: TritonServer, manifest: Manifest, folder: Path) -> None:
        self._server = server
        self._name = manifest.name
        self._folder = folder
        self._inputs = {spec.name: spec.datatype.value for spec in manifest.inputs}
        self._outputs = {spec.name: spec.datatype for spec in manifest.outputs}
        self._wanted = [InferRequestedOutput(name) for name in self._outputs]
        self.is_fixed = is_fixed(manifest)
        measure(self.run, manifest, manifest.max_batch_size)  # its first batch is its slowest
        # Whatever the model takes: the event loop does not wait for another process.
        self.row_seconds = self.batch_seconds = float("inf")

    def run(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Compute a batch; see `Engine`.

        Raises:
            TritonDown: The server is being started again.
        """
        client = self._server.client
        inputs = [self._input(name, values) for name, values in tensors.items()]
        try:
            result = client.infer(
                self._name, inputs, outputs=self._wanted, client_timeout=BATCH_SECONDS
            )
        except InferenceServerException as error:
            raise self._translate(error) from error
        rows = len(next(iter(tensors.values())))
        return {name: self._output(result, name, rows) for name in self._outputs}

    def close(self) -> None:
        """End the server and remove its files."""
        self._server.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _input(self, name: str, values: Tensor) -> InferInput:
        tensor = InferInput(name, values.shape, self._inputs[name])
        tensor.set_data_from_numpy(values)
        return tensor

    def _output(self, result: InferResult, name: str, rows: int) -> Tensor:
        array: Tensor = result.as_numpy(name)
        if array.shape[:1] != (rows,):
            raise ModelFailed(f"Output {name} does not have the declared shape.")
        if self._outputs[name] is Datatype.BYTES:
            texts = [value.decode("utf-8", "replace") for value in array.reshape(-1).tolist()]
            return np.array(texts, dtype=np.object_).reshape(array.shape)
        return array

    def _translate(self, error: InferenceServerException) -> Exception:
        status = str(error.status())
        _log.warning("tritonserver failed: %s", status)
        if _DEAD_STUB in error.message():
            self._server.restart()  # Triton does not start the process of a model again
            status = "StatusCode.UNAVAILABLE"
        if status == "StatusCode.DEADLINE_EXCEEDED":
            self._server.restart()
            return ModelFailed(f"The model did not answer within {BATCH_SECONDS:.0f} s.")
        if status in {"StatusCode.UNAVAILABLE", "StatusCode.CANCELLED"}:
            return TritonDown("Try again in a second.", headers={"Retry-After": "1"})
        if status == "StatusCode.INVALID_ARGUMENT":
            return InputRefusedByModel("The model cannot compute these values.")
        return ModelFailed("The model failed on this input.")


def load_triton(
    package_dir: Path,
    manifest: Manifest,
    threads: int,
    *,
    installation: TritonInstallation,
    folder: Path,
) -> TritonEngine:
    """Start a tritonserver that serves a package.

    Args:
        package_dir: The unpacked package.
        manifest: Its manifest.
        threads: Threads that one batch may use.
        installation: Where the server is.
        folder: The instance's own folder; the server gets one in it.

    Raises:
        UnusablePackage: The server cannot serve the package.
    """
    if manifest.engine is EngineName.PYTHON:
        raise UnusablePackage("Code of a package is not run in a tritonserver: it has no sandbox.")
    place = _new_place(folder)
    repository = place / "models"
    write_repository(
        package_dir, manifest, repository, best_batch=manifest.max_batch_size, threads=threads
    )
    return TritonEngine(TritonServer(installation, repository, place), manifest, place)


def sweep(folder: Path) -> None:
    """Remove what the tritonservers of an instance that was killed left in its folder."""
    for place in folder.glob("t[0-9]*"):
        sweep_regions(place)
        shutil.rmtree(place, ignore_errors=True)


def _new_place(folder: Path) -> Path:
    """Make a folder of our own with a short name: the path of a Unix socket has 107 bytes."""
    for number in itertools.count():
        place = folder / f"t{number}"
        if not place.exists():
            place.mkdir(mode=0o700)
            return place
    raise AssertionError
