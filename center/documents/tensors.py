"""Tensors of the Open Inference Protocol as JSON Schema (2020-12) and as an example."""

from typing import Any

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import Manifest, TensorSpec

_INTEGER_BITS = {
    Datatype.UINT8: 8,
    Datatype.UINT16: 16,
    Datatype.UINT32: 32,
    Datatype.UINT64: 64,
    Datatype.INT8: 8,
    Datatype.INT16: 16,
    Datatype.INT32: 32,
    Datatype.INT64: 64,
}
_MOST_SHOWN = 64
"""Elements of one row up to which an example is written out."""


def tensor_schema(spec: TensorSpec, max_batch_size: int) -> dict[str, Any]:
    """Describe one tensor as it stands in a request or an answer.

    Args:
        spec: From the manifest, without the batch dimension.
        max_batch_size: Rows that one call may have.

    Returns:
        A schema that admits this tensor by its name alone; the data may be flat or nested.
    """
    batch = {"type": "integer", "minimum": 1, "maximum": max_batch_size}
    shape = [batch, *(_dimension(size) for size in spec.shape)]
    schema: dict[str, Any] = {
        "type": "object",
        "required": ["name", "shape", "datatype", "data"],
        "properties": {
            "name": {"const": spec.name},
            "datatype": {"const": spec.datatype.value},
            "shape": {
                "type": "array",
                "prefixItems": shape,
                "minItems": len(shape),
                "maxItems": len(shape),
            },
            "parameters": {"type": "object"},
            "data": {"type": "array", "items": _nested(element_schema(spec))},
        },
    }
    description = _description(spec)
    return schema | ({"description": description} if description else {})


def element_schema(spec: TensorSpec) -> dict[str, Any]:
    """Describe one element of a tensor."""
    if spec.datatype is Datatype.BYTES:
        return {"type": "string"} | ({"enum": spec.levels} if spec.levels else {})
    if spec.datatype is Datatype.BOOL:
        return {"type": "boolean"}
    bits = _INTEGER_BITS.get(spec.datatype)
    if bits is None:
        return {"type": "number"}
    if spec.datatype.value.startswith("U"):
        return {"type": "integer", "minimum": 0, "maximum": (1 << bits) - 1}
    return {"type": "integer", "minimum": -(1 << bits - 1), "maximum": (1 << bits - 1) - 1}


def example_request(manifest: Manifest) -> dict[str, Any]:
    """Write a request of one row that the contract admits; its values mean nothing."""
    return {"inputs": [_example(spec) for spec in manifest.inputs]}


def _example(spec: TensorSpec) -> dict[str, Any]:
    value: Any = 0
    if spec.datatype is Datatype.BYTES:
        value = spec.levels[0] if spec.levels else "text"
    elif spec.datatype is Datatype.BOOL:
        value = False
    elif spec.datatype in {Datatype.FP16, Datatype.FP32, Datatype.FP64}:
        value = 0.0
    return {
        "name": spec.name,
        "shape": [1, *(max(size, 1) for size in spec.shape)],
        "datatype": spec.datatype.value,
        "data": [value] * spec.elements,
    }


def is_short(manifest: Manifest) -> bool:
    """Tell whether an example can be read at a glance."""
    return sum(spec.elements for spec in manifest.inputs) <= _MOST_SHOWN


def _dimension(size: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1} if size < 0 else {"const": size}


def _nested(element: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [element, {"type": "array"}]}


def _description(spec: TensorSpec) -> str:
    unit = f"Unit: {spec.unit}." if spec.unit else ""
    sensitive = "Sensitive: never profiled." if spec.sensitive else ""
    return " ".join(part for part in (spec.description, unit, sensitive) if part)
