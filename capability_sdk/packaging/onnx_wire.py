"""Finds references to files outside of an ONNX model, by its wire format alone.

Neither protobuf nor ONNX needs to be installed, nothing is kept in memory, and the work is bounded.
Only models whose bytes spell the key of such a reference come here (see `formats`).
"""

from collections.abc import Callable
from typing import Final

MAX_FIELDS = 300_000
MAX_DEPTH = 60
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_CHUNK = 64 * 1024

# Message -> field number -> message of that field: the ways that lead to a tensor.
_TENSOR: Final = "tensor"
_WAYS: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: _TENSOR, 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {
        5: _TENSOR,
        6: "graph",
        10: _TENSOR,
        11: "graph",
        22: "sparse",
        23: "sparse",
    },
    "sparse": {1: _TENSOR, 2: _TENSOR},
    _TENSOR: {},
}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14


class NotProvable(Exception):
    """The bytes are no well-formed model, or walking them takes more work than allowed."""


class OnnxWalk:
    """Walks one model forward, reading from ``read(size)``."""

    def __init__(self, read: Callable[[int], bytes], size: int) -> None:
        self._read = read
        self._size = size
        self._at = 0
        self._fields = 0

    def has_external_data(self) -> bool:
        """Say whether a tensor anywhere in the model lives in another file.

        Raises:
            NotProvable: It cannot be told.
        """
        return self._message("model", self._size, 0)

    def _message(self, kind: str, end: int, depth: int) -> bool:
        if depth > MAX_DEPTH:
            raise NotProvable("messages are nested too deeply")
        while self._at < end:
            tag = self._varint()
            number, wire = tag >> 3, tag & 7
            self._fields += 1
            if self._fields > MAX_FIELDS:
                raise NotProvable("there are too many fields")
            if self._field(kind, number, wire, end, depth):
                return True
        if self._at != end:
            raise NotProvable("a field is longer than its message")
        return False

    def _field(self, kind: str, number: int, wire: int, end: int, depth: int) -> bool:
        if kind == _TENSOR and number == _EXTERNAL_DATA:
            return True
        if wire == _VARINT:
            value = self._varint()
            return kind == _TENSOR and number == _DATA_LOCATION and value != 0
        if wire in {_FIXED32, _FIXED64}:
            self._skip(4 if wire == _FIXED32 else 8, end)
            return False
        if wire != _BYTES:
            raise NotProvable(f"wire type {wire} is not of this format")
        length = self._varint()
        if self._at + length > end:
            raise NotProvable("a field is longer than its message")
        inner = _WAYS[kind].get(number)
        if inner is not None:
            return self._message(inner, self._at + length, depth + 1)
        self._skip(length, end)
        return False

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:  # noqa: PLR2004 - the continuation bit of the encoding
                return value
        raise NotProvable("a number has more than ten bytes")

    def _skip(self, length: int, end: int) -> None:
        if self._at + length > end:
            raise NotProvable("a field is longer than its message")
        while length:
            length -= len(self._take(min(length, _CHUNK)))

    def _take(self, size: int) -> bytes:
        content = self._read(size)
        if len(content) != size:
            raise NotProvable("the file ends inside of a field")
        self._at += size
        return content
