"""ONNX models in memory: names, shapes and text nodes as the platform wants them; a trial run."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import TensorSpec
from capability_sdk.conversion.errors import ConversionFailed
from capability_sdk.packaging.onnx_traps import PORTABLE_LOCALE, PORTABLE_LOCALES
from capability_sdk.profiling.columns import NUMPY_TYPES, Tensor

BATCH = "rows"
OPSETS = {"": 17, "ai.onnx.ml": 3}
_TENSOR_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,62}")
_DATATYPES = {np.dtype(numpy_type).name: datatype for datatype, numpy_type in NUMPY_TYPES.items()}


def run(model: onnx.ModelProto, feed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Compute rows with ONNX Runtime.

    Raises:
        ConversionFailed: The model does not load, or does not take the tensors.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, dict(feed)), strict=True))
    except Exception as error:
        raise ConversionFailed(
            f"ONNX Runtime does not compute the training data: {str(error)[:500]}",
            cure=f"Its inputs are given as {_shown(feed)}.",
        ) from error


def mend(model: onnx.ModelProto, answers: Mapping[str, Tensor] | None = None) -> list[str]:
    """Mend in place what would break elsewhere; return what was mended.

    Args:
        model: Mended in place.
        answers: Outputs of two or more rows, which show the true shape of each.
    """
    return [
        *_mend_locales(model),
        *_mend_zip_maps(model),
        *_mend_shapes(model, answers or {}),
    ]


def rename(model: onnx.ModelProto, names: Mapping[str, str]) -> None:
    """Rename inputs and outputs everywhere in the main graph."""
    for argument in (*model.graph.input, *model.graph.output):
        argument.name = names.get(argument.name, argument.name)
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]


def name_value(model: onnx.ModelProto, name: str) -> None:
    """Name the output that exporters call ``variable``, with a number where that is taken."""
    rename(model, {o.name: name for o in model.graph.output if o.name.startswith("variable")})


def narrow_trees(model: onnx.ModelProto) -> None:
    """Let trees of a model in 64 bits compare in 32, as their libraries do."""
    graph = model.graph
    nodes = list(graph.node)
    del graph.node[:]
    declared = {item.name: item for item in (*graph.output, *graph.value_info)}
    for node in nodes:
        if node.op_type.startswith("TreeEnsemble"):
            narrow = f"{node.input[0]}_narrow_{len(graph.node)}"
            cast = helper.make_node("Cast", [node.input[0]], [narrow], to=TensorProto.FLOAT)
            graph.node.append(cast)
            node.input[0] = narrow
            for item in (declared[name] for name in node.output if name in declared):
                if item.type.tensor_type.elem_type == TensorProto.DOUBLE:
                    item.type.tensor_type.elem_type = TensorProto.FLOAT
        graph.node.append(node)


def outputs_of(answers: Mapping[str, Tensor], rows: int) -> tuple[TensorSpec, ...]:
    """Describe outputs by what the model answered for so many rows.

    Raises:
        ConversionFailed: An output is no tensor with one entry a row.
    """
    return tuple(_output(name, values, rows) for name, values in answers.items())


def _output(name: str, values: Any, rows: int) -> TensorSpec:  # noqa: ANN401 - ONNX also answers maps
    if not isinstance(values, np.ndarray):
        raise ConversionFailed(
            f"Output {name} is a {type(values).__name__}, not a tensor.",
            cure="Export the classifier without ZipMap (options zipmap=False).",
            tensor=name,
        )
    if values.shape[:1] != (rows,):
        raise ConversionFailed(
            f"Output {name} has shape {list(values.shape)} for {rows} rows.",
            cure="Its first dimension must be the batch; export with a dynamic batch dimension.",
            tensor=name,
        )
    if not _TENSOR_NAME.fullmatch(name):
        raise ConversionFailed(
            f"Output {name!r} has a name that no manifest takes.",
            cure="Name outputs in letters, digits, '_', '.' or '-', at most 63, no digit first.",
            tensor=name,
        )
    datatype = Datatype.BYTES if values.dtype.kind in "OU" else _DATATYPES[values.dtype.name]
    return TensorSpec(name=name, datatype=datatype, shape=list(values.shape[1:]))


def _mend_locales(model: onnx.ModelProto) -> Iterator[str]:
    for node in _nodes(model.graph):
        if node.op_type != "StringNormalizer":
            continue
        named = [item for item in node.attribute if item.name == "locale"]
        if named and named[0].s.decode("utf-8", "replace") in PORTABLE_LOCALES:
            continue
        for item in named:
            node.attribute.remove(item)
        node.attribute.append(helper.make_attribute("locale", PORTABLE_LOCALE))
        yield f"text node {node.name or node.op_type}: locale {PORTABLE_LOCALE}, which every host has"


def _mend_zip_maps(model: onnx.ModelProto) -> Iterator[str]:
    """Let a classifier answer a tensor of probabilities, not a list of maps."""
    graph = model.graph
    for node in [node for node in graph.node if node.op_type == "ZipMap"]:
        output = next((item for item in graph.output if item.name == node.output[0]), None)
        if output is None:
            continue
        source, name = node.input[0], node.output[0]
        graph.node.remove(node)
        graph.node.append(helper.make_node("Identity", [source], [name]))
        output.CopyFrom(helper.make_tensor_value_info(name, TensorProto.FLOAT, [BATCH, None]))
        yield f"output {name}: a tensor of probabilities in place of a ZipMap"


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)


def _mend_shapes(model: onnx.ModelProto, answers: Mapping[str, Tensor]) -> Iterator[str]:
    for output in model.graph.output:
        tensor = output.type.tensor_type
        declared = [
            dim.dim_value if dim.HasField("dim_value") else None for dim in tensor.shape.dim
        ]
        values = answers.get(output.name)
        if values is None or not declared or declared[0] is None:
            continue
        true = [BATCH, *values.shape[1:]]
        output.CopyFrom(helper.make_tensor_value_info(output.name, tensor.elem_type, true))
        yield f"output {output.name}: declared {declared}, is {true}"


def _shown(feed: Mapping[str, Tensor]) -> str:
    return ", ".join(f"{name} {values.dtype} {list(values.shape)}" for name, values in feed.items())
