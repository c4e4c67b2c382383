"""An ONNX file that another tool wrote: read, mended, and described by its own declarations."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import AlgorithmFamily, Engine
from capability_sdk.conversion import onnx_models
from capability_sdk.conversion.columns import Column, describe
from capability_sdk.conversion.converted import Answers, Converted
from capability_sdk.conversion.errors import ConversionFailed
from capability_sdk.conversion.from_sklearn import MODEL_FILE
from capability_sdk.conversion.inputs import ColumnInputs, Inputs, pack
from capability_sdk.conversion.training import TrainingData
from capability_sdk.conversion.words import Hints

_DATATYPES: dict[int, Datatype] = {
    TensorProto.BOOL: Datatype.BOOL,
    TensorProto.UINT8: Datatype.UINT8,
    TensorProto.INT8: Datatype.INT8,
    TensorProto.INT16: Datatype.INT16,
    TensorProto.INT32: Datatype.INT32,
    TensorProto.INT64: Datatype.INT64,
    TensorProto.FLOAT16: Datatype.FP16,
    TensorProto.FLOAT: Datatype.FP32,
    TensorProto.DOUBLE: Datatype.FP64,
    TensorProto.STRING: Datatype.BYTES,
}
# The first operator that is found tells the family.
_FAMILIES = {
    "TreeEnsembleClassifier": AlgorithmFamily.GRADIENT_BOOSTING,
    "TreeEnsembleRegressor": AlgorithmFamily.GRADIENT_BOOSTING,
    "TreeEnsemble": AlgorithmFamily.GRADIENT_BOOSTING,
    "LSTM": AlgorithmFamily.LSTM,
    "Conv": AlgorithmFamily.CNN,
    "LayerNormalization": AlgorithmFamily.TRANSFORMER,
    "LinearClassifier": AlgorithmFamily.LINEAR,
    "LinearRegressor": AlgorithmFamily.LINEAR,
    "Gemm": AlgorithmFamily.MLP,
    "MatMul": AlgorithmFamily.MLP,
}
_TRIAL_ROWS = 2


def export_onnx(path: Path, data: TrainingData, hints: Hints) -> Converted:
    """Take an ONNX file.

    Raises:
        ConversionFailed: It is none, or the training data does not fit its inputs.
    """
    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:
        raise ConversionFailed(
            f"{path.name} is no ONNX model: {str(error)[:200]}", cure="Export the model again."
        ) from error
    return describe_onnx(model, data, hints)


def describe_onnx(
    model: onnx.ModelProto, data: TrainingData, hints: Hints, original: Answers | None = None
) -> Converted:
    """Mend a model in memory and describe it.

    Args:
        model: Mended in place.
        data: Columns by the names of the model's inputs, or one matrix for its one input.
        hints: The author's words.
        original: Answers of the model that it was exported from.

    Raises:
        ConversionFailed: The training data does not fit the model's inputs.
    """
    weights = {item.name for item in model.graph.initializer}
    declared = [item for item in model.graph.input if item.name not in weights]
    notes = onnx_models.mend(model)
    inputs = _inputs(declared, data, hints)
    trial = inputs.feed(data.take(np.zeros(_TRIAL_ROWS, np.int64)))
    answers = onnx_models.run(model, trial)
    notes += onnx_models.mend(model, answers)
    return Converted(
        engine=Engine.ONNX,
        files={MODEL_FILE: model.SerializeToString()},
        inputs=inputs,
        outputs=onnx_models.outputs_of(answers, _TRIAL_ROWS),
        family=_family(model),
        labels=_labels(model),
        original=original,
        notes=tuple(notes),
    )


def _inputs(declared: list[onnx.ValueInfoProto], data: TrainingData, hints: Hints) -> Inputs:
    is_named = isinstance(data.rows, Mapping) or any(
        argument.name in data.columns for argument in declared
    )
    if len(declared) == 1 and not is_named:
        return _whole_input(declared[0], data, hints)
    names = [argument.name for argument in declared]
    for name in names:
        if name not in data.columns:
            raise ConversionFailed(
                f"The model's input {name} is no column of the training data.",
                cure=f"Name the columns as the model's inputs: {', '.join(names)[:500]}.",
                tensor=name,
            )
    return ColumnInputs(
        tuple(_column(argument, argument.name, data, hints) for argument in declared)
    )


def _whole_input(argument: onnx.ValueInfoProto, data: TrainingData, hints: Hints) -> Inputs:
    """Give the model's one input the whole matrix of the training data."""
    if len(data.columns) == 1:
        source = next(iter(data.columns))
        return ColumnInputs((_column(argument, source, data, hints),))
    columns = tuple(
        describe(name, values, place, hints, Datatype.FP32)
        for place, (name, values) in enumerate(data.columns.items())
    )
    packed = pack(columns, _datatype(argument), argument.name)
    _check_shape(argument, [len(columns)])
    return packed


