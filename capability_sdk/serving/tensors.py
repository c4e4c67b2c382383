"""One input tensor: from JSON or binary data of a request to an array, strictly."""

from collections.abc import Sequence
from itertools import chain
from math import prod
from typing import Any, Final

import numpy as np

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import TensorSpec
from capability_sdk.profiling.columns import NUMPY_TYPES, Tensor
from capability_sdk.serving.errors import TensorMismatch
from capability_sdk.serving.weight import are_texts_too_heavy

_FLOATS = frozenset({Datatype.FP16, Datatype.FP32, Datatype.FP64})
_WIDE: Final = {"i": np.int64, "u": np.uint64}
_LENGTH_BYTES: Final = 4
_SHOWN: Final = 60
_SHOWN_ITEMS: Final = 8


def _range(dtype: np.dtype[Any]) -> tuple[float, float]:
    """Least and greatest value; equal where every value of the type is fine."""
    if dtype.kind in "iu":
        integers = np.iinfo(dtype)
        return int(integers.min), int(integers.max)
    if dtype.kind == "f":
        floats = np.finfo(dtype)
        return float(floats.min), float(floats.max)
    return 0, 0


def _accepted(datatype: Datatype) -> frozenset[type]:
    if datatype in _FLOATS:
        return frozenset({int, float})
    if datatype is Datatype.BOOL:
        return frozenset({bool})
    return frozenset({str if datatype is Datatype.BYTES else int})


