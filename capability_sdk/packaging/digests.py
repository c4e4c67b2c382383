"""Content addresses: of the whole package, of its code, of its weights."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from capability_sdk.contracts.packages import SIGNATURE_FILE, PackageDigests, PartDigests
from capability_sdk.packaging.layout import (
    ANNOTATION_FOLDER,
    CODE_FOLDER,
    MODEL_FOLDER,
    REFERENCE_FOLDER,
)

_CHUNK = 1 << 20


def combine(files: Iterable[tuple[str, str]]) -> str:
    """Return ``sha256:<hex>`` over ``(path, sha256 hex)`` pairs, whatever their order.

    Each pair is written as ``<hex>  <path>`` and a line feed, sorted by path, so that `sha256sum`
    and `sort` can make the same digest by hand.
    """
    total = hashlib.sha256()
    for path, digest in sorted(files):
        total.update(f"{digest}  {path}\n".encode())
    return f"sha256:{total.hexdigest()}"


def digests_of_files(files: Mapping[str, str]) -> PackageDigests:
    """Combine the sha256 (hex) of all files of a package, by path.

    The signature is left out: it covers the package digest's files and cannot cover itself.
    """
    signed = {path: digest for path, digest in files.items() if path != SIGNATURE_FILE}
    return PackageDigests(
        package=combine(signed.items()),
        code=combine(pair for pair in signed.items() if pair[0].startswith(CODE_FOLDER)),
        weights=combine(pair for pair in signed.items() if pair[0].startswith(MODEL_FOLDER)),
    )


def parts_of_files(files: Mapping[str, str]) -> PartDigests:
    """Combine the sha256 (hex) of the files that are neither code nor weights, by path."""
    found = {
        kind: [pair for pair in files.items() if pair[0].startswith(folder)]
        for kind, folder in (("parse_rule", ANNOTATION_FOLDER), ("anchors", REFERENCE_FOLDER))
    }
    return PartDigests(**{kind: combine(pairs) for kind, pairs in found.items() if pairs})


def files_of(folder: Path) -> dict[str, Path]:
    """Return every entry of a folder that is no folder, by its path inside, sorted.

    Links, pipes and devices are listed too, not followed: the caller must see and refuse them.
    """
    found: dict[str, Path] = {}
    for parent, folders, names in os.walk(folder, followlinks=False):
        linked = [name for name in folders if Path(parent, name).is_symlink()]
        for name in (*names, *linked):
            path = Path(parent, name)
            found[path.relative_to(folder).as_posix()] = path
    return dict(sorted(found.items()))


def file_digest(path: Path) -> str:
    """Return the sha256 (hex) of a regular file, read in pieces; links are not followed.

    Raises:
        OSError: The file is a link, a folder, or cannot be read.
    """
    total = hashlib.sha256()
    # Without O_NONBLOCK a pipe in the folder would hold the reader for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        while block := file.read(_CHUNK):
            total.update(block)
    return total.hexdigest()


def digests_of(folder: Path) -> PackageDigests:
    """Return the digests of an unpacked package.

    Raises:
        OSError: An entry is no regular file.
    """
    return digests_of_files({name: file_digest(path) for name, path in files_of(folder).items()})
