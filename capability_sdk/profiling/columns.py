"""How tensors become columns: one column an element of a row."""

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import Manifest, TensorSpec

Tensor = NDArray[np.generic]
"""A tensor with the batch dimension first, any datatype."""

MAX_ELEMENTS = 1024
"""Elements of a row up to which a tensor is profiled; an image of a megapixel has no columns."""

NUMPY_TYPES: dict[Datatype, type[np.generic]] = {
    Datatype.BOOL: np.bool_,
    Datatype.UINT8: np.uint8,
    Datatype.UINT16: np.uint16,
    Datatype.UINT32: np.uint32,
    Datatype.UINT64: np.uint64,
    Datatype.INT8: np.int8,
    Datatype.INT16: np.int16,
    Datatype.INT32: np.int32,
    Datatype.INT64: np.int64,
    Datatype.FP16: np.float16,
    Datatype.FP32: np.float32,
    Datatype.FP64: np.float64,
    Datatype.BYTES: np.object_,
}

COLUMN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,62}(\[\d{1,4}\])?")
"""What a column can be called: a manifest's tensor name, perhaps with an index."""

_ELEMENT = re.compile(r"(.+)\[(\d+)\]")


def names_of(tensor: str, elements: int) -> list[str]:
    """Name the columns of a tensor: its own name, or ``name[0]`` to ``name[k-1]``."""
    return [tensor] if elements == 1 else [f"{tensor}[{index}]" for index in range(elements)]


def position_of(column: str) -> tuple[str, int]:
    """Split a column's name into its tensor and the index within a row."""
    match = _ELEMENT.fullmatch(column)
    return (match[1], int(match[2])) if match else (column, 0)


def profiled(manifest: Manifest) -> dict[str, TensorSpec]:
    """Inputs and outputs that may be profiled: not sensitive, of fixed and modest size."""
    specs: Iterable[TensorSpec] = (*manifest.outputs, *manifest.inputs)
    sensitive = {spec.name for spec in specs if spec.sensitive}
    return {
        spec.name: spec
        for spec in specs
        if spec.name not in sensitive
        and -1 not in spec.shape
        and 0 < spec.elements <= MAX_ELEMENTS
        and 0 not in spec.shape
    }


def is_categorical(spec: TensorSpec) -> bool:
    """Tell whether a tensor's values are names of things, not amounts."""
    return spec.levels is not None or spec.datatype is Datatype.BYTES


def level_text(value: object) -> str | None:
    """Write a categorical value the way a manifest declares it; None where it is missing."""
    if value is None or value != value:  # noqa: PLR0124 - NaN alone differs from itself
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