class InputReader:
    """Reads one declared input; every refusal names the tensor and what was expected."""

    def __init__(self, spec: TensorSpec, max_rows: int) -> None:
        self.spec = spec
        self.name = spec.name
        self.is_fixed = -1 not in spec.shape
        self._datatype = str(spec.datatype)
        self._dtype = np.dtype(NUMPY_TYPES[spec.datatype]).newbyteorder("<")
        self._accepted = _accepted(spec.datatype)
        self._low, self._high = _range(self._dtype)
        self._has_range = self._low < self._high
        self._max_rows = max_rows

    def check(self, datatype: object, shape: object) -> list[int]:
        """Check the declared type and shape of a request's tensor; return the shape.

        Raises:
            TensorMismatch: They are not those of the manifest.
        """
        if datatype != self._datatype:
            raise self._mismatch(f"expected datatype {self._datatype}, got {_show(datatype)}")
        inner = self.spec.shape
        if (
            type(shape) is not list
            or len(shape) != len(inner) + 1
            or not {int}.issuperset(map(type, shape))
            or not (shape[1:] == inner or (not self.is_fixed and self._fits(shape)))
        ):
            raise self._mismatch(f"expected shape {[-1, *inner]}, got {_show(shape)}")
        if not 1 <= shape[0] <= self._max_rows:
            raise self._mismatch(f"expected 1 to {self._max_rows} rows, got {_show(shape[0])}")
        return shape

    def from_json(self, shape: list[int], data: object) -> Tensor:
        """Read flat or nested values, row-major.

        Raises:
            TensorMismatch: Count, nesting, type or range of a value is not the declared one.
        """
        if type(data) is not list:
            raise self._mismatch("expected data, a list of values")
        values = self._flatten(data, shape) if data and type(data[0]) is list else data
        if len(values) != (count := prod(shape)):
            raise self._mismatch(f"shape {shape} needs {count} values, got {len(values)}")
        if not self._accepted.issuperset(map(type, values)):
            raise self._mismatch(f"{self._datatype} does not take {self._stranger(values)}")
        if self._has_range and not self._is_in_range(min(values), max(values)):
            raise self._mismatch(f"a value is out of the range of {self._datatype}")
        array: Tensor = np.array(values, dtype=self._dtype)
        return array.reshape(shape)

    def from_typed(self, shape: list[int], values: Sequence[object]) -> Tensor:
        """Read values of protobuf's type for the datatype; BYTES come as bytes.

        Raises:
            TensorMismatch: The values are not as many as the shape needs, or no such values.
        """
        if len(values) != (count := prod(shape)):
            raise self._mismatch(f"shape {shape} needs {count} values, got {len(values)}")
        if self._dtype.hasobject:
            texts = [self._text(value) for value in values if isinstance(value, bytes)]
            return np.array(texts, dtype=np.object_).reshape(shape)
        array: Tensor = np.array(values, dtype=_WIDE.get(self._dtype.kind, self._dtype))
        if self._dtype.kind in _WIDE and not self._is_in_range(array.min(), array.max()):
            raise self._mismatch(f"a value is out of the range of {self._datatype}")
        return array.astype(self._dtype, copy=False).reshape(shape)

    def from_binary(self, shape: list[int], data: memoryview) -> Tensor:
        """Read little-endian elements; BYTES elements follow their length of four bytes.

        Raises:
            TensorMismatch: The bytes are not as many as the shape needs, or no such values.
        """
        count = prod(shape)
        if self._dtype.hasobject:
            return self._read_texts(shape, count, data)
        if len(data) != (expected := count * self._dtype.itemsize):
            raise self._mismatch(f"shape {shape} needs {expected} bytes, got {len(data)}")
        if self._dtype.kind == "b" and (np.frombuffer(data, np.uint8) > 1).any():
            raise self._mismatch("a BOOL is a byte of 0 or 1")
        array: Tensor = np.frombuffer(data, self._dtype).reshape(shape)
        return array if array.flags.aligned else array.copy()

    def _read_texts(self, shape: list[int], count: int, data: memoryview) -> Tensor:
        if are_texts_too_heavy(count, len(data)):
            raise self._mismatch(f"{count} texts are too many for {len(data)} bytes")
        texts: list[str] = []
        position = 0
        while position < len(data) and len(texts) <= count:
            start = position + _LENGTH_BYTES
            position = start + int.from_bytes(data[position:start], "little")
            if start > len(data) or position > len(data):
                raise self._mismatch("a BYTES element is longer than the data")
            texts.append(self._text(data[start:position]))
        if len(texts) != count:
            got = len(texts) if len(texts) < count else "more"
            raise self._mismatch(f"shape {shape} needs {count} values, got {got}")
        return np.array(texts, dtype=np.object_).reshape(shape)

    def _text(self, value: bytes | memoryview) -> str:
        try:
            return str(value, "utf-8")
        except UnicodeDecodeError:
            raise self._mismatch("a BYTES element is not UTF-8") from None

    def _is_in_range(self, least: float, greatest: float) -> bool:
        return self._low <= least <= greatest <= self._high

    def _fits(self, shape: Sequence[int]) -> bool:
        return all(
            given == declared or (declared == -1 and given >= 1)
            for given, declared in zip(shape[1:], self.spec.shape, strict=True)
        )

    def _flatten(self, data: list[list[object]], shape: list[int]) -> list[object]:
        level: list[Any] = data
        is_whole = len(data) == shape[0]
        for size in shape[1:]:
            is_whole = is_whole and all(type(item) is list and len(item) == size for item in level)
            if not is_whole:
                raise self._mismatch(f"the nesting of the data is not that of shape {shape}")
            level = list(chain.from_iterable(level))
        return level

    def _stranger(self, values: Sequence[object]) -> str:
        found = next(value for value in values if type(value) not in self._accepted)
        return "a missing value (null)" if found is None else f"the value {_show(found)}"

    def _mismatch(self, reason: str) -> TensorMismatch:
        return TensorMismatch(
            f"Input {self.name}: {reason}.",
            tensor=self.name,
            expected={"datatype": self._datatype, "shape": [-1, *self.spec.shape]},
        )


def _show(value: object) -> str:
    if isinstance(value, dict) or (isinstance(value, list) and len(value) > _SHOWN_ITEMS):
        return f"a {type(value).__name__} of {len(value)}"
    return ascii(value[:_SHOWN] if isinstance(value, str) else value)[:_SHOWN]
