"""scikit-learn estimators and pipelines, with XGBoost and LightGBM inside or alone, to ONNX."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import (
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)
from sklearn.base import is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import Pipeline

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import Engine
from capability_sdk.conversion import onnx_models, tree_converters
from capability_sdk.conversion.converted import Answers, Converted, family_of
from capability_sdk.conversion.errors import ConversionFailed
from capability_sdk.conversion.fronts import pack_front, unpack_front
from capability_sdk.conversion.inputs import ColumnInputs, Inputs, PackedInputs, lay_out
from capability_sdk.conversion.output_names import LABEL, PROBABILITIES, SCORES, VALUE
from capability_sdk.conversion.training import WHOLE, TrainingData
from capability_sdk.conversion.words import Hints
from capability_sdk.profiling.columns import Tensor

MODEL_FILE = "model/model.onnx"
_DEFAULT_TOKEN = r"(?u)\b\w\w+\b"  # noqa: S105 - a pattern of words
# The same words for RE2; the converter's own default knows ASCII letters alone.
_UNICODE_TOKEN = r"[\p{L}\p{N}_]{2,}"  # noqa: S105 - as above
_TYPES = {
    Datatype.FP32: FloatTensorType,
    Datatype.FP64: DoubleTensorType,
    Datatype.INT64: Int64TensorType,
    Datatype.BYTES: StringTensorType,
}
_TRIAL_ROWS = 2


def export_sklearn(
    model: Any,  # noqa: ANN401 - any estimator
    data: TrainingData,
    hints: Hints,
    floats: Datatype = Datatype.FP32,
) -> Converted:
    """Convert a fitted estimator.

    Args:
        model: The estimator or pipeline.
        data: What it was fitted with.
        hints: The author's words.
        floats: What real numbers travel and are scaled in; 64 bits where 32 flip thresholds.

    Raises:
        ConversionFailed: A step has no converter, or a column cannot be carried.
    """
    inputs = lay_out(data, hints, floats=floats)
    by_column = data.is_frame and _takes_columns(model)
    if not by_column and len(inputs.columns) > 1:
        _check_numbers(inputs)
    exported, notes = _export(tree_converters.nameless(model), inputs, floats, by_column=by_column)
    _put_front(exported, inputs, floats, by_column=by_column)
    if floats is Datatype.FP64:
        onnx_models.narrow_trees(exported)
        notes.append("inputs are FP64: in 32 bits too many rows cross a threshold")
    inputs, dropped = _without_unused(inputs, exported)
    trial = inputs.feed(data.take(np.zeros(_TRIAL_ROWS, np.int64)))
    _name_outputs(exported, model)
    notes += [*dropped, *onnx_models.mend(exported)]
    answers = onnx_models.run(exported, trial)
    return Converted(
        engine=Engine.ONNX,
        files={MODEL_FILE: exported.SerializeToString()},
        inputs=inputs,
        outputs=onnx_models.outputs_of(answers, _TRIAL_ROWS),
        family=family_of(type(_last_step(model)).__name__),
        labels=labels_of(model),
        original=answers_of(model),
        notes=tuple(notes),
    )


def labels_of(model: Any) -> tuple[str, ...] | None:  # noqa: ANN401 - any estimator
    """Return class names in the order of the classes; None where nothing is classified."""
    if not is_classifier(model):
        return None
    return tuple(str(label) for label in np.asarray(model.classes_).ravel().tolist())


def answers_of(model: Any) -> Answers:  # noqa: ANN401 - any estimator
    """Return what computes the original's answers under the names of the outputs."""

    def answer(data: TrainingData) -> dict[str, Tensor]:
        predicted = np.asarray(model.predict(data.rows)) if hasattr(model, "predict") else None
        if predicted is None:
            return {VALUE: np.asarray(model.transform(data.rows))}
        if not is_classifier(model):
            return {VALUE: predicted.reshape(len(predicted), -1), LABEL: predicted}
        found = {LABEL: predicted.astype(np.int64) if predicted.dtype.kind == "b" else predicted}
        if hasattr(model, "predict_proba"):
            found[PROBABILITIES] = np.asarray(model.predict_proba(data.rows))
        return found

    return answer


