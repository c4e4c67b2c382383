"""How large a request may be: as large as the manifest's tensors need, and no larger."""

import re
from math import prod

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import Manifest, TensorSpec

_BASE = 1 << 20
_BYTES_A_VALUE = 32
"""A number of 17 digits with sign, exponent, comma and white space."""
_VARIABLE = 16 << 20
_MOST = 64 << 20

_BASE_VALUES = 4096
_VARIABLE_VALUES = 1 << 20
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)


def body_limit(manifest: Manifest) -> int:
    """Return the size of the largest body that is read, in bytes."""
    if _is_variable(manifest):
        return _VARIABLE
    values = manifest.max_batch_size * sum(spec.elements for spec in manifest.inputs)
    return min(_BASE + _BYTES_A_VALUE * values, _MOST)


def value_limit(manifest: Manifest) -> int:
    """Return how many values, lists and objects the JSON part of a request may hold.

    A value of two bytes, such as ``[]``, becomes an object of sixty: without this limit a body
    would take some thirty times its size in memory.
    """
    if _is_variable(manifest):
        return _VARIABLE_VALUES
    values = sum(_nested_values(spec, manifest.max_batch_size) for spec in manifest.inputs)
    return _BASE_VALUES + values


def has_more_values(text: bytes | memoryview, limit: int) -> bool:
    """Tell whether a JSON text may hold more than so many values, lists and objects."""
    if len(text) <= limit:
        return False
    counted = bytes(text)
    if _separators(counted) <= limit:
        return False
    # Texts may hold any of the characters that were counted.
    return _separators(_TEXT.sub(b"", counted)) > limit


def _separators(text: bytes) -> int:
    return sum(map(text.count, (b",", b"[", b"{")))


def _is_variable(manifest: Manifest) -> bool:
    return any(spec.datatype is Datatype.BYTES or -1 in spec.shape for spec in manifest.inputs)


def _nested_values(spec: TensorSpec, rows: int) -> int:
    """Count the values of a full tensor, and the lists around them where it is sent nested."""
    shape = (rows, *spec.shape)
    return sum(prod(shape[:depth]) for depth in range(len(shape) + 1))
