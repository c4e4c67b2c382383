"""How deep a JSON text nests, counted as its bytes stream by, at the speed of whole chunks.

A parser that calls itself for each level runs out of stack where the text is made for it; some, such
as that of `xgboost`, take the process with them.
"""

import re

MAX_DEPTH = 64
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*"')
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_OTHERS = bytes(set(range(256)) - set(b'[]{}"'))


class Nesting:
    """Follows one text.

    Attributes:
        is_too_deep: It nests deeper than `MAX_DEPTH` levels, within a chunk or over all chunks, or
            closes what was not opened.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._half_escape = b""
        self._in_string = False
        self.is_too_deep = False

    @property
    def is_open(self) -> bool:
        """Whether the text ends inside of a string, a list or an object."""
        return self._in_string or self._depth != 0

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        if self.is_too_deep:
            return
        brackets = self._without_strings(self._without_escapes(chunk))
        for _ in range(MAX_DEPTH):
            # Takes away the innermost pairs: one level.
            brackets = brackets.replace(b"[]", b"")
            if b"[]" not in brackets:
                break
        # What is left closes earlier levels, then opens new ones.
        if b"[]" in brackets or len(brackets) > 2 * MAX_DEPTH:
            self.is_too_deep = True
            return
        for bracket in brackets:
            self._depth += 1 if bracket == ord("[") else -1
            if not 0 <= self._depth <= MAX_DEPTH:
                self.is_too_deep = True
                return

    def _without_escapes(self, chunk: bytes) -> bytes:
        chunk = self._half_escape + chunk
        plain = _ESCAPE.sub(b"", chunk) if b"\\" in chunk else chunk
        self._half_escape = b"\\" if plain.endswith(b"\\") else b""
        return plain

    def _without_strings(self, chunk: bytes) -> bytes:
        text = chunk.translate(_BRACKETS, _OTHERS)
        text = _STRING.sub(b"", b'"' + text if self._in_string else text)
        outside, quote, _ = text.partition(b'"')
        self._in_string = bool(quote)
        return outside