def _export(
    model: Any,  # noqa: ANN401 - any estimator
    inputs: Inputs,
    floats: Datatype,
    *,
    by_column: bool,
) -> tuple[onnx.ModelProto, list[str]]:
    tree_converters.register()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exported = convert_sklearn(
                model,
                # A name of its own for every export would change the weights digest.
                name="capability",
                initial_types=_initial_types(inputs, floats, by_column=by_column),
                options=_options(model),
                target_opset=onnx_models.OPSETS,
            )
        except Exception as error:
            raise ConversionFailed(
                f"{type(_last_step(model)).__name__} does not convert: {_first_line(error)}",
                cure="Replace the step it names by one that scikit-learn's ONNX converter knows, or"
                " bring the model as Python code (jiuzhou init --template python).",
            ) from error
    told = [str(item.message).splitlines()[0] for item in caught if item.category is UserWarning]
    return exported, list(dict.fromkeys(told))


def _initial_types(inputs: Inputs, floats: Datatype, *, by_column: bool) -> list[tuple[str, Any]]:
    if by_column:
        return [
            (column.source, _TYPES[column.spec.datatype]([None, *column.spec.shape]))
            for column in inputs.columns
        ]
    if len(inputs.columns) == 1:
        spec = inputs.columns[0].spec
        return [(spec.name, _TYPES[spec.datatype]([None, *spec.shape]))]
    return [(WHOLE, _TYPES[floats]([None, len(inputs.columns)]))]


def _options(model: Any) -> dict[int, dict[str, Any]]:  # noqa: ANN401 - any estimator
    options: dict[int, dict[str, Any]] = {}
    for step in _parts(model):
        if isinstance(step, CountVectorizer) and step.token_pattern == _DEFAULT_TOKEN:
            options[id(step)] = {"tokenexp": _UNICODE_TOKEN}
    if is_classifier(model) and hasattr(model, "predict_proba"):
        options[id(model)] = {"zipmap": False}
    elif is_classifier(model):
        # Any option of its own keeps the converter from handing a pipeline's down to the last step.
        options[id(_last_step(model))] = {"nocl": False}
    return options


def _put_front(
    exported: onnx.ModelProto, inputs: Inputs, floats: Datatype, *, by_column: bool
) -> None:
    if by_column and isinstance(inputs, PackedInputs):
        unpack_front(exported, inputs.columns, inputs.datatype)
    elif by_column:
        names = {column.source: column.spec.name for column in inputs.columns}
        onnx_models.rename(exported, names)
    elif isinstance(inputs, ColumnInputs) and len(inputs.columns) > 1:
        pack_front(exported, inputs.columns, floats)


def _name_outputs(exported: onnx.ModelProto, model: Any) -> None:  # noqa: ANN401 - any estimator
    onnx_models.name_value(exported, VALUE)
    if not hasattr(model, "predict_proba"):
        # Distances from a border are no probabilities, whatever the converter calls them.
        onnx_models.rename(exported, {PROBABILITIES: SCORES})


def _check_numbers(inputs: Inputs) -> None:
    for column in inputs.columns:
        if column.spec.datatype is Datatype.BYTES:
            raise ConversionFailed(
                f"Column {column.source!r} holds texts, and no step before the model encodes them.",
                cure="Encode it in a ColumnTransformer of the same pipeline.",
                tensor=column.source,
            )


def _without_unused(inputs: Inputs, exported: onnx.ModelProto) -> tuple[Inputs, list[str]]:
    taken = {argument.name for argument in exported.graph.input}
    unused = [column for column in inputs.columns if column.spec.name not in taken]
    if isinstance(inputs, PackedInputs) or not unused:
        return inputs, []
    kept = tuple(column for column in inputs.columns if column.spec.name in taken)
    notes = [f"{column.source} is no input: the model does not use it" for column in unused]
    return ColumnInputs(kept), notes


def _takes_columns(model: Any) -> bool:  # noqa: ANN401 - any estimator
    return any(isinstance(part, ColumnTransformer) for part in _parts(model))


def _parts(model: Any) -> Iterator[Any]:  # noqa: ANN401 - any estimator
    yield model
    if hasattr(model, "get_params"):
        yield from model.get_params(deep=True).values()


def _last_step(model: Any) -> Any:  # noqa: ANN401 - any estimator
    while isinstance(model, Pipeline):
        model = model.steps[-1][1]
    return model


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:500] if lines else type(error).__name__
