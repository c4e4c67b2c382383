"""Positive checks of a file's format while its bytes stream by; pickles and libraries match none.

Each check sees the file's head. ONNX is also searched for references to files outside of it, JSON for
its depth, and what can be cut off in the middle for its end.
"""

import codecs
import re
from collections.abc import Callable

from capability_sdk.contracts.packages import Check
from capability_sdk.packaging.errors import broken
from capability_sdk.packaging.layout import Format
from capability_sdk.packaging.nesting import MAX_DEPTH, Nesting

HEAD_BYTES = 512
_SAFETENSORS_HEADER = 16 << 20
# A protobuf string of length 8 that reads "location", however its length is encoded.
_LOCATION = re.compile(rb"(?:\x08|\x88\x80{0,8}\x00)location")
_OVERLAP = 32
_END_OF_TREES = b"\nend of trees"
_SEARCHED = frozenset({Format.ONNX, Format.LIGHTGBM})
_PICKLE = re.compile(rb"\x80[\x00-\x05]")
_LIBRARY = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\x00asm")
_NESTED = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")


class FormatCheck:
    """Looks at one file as it streams by.

    Attributes:
        names_location: The ONNX bytes hold the key of an external-data reference; the file needs
            the exact walk of `onnx_wire`.
    """

    def __init__(self, path: str, kind: Format) -> None:
        self._path = path
        self._kind = kind
        self._head = b""
        self._tail = b""
        self._text = codecs.getincrementaldecoder("utf-8")()
        self._is_text = kind in {Format.TEXT, Format.JSON, Format.LIGHTGBM}
        self._undecodable = False
        self._nesting = Nesting()
        self._is_whole = False
        self.names_location = False

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        if len(self._head) < HEAD_BYTES:
            self._head += chunk[: HEAD_BYTES - len(self._head)]
        if self._is_text:
            self._decode(chunk, final=False)
        if self._kind is Format.JSON:
            self._nesting.feed(chunk)
        elif self._kind in _SEARCHED:
            self._search(chunk)

    def finish(self) -> Check | None:
        """Say what is wrong with the file, if anything."""
        if self._is_text:
            self._decode(b"", final=True)
        foreign = foreign_format(self._head)
        if foreign is not None:
            cure = "Packages carry data-only weights: export the model to ONNX."
            return broken("content", f"{self._path} is {foreign}", cure)
        if not self._matches():
            cure = f"Write the file as {self._kind.value}, or give it the name of what it is."
            return broken("content", f"{self._path} is no {self._kind.value} file", cure)
        if self._kind is Format.JSON and (self._nesting.is_too_deep or self._nesting.is_open):
            cure = f"Write whole JSON of at most {MAX_DEPTH} levels."
            wrong = "nests too deep" if self._nesting.is_too_deep else "ends before its JSON does"
            return broken("content", f"{self._path} {wrong}", cure)
        if self._kind is Format.LIGHTGBM and not self._is_whole:
            cure = "Write the model anew with LightGBM's save_model."
            return broken("content", f"{self._path} ends before its trees do", cure)
        return None

    def _search(self, chunk: bytes) -> None:
        """Look for what matters anywhere in a file, also across the border of two chunks."""
        window = self._tail + chunk
        if self._kind is Format.LIGHTGBM:
            self._is_whole = self._is_whole or _END_OF_TREES in window
        elif not self.names_location:
            self.names_location = _LOCATION.search(window) is not None
        self._tail = window[-_OVERLAP:]

    def _decode(self, chunk: bytes, *, final: bool) -> None:
        if self._undecodable:
            return
        try:
            text = self._text.decode(chunk, final)
        except UnicodeDecodeError:
            self._undecodable = True
            return
        # Control characters do not belong into text; opcodes of old pickles look like text.
        self._undecodable = "\x00" in text

    def _matches(self) -> bool:
        if self._is_text and self._undecodable:
            return False
        return _LOOKS_LIKE[self._kind](self._head)


def _is_safetensors(head: bytes) -> bool:
    length = int.from_bytes(head[:8], "little")
    return len(b"{}") <= length <= _SAFETENSORS_HEADER and head[8:9] == b"{"


_LOOKS_LIKE: dict[Format, Callable[[bytes], bool]] = {
    Format.TEXT: lambda _: True,
    Format.JSON: lambda head: head.lstrip()[:1] in {b"{", b"["},
    # An object whose first key has a length of 8 bytes, as XGBoost writes it.
    Format.UBJSON: lambda head: head[:2] == b"{L",
    Format.LIGHTGBM: lambda head: head.startswith(b"tree\n"),
    Format.SAFETENSORS: _is_safetensors,
    # Field 1 of a model, ir_version, a varint; every writer puts it first.
    Format.ONNX: lambda head: head[:1] == b"\x08" and len(head) > len(b"\x08\x00"),
}


def foreign_format(head: bytes) -> str | None:
    """Name a dangerous format by its first bytes; None for any other content."""
    if head.startswith(_LIBRARY):
        return "a native library"
    if _PICKLE.match(head):
        return "a pickle"
    if head.startswith(b"\x93NUMPY"):
        return "a numpy file, which may hold a pickle"
    if head.startswith(b"\x89HDF"):
        return "an HDF5 file, which may hold code"
    if head.startswith(_NESTED):
        return "an archive inside of the archive"
    return None
