"""The training data's anchors and counts, as a version's package carries them."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from capability_sdk.contracts.profiles import ReferenceProfile
from capability_sdk.packaging.archive import entries
from capability_sdk.packaging.layout import PROFILE_FILE
from center.capability.ports import PackageStore
from center.capability.store import CapabilityStore
from center.database import Database
from center.monitoring.errors import UnusableProfile

_KEPT = 64

References = Callable[[str, str], ReferenceProfile]
"""Returns the reference of a capability and version; raises `UnusableProfile` without one."""


def package_references(
    database: Database, packages: PackageStore, *, kept: int = _KEPT
) -> References:
    """Make the function that finds references in the stored packages, and keeps the last ones.

    Versions never change, so what was read once stays true.
    """

    @lru_cache(maxsize=kept)
    def reference(capability: str, version: str) -> ReferenceProfile:
        with database.session(write=False) as session:
            item = CapabilityStore(session).get(capability, version)
        return read_reference(packages.local_copy(item.archive_digest))

    return reference


def read_reference(archive: Path) -> ReferenceProfile:
    """Read the reference from a package archive.

    Raises:
        PackageRefused: It is no package archive.
        UnusableProfile: The package has no reference, or one that cannot be used.
    """
    with archive.open("rb") as file:
        for entry in entries(file, []):
            if entry.path == PROFILE_FILE:
                return _understand(b"".join(entry.chunks()))
    raise UnusableProfile("The package carries no reference profile.")


def _understand(content: bytes) -> ReferenceProfile:
    try:
        found = ReferenceProfile.model_validate_json(content)
    except ValidationError as error:
        raise UnusableProfile("The package's reference profile cannot be read.") from error
    for anchors in found.columns:
        if len(found.counts.get(anchors.column, ())) != anchors.cells:
            raise UnusableProfile(f"The reference counts of {anchors.column} do not fit its cells.")
    return found
