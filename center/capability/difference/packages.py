"""What two packages hold: their files, line by line where they are text, and their own figures.

Archives were judged when they came in; here they are read once more, forward, and little of them is
kept: digests of all files, small texts, and the reference folder.
"""

import difflib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from capability_sdk.contracts.model import Wire
from capability_sdk.contracts.packages import SIGNATURE_FILE
from capability_sdk.contracts.profiles import ReferenceProfile
from capability_sdk.contracts.training import TrainingRecord
from capability_sdk.packaging.archive import Entry, entries
from capability_sdk.packaging.layout import (
    CODE_FOLDER,
    MIB,
    PROFILE_FILE,
    README_FILE,
    SAMPLES_FOLDER,
    TRAINING_FILE,
)
from center.capability.difference.contract import ChangeKind
from center.capability.ports import PackageStore

_TEXTS = (CODE_FOLDER, README_FILE, "capability.toml", "annotation/", SAMPLES_FOLDER)
_TEXT_BYTES = MIB // 8
_ALL_TEXTS_BYTES = 2 * MIB
_MOST_LINES = 600
_SHOWN = 200
"""Characters of a recorded answer."""
_KEPT = 6
"""Packages whose extract stays in memory; a review looks at two."""


@dataclass(frozen=True, slots=True)
class HeldFile:
    """One file: its size, and its text where that is small."""

    size_bytes: int
    digest: str
    text: str | None = None


@dataclass(slots=True)
class Extract:
    """What a difference needs of a package."""

    files: dict[str, HeldFile] = field(default_factory=dict)
    reference: ReferenceProfile | None = None
    training: TrainingRecord | None = None
    samples: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By file name: output to expected values."""


class FileChange(Wire):
    """One file that is not the same in both packages."""

    path: str
    kind: ChangeKind
    before_bytes: int | None = None
    after_bytes: int | None = None
    diff: str | None = None
    """Unified, without the two lines of file names; None where it is no small text."""
    truncated: bool = False
    """Whether the rest of the diff was left out."""


class Extracts:
    """Reads packages, and keeps the last ones: an archive's digest is its content for ever."""

    def __init__(self, packages: PackageStore) -> None:
        self._packages = packages
        self.of = lru_cache(maxsize=_KEPT)(self._read)

    def _read(self, archive_digest: str) -> Extract:
        """Read a package by its archive's digest.

        Raises:
            PackageDamaged: It is missing, or no longer what it was.
        """
        return read_extract(self._packages.local_copy(archive_digest))


def read_extract(archive: Path) -> Extract:
    """Read what a difference needs of an archive."""
    found = Extract()
    left = _ALL_TEXTS_BYTES
    with archive.open("rb") as file:
        for entry in entries(file, []):
            kept = _is_kept(entry, left)
            seen, parts = hashlib.sha256(), []
            for chunk in entry.chunks():
                seen.update(chunk)
                if kept:
                    parts.append(bytes(chunk))
            content = b"".join(parts)
            is_text = kept and entry.path.startswith(_TEXTS)
            left -= len(content) if is_text else 0
            text = content.decode("utf-8", "replace") if is_text else None
            found.files[entry.path] = HeldFile(entry.size, seen.hexdigest(), text)
            if kept:
                _understand(found, entry.path, content)
    return found


def compare_files(before: Extract, after: Extract) -> list[FileChange]:
    """Return the files that came, went or changed, by path."""
    # Every content has a signature of its own, so that the file says nothing.
    paths = sorted((before.files.keys() | after.files.keys()) - {SIGNATURE_FILE})
    pairs = ((path, before.files.get(path), after.files.get(path)) for path in paths)
    return [
        _changed(path, old, new)
        for path, old, new in pairs
        if old is None or new is None or old.digest != new.digest
    ]


def _changed(path: str, old: HeldFile | None, new: HeldFile | None) -> FileChange:
    kind = ChangeKind.CHANGED
    if old is None or new is None:
        kind = ChangeKind.ADDED if old is None else ChangeKind.REMOVED
    diff, truncated = _diff(old, new)
    return FileChange(
        path=path,
        kind=kind,
        before_bytes=None if old is None else old.size_bytes,
        after_bytes=None if new is None else new.size_bytes,
        diff=diff,
        truncated=truncated,
    )


def _diff(old: HeldFile | None, new: HeldFile | None) -> tuple[str | None, bool]:
    if any(held is not None and held.text is None for held in (old, new)):
        return None, False
    left, right = (
        [] if held is None or held.text is None else held.text.splitlines() for held in (old, new)
    )
    lines = list(difflib.unified_diff(left, right, lineterm=""))[2:]
    return "\n".join(lines[:_MOST_LINES]), len(lines) > _MOST_LINES


def _is_kept(entry: Entry, left: int) -> bool:
    if entry.path in {PROFILE_FILE, TRAINING_FILE}:
        return True
    return entry.path.startswith(_TEXTS) and entry.size <= min(_TEXT_BYTES, left)


def _understand(found: Extract, path: str, content: bytes) -> None:
    try:
        if path == PROFILE_FILE:
            found.reference = ReferenceProfile.model_validate_json(content)
        elif path == TRAINING_FILE:
            found.training = TrainingRecord.model_validate_json(content)
        elif path.startswith(SAMPLES_FOLDER):
            expected = json.loads(content)["expected"]
            found.samples[path.removeprefix(SAMPLES_FOLDER)] = dict(expected)
    except (ValidationError, ValueError, KeyError, TypeError, RecursionError):
        # The gate has said so already; a difference shows what can be read.
        return


def compare_samples(before: Extract, after: Extract) -> Iterator[tuple[str, str, str]]:
    """Yield the samples of equal name whose answers differ: file and output, before, after."""
    for name in sorted(before.samples.keys() & after.samples.keys()):
        old, new = before.samples[name], after.samples[name]
        for output in sorted(old.keys() & new.keys()):
            if old[output] != new[output]:
                yield f"{name} {output}", _short(old[output]), _short(new[output])


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
