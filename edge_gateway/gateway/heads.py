"""Heads that repeat: a keep-alive peer sends the same head again and again.

The strict parser reads each new head. What came of it is kept with the head's exact bytes, in which
only the length of the body, and in an instance's answer the id of its call, may differ the next time.
Whatever differs in any other byte goes to the parser again, so nothing is understood in two ways.
"""

import re
from dataclasses import dataclass
from typing import Final

_MAX_HEAD_BYTES: Final = 4096
_MAX_DIGITS: Final = 10
_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,10})\r\n", re.IGNORECASE)


@dataclass(slots=True)
class KnownHead:
    """The bytes of a head: ``start``, an id where it ``names_id``, ``middle``, a length, ``end``."""

    start: bytes
    names_id: bool
    middle: bytes
    end: bytes
    _rest: bytes = b"\0"
    _length: int = 0
    """What followed the id the last time, and the length it told: mostly the next one is equal."""

    def read(self, data: bytes, own_id: bytes = b"") -> tuple[int, int] | None:
        """Return where the body begins and ends; None where ``data`` begins with another head.

        Args:
            data: Begins where a message begins; its body may not be whole yet.
            own_id: The id that a head with an id must name.
        """
        before = self.start + own_id if self.names_id else b""
        repeated = before + self._rest
        if data.startswith(repeated):
            begin = len(repeated)
            return begin, begin + self._length
        start = before + self.middle
        if not data.startswith(start):
            return None
        at = len(start)
        end = data.find(b"\r", at, at + _MAX_DIGITS + 1)
        digits = data[at:end]
        if end < 0 or not digits.isdigit() or not data.startswith(self.end, end):
            return None
        begin = end + len(self.end)
        self._rest, self._length = data[len(before) : begin], int(digits)
        return begin, begin + self._length


def learn(data: bytes, own_id: bytes = b"") -> KnownHead | None:
    """Remember the head that ``data`` begins with; None where that is not safe or not worth it.

    Args:
        data: Begins with a whole head, which the parser took, and which is framed by its length.
        own_id: The id that it may name in front of its length.
    """
    stop = data.find(_END, 0, _MAX_HEAD_BYTES) + len(_END)
    head = data[:stop]
    found = _LENGTH.search(head)
    if stop < len(_END) or found is None or head.lower().count(b"content-length") != 1:
        return None
    before, end = head[: found.start(1)], head[found.end(1) :]
    if not own_id or own_id not in head:
        return KnownHead(b"", names_id=False, middle=before, end=end)
    start, _, middle = before.partition(own_id)
    if own_id in middle or own_id in end or own_id not in before:
        return None
    return KnownHead(start, names_id=True, middle=middle, end=end)
