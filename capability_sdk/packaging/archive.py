"""Reads a package archive that anybody may have made, and unpacks it only when all of it is good.

The tar is read header by header with the standard library's parser for a single header. Its reader
for whole archives is not used: it obeys extension headers, which change names, sizes and types of
other entries, before anybody is asked.
"""

import hashlib
import os
import secrets
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from capability_sdk.contracts.errors import InvalidInput
from capability_sdk.contracts.manifest import Engine, Manifest
from capability_sdk.contracts.packages import MANIFEST_FILE, Check, PackageDigests
from capability_sdk.kit.files import sync_folder
from capability_sdk.packaging.digests import digests_of_files
from capability_sdk.packaging.errors import PackageRefused, broken
from capability_sdk.packaging.formats import FormatCheck
from capability_sdk.packaging.inflate import CHUNK, InflatedStream, refused
from capability_sdk.packaging.layout import (
    CODE_FOLDER,
    ENTRY_POINT,
    MAX_FILES,
    MODEL_FOLDER,
    MODEL_SUFFIXES,
    README_FILE,
    Names,
    path_breaks,
    rule_for,
)
from capability_sdk.packaging.onnx_wire import NotProvable, OnnxWalk

BLOCK = tarfile.BLOCKSIZE
_USTAR = b"ustar\x0000"
_MAX_BREAKS = 50
_MAX_DOTS = 200
_CURE = "Build the archive with `jiuzhou build`: regular files only."
_KINDS = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.DIRTYPE: "a folder entry",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
    tarfile.GNUTYPE_LONGNAME: "a GNU long-name header",
    tarfile.GNUTYPE_LONGLINK: "a GNU long-link header",
    tarfile.XHDTYPE: "a PAX header",
    tarfile.XGLTYPE: "a PAX global header",
    tarfile.SOLARIS_XHDTYPE: "a PAX header",
}


@dataclass(frozen=True, slots=True)
class PackedFile:
    """One file of a package."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PackageContent:
    """What an archive holds."""

    manifest: Manifest
    digests: PackageDigests
    files: tuple[PackedFile, ...]


class Entry:
    """One regular file in the stream; its bytes are read once, forward."""

    def __init__(self, stream: InflatedStream, path: str, size: int) -> None:
        self.path = path
        self.size = size
        self._stream = stream
        self._left = size

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes; empty at the end of the file."""
        content = self._stream.read(min(size, self._left))
        if len(content) < min(size, self._left):
            raise refused("the tar archive ends inside of a file")
        self._left -= len(content)
        return content

    def chunks(self) -> Iterator[bytes]:
        """Yield what is left of the file."""
        while chunk := self.read(CHUNK):
            yield chunk

    def skip_rest(self) -> None:
        """Go to the end of the entry, padding included."""
        for _ in self.chunks():
            pass
        self._stream.read(-self.size % BLOCK)


def entries(file: BinaryIO, breaks: list[Check]) -> Iterator[Entry]:
    """Yield the files of an archive in order; bad paths and types go to ``breaks`` instead.

    Raises:
        PackageRefused: The archive as such is broken or over budget.
    """
    stream = InflatedStream(file)
    names = Names()
    count = 0
    while any(header := stream.read(BLOCK)):
        count += 1
        if count > MAX_FILES:
            raise refused(f"it holds more than {MAX_FILES} entries", "Pack fewer files.")
        info = _parse(header)
        wrong = [*_type_breaks(info, header), *path_breaks(info.name, info.size)]
        wrong += [] if wrong else names.add(info.name)
        breaks += wrong
        if len(breaks) >= _MAX_BREAKS:
            raise PackageRefused(breaks)
        entry = Entry(stream, info.name, info.size)
        if not wrong:
            yield entry
        entry.skip_rest()
    end = header + stream.read(BLOCK)
    if len(end) < 2 * BLOCK or any(end):
        raise refused("the tar archive has no proper end")
    stream.expect_end()


def _parse(header: bytes) -> tarfile.TarInfo:
    if header[257:265] != _USTAR:
        raise refused("an entry has no USTAR header")
    try:
        info = tarfile.TarInfo.frombuf(header, "ascii", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError, ValueError, OverflowError) as error:
        raise refused(f"a tar header is damaged: {error}") from error
    if info.size < 0:
        raise refused("a tar header claims a negative size")
    return info


def _type_breaks(info: tarfile.TarInfo, header: bytes) -> Iterator[Check]:
    kind = header[156:157]
    if kind != tarfile.REGTYPE:
        named = _KINDS.get(kind, f"an entry of type {kind!r}")
        yield broken("type", f"{info.name!a} is {named}", _CURE)
    elif info.linkname:
        yield broken("type", f"{info.name!a} is a file that names a link target", _CURE)
    elif info.mode & 0o7000:
        yield broken("type", f"{info.name!a} is setuid, setgid or sticky", _CURE)


def read(archive: Path) -> PackageContent:
    """Read and judge an archive without writing anything.

    Raises:
        PackageRefused: Names every break.
    """
    with archive.open("rb") as file:
        return _judge(file)


def unpack(archive: Path, folder: Path) -> PackageContent:
    """Judge an archive, then write it to ``folder``, which must not exist: wholly or not at all.

    Raises:
        PackageRefused: Names every break; nothing was written.
        FileExistsError: The folder exists.
    """
    with archive.open("rb") as file:
        content = _judge(file)
        file.seek(0)
        with _draft_of(folder) as draft:
            written = _write_all(file, draft)
            if written != content.files:
                raise refused("the archive changed while it was read", "Send it again.")
    return content


