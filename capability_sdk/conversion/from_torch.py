"""PyTorch modules and exported programs (``torch.export``), to ONNX."""

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import onnx
import torch

from capability_sdk.conversion.converted import Answers, Converted
from capability_sdk.conversion.errors import ConversionFailed
from capability_sdk.conversion.from_onnx import describe_onnx
from capability_sdk.conversion.inputs import Inputs, lay_out
from capability_sdk.conversion.output_names import VALUE
from capability_sdk.conversion.training import TrainingData
from capability_sdk.conversion.words import Hints
from capability_sdk.profiling.columns import Tensor

_OPSET = 18
_EXAMPLE_ROWS = 2
_ANSWERED_ROWS = 256


def export_torch(model: Any, data: TrainingData, hints: Hints) -> Converted:  # noqa: ANN401 - torch declares its own types as Any
    """Convert a module or an exported program.

    Args:
        model: A ``torch.nn.Module``, or a ``torch.export.ExportedProgram`` whose first dimension
            is dynamic.
        data: Arrays by the names of its arguments, in their order; or one matrix.
        hints: The author's words.

    Raises:
        ConversionFailed: It does not export; torch's own reason is quoted.
    """
    inputs = lay_out(data, hints)
    if isinstance(model, torch.nn.Module):
        model.eval()
    example = data.take(np.arange(min(len(data), _EXAMPLE_ROWS)))
    answers = _answers(model, inputs)
    outputs = list(answers(example))
    exported = _export(model, inputs, example, outputs)
    _forget_sources(exported)
    return describe_onnx(exported, data, hints, answers)


def _export(
    model: Any,  # noqa: ANN401 - as above
    inputs: Inputs,
    example: TrainingData,
    outputs: list[str],
) -> onnx.ModelProto:
    tensors = _tensors(inputs, example)
    names = [spec.name for spec in inputs.specs]
    is_module = isinstance(model, torch.nn.Module)
    rows = torch.export.Dim.DYNAMIC
    try:
        with warnings.catch_warnings():
            # torch warns of its own deprecated parts; the answers are compared afterwards.
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                model,
                tensors if is_module else (),
                dynamo=True,
                input_names=names,
                output_names=outputs,
                dynamic_shapes=tuple({0: rows} for _ in tensors) if is_module else None,
                opset_version=_OPSET,
                verbose=False,
            )
        exported: onnx.ModelProto = program.model_proto
    except Exception as error:
        raise ConversionFailed(
            f"{type(model).__name__} does not export: {str(error).strip()[:800]}",
            cure="Write forward() so that torch.export traces it: no branches on values; the"
            " inputs are " + ", ".join(names) + ".",
        ) from error
    return exported


def _answers(model: Any, inputs: Inputs) -> Answers:  # noqa: ANN401 - as above
    call = model if isinstance(model, torch.nn.Module) else model.module()

    def answer(data: TrainingData) -> dict[str, Tensor]:
        with torch.no_grad():
            batches = [
                _named(call(*_tensors(inputs, data.take(places))))
                for places in np.array_split(
                    np.arange(len(data)), max(1, len(data) // _ANSWERED_ROWS)
                )
            ]
        return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}

    return answer


def _tensors(inputs: Inputs, data: TrainingData) -> tuple[Any, ...]:
    return tuple(torch.from_numpy(values) for values in inputs.feed(data).values())


def _named(answer: Any) -> dict[str, Tensor]:  # noqa: ANN401 - a tensor, a tuple or a mapping
    if isinstance(answer, Mapping):
        return {str(name): values.numpy() for name, values in answer.items()}
    if isinstance(answer, tuple | list):
        return {f"{VALUE}_{place}": values.numpy() for place, values in enumerate(answer)}
    return {VALUE: answer.numpy()}


def _forget_sources(model: onnx.ModelProto) -> None:
    """Remove where in the author's files each operator comes from: paths, and lines of code."""
    for part in _parts(model):
        del part.metadata_props[:]
        part.doc_string = ""


def _parts(model: onnx.ModelProto) -> Iterator[Any]:
    graph = model.graph
    yield from (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info)
    yield from graph.initializer
    for function in model.functions:
        yield from (function, *function.node)
