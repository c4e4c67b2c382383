"""One gzip member, inflated under budgets: nothing behind it, nothing without bound."""

import zlib
from typing import BinaryIO

from capability_sdk.packaging.errors import PackageRefused, broken
from capability_sdk.packaging.layout import MAX_ARCHIVE_BYTES, MAX_UNPACKED_BYTES, MIB

CHUNK = 64 * 1024
MAX_RATIO = 200
# Padding, headers and a little text compress far better than weights do.
_RATIO_FREE_BYTES = 2 * MIB
_TAR_OVERHEAD = 4 * MIB
_GZIP_MAGIC = b"\x1f\x8b\x08"
_REBUILD = "Build the archive with `jiuzhou build`."


def refused(detail: str, cure: str = _REBUILD) -> PackageRefused:
    """Return the refusal of an archive that is broken as a whole."""
    return PackageRefused([broken("archive", detail, cure)])


class InflatedStream:
    """Reads the content of a single-member gzip file forward, once.

    Raises `PackageRefused` from every read as soon as a budget is used up.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._inflater = zlib.decompressobj(wbits=31)
        self._compressed = 0
        self._inflated = 0
        self._ready = b""
        self._pending = b""

    def read(self, size: int) -> bytes:
        """Return exactly ``size`` bytes; fewer only at the end of the member."""
        while len(self._ready) < size and not self._inflater.eof:
            self._ready += self._inflate_some()
        taken, self._ready = self._ready[:size], self._ready[size:]
        return taken

    def expect_end(self) -> None:
        """Refuse anything that follows: more members, another archive, garbage."""
        while not self._inflater.eof:
            self._zeros(self._inflate_some())
        self._zeros(self._ready)
        if self._inflater.unused_data or self._file.read(1):
            raise refused("bytes follow the end of the gzip stream")

    def _zeros(self, content: bytes) -> None:
        if content.count(0) != len(content):
            raise refused("bytes follow the end of the tar archive")

    def _inflate_some(self) -> bytes:
        if not self._pending:
            self._pending = self._next_compressed()
        try:
            # Never more than one chunk comes out, whatever the input claims.
            content = self._inflater.decompress(self._pending, CHUNK)
        except zlib.error as error:
            raise refused(f"the gzip stream is damaged: {error}") from error
        self._pending = self._inflater.unconsumed_tail
        self._inflated += len(content)
        self._spend()
        return content

    def _next_compressed(self) -> bytes:
        block = self._file.read(CHUNK)
        if not block:
            raise refused("the gzip stream ends too early")
        if self._compressed == 0 and not block.startswith(_GZIP_MAGIC):
            raise refused(f"this is no gzip file{_guess(block)}")
        self._compressed += len(block)
        if self._compressed > MAX_ARCHIVE_BYTES:
            raise refused(f"the archive is larger than {MAX_ARCHIVE_BYTES} bytes", "Make it small.")
        return block

    def _spend(self) -> None:
        if self._inflated > MAX_UNPACKED_BYTES + _TAR_OVERHEAD:
            raise refused(f"it unpacks to more than {MAX_UNPACKED_BYTES} bytes", "Make it smaller.")
        used = self._compressed - len(self._pending)
        if self._inflated > _RATIO_FREE_BYTES and self._inflated > MAX_RATIO * max(used, 1):
            raise refused(f"it unpacks to more than {MAX_RATIO} times its size", "Send no padding.")


def _guess(block: bytes) -> str:
    if block.startswith(b"PK"):
        return " but a zip archive"
    return " but a plain tar" if block[257:262] == b"ustar" else ""
