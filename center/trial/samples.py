"""Requests that a version's package carries, for whoever wants to try it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from capability_sdk.packaging.archive import Entry, entries
from center.capability.ports import PackageStore
from center.capability.store import CapabilityStore
from center.database import Database

_FOLDER = "samples"
_KEPT = 8
_MOST = 10
_LARGEST_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Sample:
    """A request of the package, by the name of its file."""

    name: str
    request: dict[str, Any]


Samples = Callable[[str, str], tuple[Sample, ...]]
"""Returns the small samples of a capability and version, by name."""


def package_samples(database: Database, packages: PackageStore) -> Samples:
    """Make the function that reads the stored packages, and keeps the last ones."""

    @lru_cache(maxsize=_KEPT)
    def samples(capability: str, version: str) -> tuple[Sample, ...]:
        with database.session(write=False) as session:
            item = CapabilityStore(session).get(capability, version)
        return _read(packages.local_copy(item.archive_digest))

    return samples


def _read(archive: Path) -> tuple[Sample, ...]:
    found: list[Sample] = []
    with archive.open("rb") as file:
        for entry in entries(file, []):
            if PurePosixPath(entry.path).parent.name == _FOLDER and len(found) < _MOST:
                found += _sample(entry)
    return tuple(sorted(found, key=lambda item: item.name))


def _sample(entry: Entry) -> list[Sample]:
    if entry.size > _LARGEST_BYTES:
        return []
    # The gate has read it once: it is a sample, with a request.
    content = json.loads(b"".join(entry.chunks()))
    return [Sample(PurePosixPath(entry.path).stem, content["request"])]
