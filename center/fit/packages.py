"""What a version's package says about its data, read once: versions never change."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from capability_sdk.contracts.profiles import QualityReference, ReferenceProfile
from capability_sdk.packaging.archive import entries
from capability_sdk.packaging.layout import PROFILE_FILE, QUALITY_FILE
from center.capability.ports import PackageStore
from center.capability.store import CapabilityStore
from center.database import Database

_KEPT = 8

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class DataFacts:
    """Training profile, and what held-back rows tell; None where the package has none."""

    reference: ReferenceProfile | None
    quality: QualityReference | None


Facts = Callable[[str, str], DataFacts]
"""Returns what the package of a capability and version says."""


def package_facts(database: Database, packages: PackageStore) -> Facts:
    """Make the function that reads the stored packages, and keeps the last ones."""

    @lru_cache(maxsize=_KEPT)
    def facts(capability: str, version: str) -> DataFacts:
        with database.session(write=False) as session:
            item = CapabilityStore(session).get(capability, version)
        return _read(packages.local_copy(item.archive_digest))

    return facts


def _read(archive: Path) -> DataFacts:
    found: dict[str, bytes] = {}
    with archive.open("rb") as file:
        for entry in entries(file, []):
            if entry.path in (PROFILE_FILE, QUALITY_FILE):
                found[entry.path] = b"".join(entry.chunks())
    return DataFacts(
        _understood(ReferenceProfile, found.get(PROFILE_FILE)),
        _understood(QualityReference, found.get(QUALITY_FILE)),
    )


def _understood(model: type[M], content: bytes | None) -> M | None:
    if content is None:
        return None
    try:
        return model.model_validate_json(content)
    except ValidationError:  # the gate has let it pass once; an older center said so
        return None