def _column(argument: onnx.ValueInfoProto, source: str, data: TrainingData, hints: Hints) -> Column:
    values = data.columns[source]
    column = describe(source, values, 0, hints, Datatype.FP32)
    datatype = _datatype(argument)
    if (datatype is Datatype.BYTES) != (column.spec.datatype is Datatype.BYTES):
        raise ConversionFailed(
            f"The model's input {argument.name} is {datatype}, the training data has"
            f" {values.dtype} for it.",
            cure="Give the data that the model was fitted with, after the same preparation.",
            tensor=argument.name,
        )
    dimensions = argument.type.tensor_type.shape.dim
    shape = list(values.shape[1:]) if values.ndim > 1 or len(dimensions) == 1 else [1]
    _check_shape(argument, shape)
    update = {"name": argument.name, "datatype": datatype, "shape": shape}
    return Column(source, column.spec.model_copy(update=update), column.notes)


def _check_shape(argument: onnx.ValueInfoProto, shape: list[int]) -> None:
    """Hold a row's shape in the training data against the declared one."""
    dimensions = argument.type.tensor_type.shape.dim
    if not dimensions:
        return  # not declared, so anything may fit
    sizes = [dim.dim_value if dim.HasField("dim_value") else None for dim in dimensions]
    if sizes[0] is not None:
        raise ConversionFailed(
            f"The model's input {argument.name} takes only batches of {sizes[0]}.",
            cure="Export it with an open first dimension (dynamic_axes, dynamic_shapes).",
            tensor=argument.name,
        )
    fits = len(shape) == len(sizes) - 1 and all(
        size in {None, given} for size, given in zip(sizes[1:], shape, strict=True)
    )
    if not fits:
        wanted = ["rows", *(size if size is not None else "?" for size in sizes[1:])]
        raise ConversionFailed(
            f"The model's input {argument.name} has shape {wanted}; the training data has"
            f" {['rows', *shape]}.",
            cure="Give the columns that the model was fitted with, no more (target=… leaves the"
            " target out).",
            tensor=argument.name,
        )


def _datatype(argument: onnx.ValueInfoProto) -> Datatype:
    kind = argument.type.tensor_type.elem_type
    if kind not in _DATATYPES:
        raise ConversionFailed(
            f"The model's input {argument.name} has a type that the protocol does not know.",
            cure="Export it with floats, integers, truth values or texts.",
            tensor=argument.name,
        )
    return _DATATYPES[kind]


def _family(model: onnx.ModelProto) -> AlgorithmFamily | None:
    operators = {node.op_type for node in model.graph.node}
    return next((family for name, family in _FAMILIES.items() if name in operators), None)


def _labels(model: onnx.ModelProto) -> tuple[str, ...] | None:
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.name.startswith("classlabels_"):
                texts = [text.decode("utf-8", "replace") for text in attribute.strings]
                return tuple(texts or map(str, attribute.ints)) or None
    return None
