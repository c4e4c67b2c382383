"""The one form of counts on the wire: packed varints, and only their shortest spelling."""

from collections.abc import Iterator, Sequence

from capability_sdk.profiling.errors import ForeignContent

_FORMAT = 1
_MORE = 0x80
MAX_CELLS = 4096
MAX_COUNT = 2**53


def pack(counts: Sequence[int]) -> bytes:
    """Write counts: a format byte, their number, then each as a varint.

    Raises:
        ForeignContent: There are too many cells, or one is no count.
    """
    if len(counts) > MAX_CELLS or any(not 0 <= count <= MAX_COUNT for count in counts):
        raise ForeignContent("A column holds something else than counts.")
    packed = bytearray([_FORMAT])
    for number in (len(counts), *counts):
        rest = number
        while rest >= _MORE:
            packed.append(rest & 0x7F | _MORE)
            rest >>= 7
        packed.append(rest)
    return bytes(packed)


def unpack(packed: bytes) -> list[int]:
    """Read counts that `pack` wrote.

    Raises:
        ForeignContent: The bytes are anything else, were it only a longer spelling of a number.
    """
    if not packed or packed[0] != _FORMAT:
        raise ForeignContent("A column's counts are in an unknown format.")
    count, *cells = list(_varints(packed[1:])) or [0]
    if count != len(cells) or pack(cells) != packed:
        raise ForeignContent("A column holds something else than counts.")
    return cells


def _varints(packed: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in packed:
        number |= (byte & 0x7F) << shift
        shift += 7
        if shift > 63:  # noqa: PLR2004 - nine bytes hold every allowed count
            raise ForeignContent("A column holds something else than counts.")
        if not byte & _MORE:
            yield number
            number = shift = 0
