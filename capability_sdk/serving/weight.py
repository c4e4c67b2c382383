"""What a request would weigh in memory, told before its values are made.

An empty list of two bytes becomes an object of sixty. Numbers stay below ten times their text; texts,
lists and objects that are short do not, so a request of many of them is refused.
"""

import numpy as np

_FACTOR = 8
_ALLOWANCE = 4 << 20
"""What any request may weigh, however short its values are."""

_SURELY_FINE_BYTES = _ALLOWANCE // 128
"""No JSON text weighs more than 120 times its size."""

_TEXT_BYTES = 66
_BYTES_OF = {ord("["): 72, ord("{"): 240, ord(":"): 150}
_QUOTE = ord('"')
_SLICE = 1 << 20


def is_json_too_heavy(text: bytes | memoryview) -> bool:
    """Tell whether a JSON text would become more than a request may weigh."""
    if len(text) <= _SURELY_FINE_BYTES:
        return False
    whole, most = bytes(text), _most(len(text))
    if _weight({mark: whole.count(mark) for mark in (*_BYTES_OF, _QUOTE)}) <= most:
        return False
    # Texts may hold any of the characters that were counted.
    return _weight(_counts_outside_texts(whole)) > most


def are_texts_too_heavy(count: int, size: int) -> bool:
    """Tell whether so many texts in so many bytes would become more than a request may weigh."""
    return count * _TEXT_BYTES > _most(size)


def _most(size: int) -> int:
    return _ALLOWANCE + _FACTOR * size


def _weight(counts: dict[int, int]) -> int:
    marks = sum(each * counts[mark] for mark, each in _BYTES_OF.items())
    return marks + _TEXT_BYTES * counts[_QUOTE] // 2


def _counts_outside_texts(text: bytes) -> dict[int, int]:
    """Count the marks that are no part of a text, and the quotes around texts; slice by slice."""
    # Without its escapes, each quote begins or ends a text.
    plain = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    counts = dict.fromkeys((*_BYTES_OF, _QUOTE), 0)
    is_inside = 0
    for start in range(0, len(plain), _SLICE):
        part = np.frombuffer(plain, np.uint8, min(_SLICE, len(plain) - start), start)
        quotes = part == _QUOTE
        inside = np.bitwise_xor.accumulate(quotes.view(np.uint8)) ^ is_inside
        is_inside = int(inside[-1])
        counts[_QUOTE] += int(quotes.sum())
        for mark in _BYTES_OF:
            counts[mark] += int(((part == mark) & (inside == 0)).sum())
    return counts
