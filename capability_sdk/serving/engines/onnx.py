"""ONNX models, executed by ONNX Runtime."""

import logging
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import Manifest, TensorSpec
from capability_sdk.profiling.columns import Tensor
from capability_sdk.serving.engines.model_file import one_model_file
from capability_sdk.serving.engines.speed import is_fixed, measure
from capability_sdk.serving.errors import InputRefusedByModel, ModelFailed, UnusablePackage

_log = logging.getLogger(__name__)

_ONNX_TYPES = {
    "tensor(bool)": Datatype.BOOL,
    "tensor(uint8)": Datatype.UINT8,
    "tensor(uint16)": Datatype.UINT16,
    "tensor(uint32)": Datatype.UINT32,
    "tensor(uint64)": Datatype.UINT64,
    "tensor(int8)": Datatype.INT8,
    "tensor(int16)": Datatype.INT16,
    "tensor(int32)": Datatype.INT32,
    "tensor(int64)": Datatype.INT64,
    "tensor(float16)": Datatype.FP16,
    "tensor(float)": Datatype.FP32,
    "tensor(double)": Datatype.FP64,
    "tensor(string)": Datatype.BYTES,
}


class OnnxEngine:
    """A model in ONNX Runtime."""

    logged: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, session: onnxruntime.InferenceSession, manifest: Manifest) -> None:
        self._session = session
        self._outputs = {spec.name: tuple(spec.shape) for spec in manifest.outputs}
        self._names = list(self._outputs)
        self.is_fixed = is_fixed(manifest)
        self.row_seconds = measure(self.run, manifest, 1)
        self.batch_seconds = measure(self.run, manifest, manifest.max_batch_size)

    def run(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Compute a batch; see `Engine`."""
        try:
            arrays = self._session.run(self._names, tensors)
        except InvalidArgument as error:
            _log.warning("the model refused an input: %s", type(error).__name__)
            raise InputRefusedByModel("The model cannot compute these values.") from error
        except Exception as error:
            _log.warning("the model failed: %s", type(error).__name__)
            raise ModelFailed("The model failed on this input.") from error
        rows = len(next(iter(tensors.values())))
        return {
            name: array
            if len(array) == rows and array.ndim == len(shape) + 1
            # Models of trees write a column where the manifest has a plain value, or the reverse.
            else self._reshape(name, array, (rows, *shape))
            for array, (name, shape) in zip(arrays, self._outputs.items(), strict=True)
        }

    def close(self) -> None:
        """Let go of the model."""
        del self._session

    def _reshape(self, name: str, array: Tensor, shape: tuple[int, ...]) -> Tensor:
        try:
            return array.reshape(shape)
        except ValueError:
            raise ModelFailed(f"Output {name} does not have the declared shape.") from None


def load(package_dir: Path, manifest: Manifest, threads: int) -> OnnxEngine:
    """Load the model of a package and check it against its manifest.

    Args:
        package_dir: The unpacked package; its model is ``model/model.onnx`` or the one ONNX file.
        manifest: Declares inputs and outputs.
        threads: Threads that one batch may use.

    Raises:
        UnusablePackage: There is no such model, it cannot be loaded, or it has other tensors.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # its errors may quote inputs; ours do not
    path = one_model_file(package_dir, (".onnx",))
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise UnusablePackage(f"{path.name} cannot be loaded: {error}") from error
    _check_tensors("input", session.get_inputs(), manifest.inputs, need_all=True)
    _check_tensors("output", session.get_outputs(), manifest.outputs, need_all=False)
    return OnnxEngine(session, manifest)


def _check_tensors(
    kind: str,
    actual: list[onnxruntime.NodeArg],
    declared: list[TensorSpec],
    *,
    need_all: bool,
) -> None:
    types = {argument.name: argument.type for argument in actual}
    names = {spec.name for spec in declared}
    if strangers := sorted(names - types.keys()):
        raise UnusablePackage(f"The model has no {kind} {strangers[0]}; it has {sorted(types)}.")
    if need_all and (undeclared := sorted(types.keys() - names)):
        raise UnusablePackage(f"The manifest does not declare {kind} {undeclared[0]}.")
    shapes = {argument.name: argument.shape for argument in actual}
    for spec in declared:
        if _ONNX_TYPES.get(types[spec.name]) != spec.datatype:
            raise UnusablePackage(
                f"{kind} {spec.name} is {types[spec.name]} in the model, {spec.datatype} in the"
                " manifest (a classifier is exported without ZipMap)."
            )
        if need_all:
            _check_input_shape(spec, shapes[spec.name])


def _check_input_shape(spec: TensorSpec, shape: list[int | str | None]) -> None:
    wire = [-1, *spec.shape]
    fits = not shape or (
        len(shape) == len(wire)
        and all(
            not isinstance(actual, int) or actual in (declared, 0)
            for actual, declared in zip(shape[1:], wire[1:], strict=True)
        )
    )
    if not fits:
        raise UnusablePackage(
            f"Input {spec.name} has shape {shape} in the model, {wire} in the manifest; the first"
            " dimension is the batch."
        )
    if shape and isinstance(shape[0], int):
        raise UnusablePackage(f"Input {spec.name}: the model takes only batches of {shape[0]}.")
