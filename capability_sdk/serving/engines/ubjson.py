"""Reads the UBJSON that XGBoost writes: a strict subset, so that both read the same thing.

Format: https://ubjson.org (draft 12), with the 64-bit lengths, typed arrays and big-endian numbers that
`xgboost` uses.
"""

import struct
from typing import Any

import numpy as np

MAX_DEPTH = 64
_NUMBERS = {
    b"i": ">i1",
    b"U": ">u1",
    b"I": ">i2",
    b"l": ">i4",
    b"L": ">i8",
    b"d": ">f4",
    b"D": ">f8",
}
_LENGTH = struct.Struct(">q")


class NotUbjson(Exception):
    """The bytes are not what XGBoost writes."""


def read_ubjson(content: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Read one value; typed arrays become numpy arrays.

    Raises:
        NotUbjson: The bytes are no such value, repeat a key, nest too deep or go on behind it.
    """
    reader = _Reader(content)
    try:
        value = reader.value(reader.take(1), 0)
    except (ValueError, UnicodeDecodeError, struct.error) as error:
        raise NotUbjson(f"it is no UBJSON of XGBoost ({error})") from error
    if not reader.is_at_end:
        raise NotUbjson("it goes on behind its end")
    return value


class _Reader:
    """A position in some bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    @property
    def is_at_end(self) -> bool:
        return self._at == len(self._content)

    def take(self, size: int) -> bytes:
        """Return the next bytes, all of them."""
        if not 0 <= size <= len(self._content) - self._at:
            raise NotUbjson("it ends too early")
        self._at += size
        return self._content[self._at - size : self._at]

    def value(self, kind: bytes, depth: int) -> Any:  # noqa: ANN401 - any JSON value
        """Read a value of a kind whose letter was read."""
        if depth > MAX_DEPTH:
            raise NotUbjson("it nests too deep")
        if kind == b"{":
            return self._object(depth)
        if kind == b"[":
            return self._array(depth)
        if kind == b"S":
            self._expect(b"L")
            return self._text()
        if kind in _NUMBERS:
            return self._numbers(kind, 1)[0].item()
        raise NotUbjson(f"it holds a value of kind {kind!r}")

    def _object(self, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        while (mark := self.take(1)) != b"}":
            if mark != b"L":
                raise NotUbjson("a key has no length of 8 bytes")
            key = self._text()
            if key in members:
                raise NotUbjson(f"it repeats the key {key[:50]!a}")
            members[key] = self.value(self.take(1), depth + 1)
        return members

    def _array(self, depth: int) -> Any:  # noqa: ANN401 - a list or a numpy array
        mark = self.take(1)
        kind = self.take(1) if mark == b"$" else None
        if kind is not None:
            mark = self.take(1)
        if mark != b"#":
            raise NotUbjson("an array has no length")
        self._expect(b"L")
        count = self._length()
        if kind is not None:
            return self._numbers(kind, count)
        return [self.value(self.take(1), depth + 1) for _ in range(count)]

    def _numbers(self, kind: bytes, count: int) -> Any:  # noqa: ANN401 - numpy's
        if kind not in _NUMBERS:
            raise NotUbjson(f"it holds an array of kind {kind!r}")
        dtype = np.dtype(_NUMBERS[kind])
        return np.frombuffer(self.take(count * dtype.itemsize), dtype)

    def _text(self) -> str:
        return self.take(self._length()).decode()

    def _length(self) -> int:
        length: int = _LENGTH.unpack(self.take(_LENGTH.size))[0]
        if length < 0:
            raise NotUbjson("a length is negative")
        return length

    def _expect(self, mark: bytes) -> None:
        if self.take(1) != mark:
            raise NotUbjson(f"{mark!r} is missing")
