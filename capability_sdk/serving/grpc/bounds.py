"""How many fields a message may have, told before it is parsed.

A field of two bytes, such as an input without anything in it, becomes an object of a hundred: without
this limit a message would take some fifty times its size in memory.
"""

from collections.abc import Iterator
from itertools import islice, repeat

from google.protobuf.message import DecodeError

_MOST_FIELDS = 65_536
_SURELY_FINE_BYTES = 64 << 10
_NESTED = frozenset({(4,), (5,), (6,), (5, 5)})
"""Parameters, inputs and outputs of an infer request, and the contents of an input."""

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_SIZES = {_FIXED32: 4, _FIXED64: 8}
_MAX_SHIFT = 63


def has_too_many_fields(data: bytes) -> bool:
    """Tell whether a message has more fields than any request of the protocol needs.

    What is no message at all is left to the parser, which stops where this stops.
    """
    if len(data) <= _SURELY_FINE_BYTES:
        return False
    try:
        return sum(1 for _ in islice(_fields(data, 0, len(data)), _MOST_FIELDS + 1)) > _MOST_FIELDS
    except DecodeError:
        return False


def _fields(data: bytes, position: int, end: int, above: tuple[int, ...] = ()) -> Iterator[None]:
    """Yield once for each field, and for each field of those that are messages.

    Raises:
        DecodeError: These bytes are no fields.
    """
    while position < end:
        tag, position = _varint(data, position, end)
        kind, path = tag & 7, (*above, tag >> 3)
        yield
        if kind == _VARINT:
            _, position = _varint(data, position, end)
        elif kind == _LENGTH:
            length, start = _varint(data, position, end)
            position = start + length
            if position <= end and path in _NESTED:
                yield from _fields(data, start, position, path)
        elif kind in _SIZES:
            position += _SIZES[kind]
        else:
            # Groups, which the protocol does not have, and which may hold anything.
            yield from repeat(None, _MOST_FIELDS)
        if position > end:
            raise DecodeError


def _varint(data: bytes, position: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while position < end and shift <= _MAX_SHIFT:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the bit that says that more follows
            return value, position
        shift += 7
    raise DecodeError
