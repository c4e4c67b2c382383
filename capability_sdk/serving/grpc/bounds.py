"""How many fields a message may have, told before it is parsed.

A field of two bytes, such as an input without anything in it, becomes an object of a hundred: without
this limit a message would take some fifty times its size in memory.
"""

from collections.abc import Iterator

from google.protobuf.message import DecodeError

_MOST_FIELDS = 16_384
_SURELY_FINE_BYTES = 64 << 10
_NESTED = frozenset({4, 5, 6})
"""Parameters, inputs and outputs of an infer request; what lies deeper is small beside its bytes."""
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_MAX_SHIFT = 63


def has_too_many_fields(data: bytes) -> bool:
    """Tell whether a message has more fields than any request of the protocol needs.

    What is no message at all is left to the parser.
    """
    if len(data) <= _SURELY_FINE_BYTES:
        return False
    count = 0
    try:
        for number, start, end in _fields(data, 0, len(data)):
            count += 1
            if number in _NESTED:
                count += sum(1 for _ in _fields(data, start, end))
            if count > _MOST_FIELDS:
                return True
    except DecodeError:
        return False
    return False


def _fields(data: bytes, position: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield number, start and end of each field.

    Raises:
        DecodeError: These bytes are no fields.
    """
    while position < end:
        tag, position = _varint(data, position, end)
        kind, start = tag & 7, position
        if kind == _VARINT:
            _, position = _varint(data, position, end)
        elif kind == _LENGTH:
            length, start = _varint(data, position, end)
            position = start + length
        elif kind in {_FIXED32, _FIXED64}:
            position += 4 if kind == _FIXED32 else 8
        else:
            raise DecodeError
        if position > end:
            raise DecodeError
        yield tag >> 3, start, position


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