def _judge(file: BinaryIO) -> PackageContent:
    breaks: list[Check] = []
    files: list[PackedFile] = []
    manifest = b""
    to_walk: set[str] = set()
    for entry in entries(file, breaks):
        keep = bytearray() if entry.path == MANIFEST_FILE else None
        files.append(_examine(entry, breaks, to_walk, keep))
        manifest = bytes(keep) if keep is not None else manifest
    breaks += _external_data(file, to_walk)
    parsed = _parse_manifest(manifest, breaks)
    breaks += whole_breaks(parsed, {item.path for item in files})
    if breaks or parsed is None:
        raise PackageRefused(breaks)
    digests = digests_of_files({item.path: item.sha256 for item in files})
    return PackageContent(parsed, digests, tuple(files))


def _examine(
    entry: Entry, breaks: list[Check], to_walk: set[str], keep: bytearray | None
) -> PackedFile:
    rule = rule_for(entry.path)
    assert rule is not None  # noqa: S101 - entries() yields only paths with a rule
    check = FormatCheck(entry.path, rule.format)
    total = hashlib.sha256()
    for chunk in entry.chunks():
        total.update(chunk)
        check.feed(chunk)
        if keep is not None:
            keep += chunk
    wrong = check.finish()
    if wrong is not None:
        breaks.append(wrong)
    elif check.names_location:
        to_walk.add(entry.path)
    return PackedFile(entry.path, entry.size, total.hexdigest())


def _external_data(file: BinaryIO, paths: set[str]) -> list[Check]:
    if not paths:
        return []
    file.seek(0)
    found = (
        external_data_break(entry.path, entry.read, entry.size)
        for entry in entries(file, [])
        if entry.path in paths
    )
    return [item for item in found if item is not None]


def external_data_break(path: str, read: Callable[[int], bytes], size: int) -> Check | None:
    """Say what is wrong if an ONNX file refers, or may refer, to a file outside of it."""
    try:
        external = OnnxWalk(read, size).has_external_data()
    except NotProvable as error:
        return broken("content", f"{path} cannot be judged: {error}", "Save the model again.")
    if external:
        cure = "Save the model with its tensors inside (`save_as_external_data=False`)."
        return broken("content", f"{path} keeps tensors in another file", cure)
    return None


def _parse_manifest(content: bytes, breaks: list[Check]) -> Manifest | None:
    if not content:
        return None
    try:
        return parse_manifest(content)
    except InvalidInput as error:
        breaks.append(broken("manifest", str(error)[:2000], f"Correct {MANIFEST_FILE}."))
        return None


def parse_manifest(content: bytes) -> Manifest:
    """Read a manifest that anybody may have written.

    Raises:
        InvalidInput: It is no manifest, or made to keep its reader busy.
    """
    # The time that the parser takes grows with the square of a key's dots.
    if any(line.count(b".") > _MAX_DOTS for line in content.splitlines()):
        raise InvalidInput(f"{MANIFEST_FILE}: a line has more than {_MAX_DOTS} dots.")
    try:
        return Manifest.from_toml(content.decode("utf-8"))
    except (UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"{MANIFEST_FILE} is not TOML: {error}") from error


def whole_breaks(manifest: Manifest | None, paths: set[str]) -> Iterator[Check]:
    """Yield what the package as a whole lacks or has too much of."""
    for needed in (MANIFEST_FILE, README_FILE):
        if needed not in paths:
            yield broken("files", f"{needed} is missing", f"Write {needed}.")
    if manifest is None:
        return
    code = any(path.startswith(CODE_FOLDER) for path in paths)
    if manifest.engine is Engine.PYTHON and ENTRY_POINT not in paths:
        yield broken("files", f"{ENTRY_POINT} is missing", "Write it, or use engine onnx.")
    if manifest.engine is not Engine.PYTHON and code:
        cure = 'Remove code/, or declare engine = "python", which runs in a sandbox.'
        yield broken("files", f"engine {manifest.engine.value} allows no code/", cure)
    suffixes = MODEL_SUFFIXES.get(manifest.engine)
    if suffixes is not None:
        models = [
            item for item in paths if item.startswith(MODEL_FOLDER) and item.endswith(suffixes)
        ]
        if len(models) != 1:
            kinds = " or ".join(suffixes)
            cure = f"Put exactly one {kinds} file into model/."
            yield broken("files", f"model/ holds {len(models)} {kinds} files", cure)


@contextmanager
def _draft_of(folder: Path) -> Iterator[Path]:
    if folder.exists():
        raise FileExistsError(folder)
    draft = folder.with_name(f".draft-{secrets.token_hex(8)}")
    draft.mkdir(mode=0o700)
    try:
        yield draft
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    sync_folder(folder.parent)


def _write_all(file: BinaryIO, draft: Path) -> tuple[PackedFile, ...]:
    breaks: list[Check] = []
    written = [_write(entry, draft) for entry in entries(file, breaks)]
    if breaks:
        raise PackageRefused(breaks)
    for parent, _, _ in os.walk(draft):
        sync_folder(Path(parent))
    return tuple(written)


def _write(entry: Entry, draft: Path) -> PackedFile:
    target = draft / entry.path
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    total = hashlib.sha256()
    with os.fdopen(os.open(target, flags, 0o600), "wb") as file:
        for chunk in entry.chunks():
            total.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return PackedFile(entry.path, entry.size, total.hexdigest())
