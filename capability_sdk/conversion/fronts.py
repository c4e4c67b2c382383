"""Puts nodes before an ONNX model, so that its inputs become those of the manifest."""

from collections.abc import Sequence

import onnx
from onnx import TensorProto, helper

from capability_sdk.contracts.inference import Datatype
from capability_sdk.conversion.columns import Column
from capability_sdk.conversion.onnx_models import BATCH, OPSETS
from capability_sdk.conversion.training import WHOLE

ELEMENT_TYPES = {
    Datatype.FP32: TensorProto.FLOAT,
    Datatype.FP64: TensorProto.DOUBLE,
    Datatype.INT64: TensorProto.INT64,
    Datatype.BYTES: TensorProto.STRING,
}


def unpack_front(model: onnx.ModelProto, columns: Sequence[Column], packed: Datatype) -> None:
    """Let a model of one input a column take them all in one tensor, shape ``(rows, columns)``.

    Column ``n`` of the tensor becomes the n-th input; a place in the levels becomes the level.
    """
    nodes: list[onnx.NodeProto] = []
    for place, column in enumerate(columns):
        name = column.source
        picked = f"{WHOLE}_{place}"
        at = helper.make_node("Constant", [], [f"{picked}_at"], value_ints=[place])
        nodes += [at, helper.make_node("Gather", [WHOLE, f"{picked}_at"], [picked], axis=1)]
        nodes += _as_column(picked, name, column)
    _replace_inputs(model, nodes, [(WHOLE, ELEMENT_TYPES[packed], [BATCH, len(columns)])])


def pack_front(model: onnx.ModelProto, columns: Sequence[Column], wanted: Datatype) -> None:
    """Let a model of one matrix take one input a column."""
    nodes = [
        helper.make_node(
            "Cast", [column.spec.name], [f"{column.spec.name}_cast"], to=ELEMENT_TYPES[wanted]
        )
        for column in columns
    ]
    casts = [f"{column.spec.name}_cast" for column in columns]
    nodes.append(helper.make_node("Concat", casts, [WHOLE], axis=1))
    declared: list[tuple[str, int, list[int | str]]] = [
        (column.spec.name, ELEMENT_TYPES[column.spec.datatype], [BATCH, *column.spec.shape])
        for column in columns
    ]
    _replace_inputs(model, nodes, declared)


def _as_column(picked: str, name: str, column: Column) -> list[onnx.NodeProto]:
    spec = column.spec
    if spec.datatype is not Datatype.BYTES:
        return [helper.make_node("Cast", [picked], [name], to=ELEMENT_TYPES[spec.datatype])]
    levels = spec.levels or []
    place = f"{picked}_place"
    return [
        helper.make_node("Cast", [picked], [place], to=TensorProto.INT64),
        helper.make_node(
            "LabelEncoder",
            [place],
            [name],
            domain="ai.onnx.ml",
            keys_int64s=list(range(len(levels))),
            values_strings=levels,
            default_string="",
        ),
    ]


def _replace_inputs(
    model: onnx.ModelProto,
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[tuple[str, int, list[int | str]]],
) -> None:
    graph = model.graph
    behind = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *behind])
    del graph.input[:]
    graph.input.extend(helper.make_tensor_value_info(*declared) for declared in inputs)
    # A model without nodes of a domain does not import it, or imports an older set of operators.
    known = {item.domain: item for item in model.opset_import}
    for domain, version in OPSETS.items():
        if domain not in known:
            model.opset_import.append(helper.make_opsetid(domain, version))
        elif known[domain].version < version:
            known[domain].version = version
