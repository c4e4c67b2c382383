"""A package on disk becomes a model in memory, after its digests were computed anew."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from capability_sdk.contracts.errors import InvalidInput
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.model import Digest
from capability_sdk.contracts.packages import MANIFEST_FILE
from capability_sdk.contracts.profiles import ReferenceProfile
from capability_sdk.packaging.digests import digests_of
from capability_sdk.serving.engines import Engine, LoadEngine, load_engine
from capability_sdk.serving.errors import UnusablePackage
from capability_sdk.serving.window import check_reference

_PROFILE_FILE = "reference/profile.json"


@dataclass(frozen=True, slots=True)
class LoadedPackage:
    """A verified package with its model in memory."""

    manifest: Manifest
    code_digest: Digest
    weights_digest: Digest
    engine: Engine
    reference: ReferenceProfile | None


def load_package(
    folder: Path,
    code_digest: Digest,
    weights_digest: Digest,
    threads: int,
    load_model: LoadEngine = load_engine,
) -> LoadedPackage:
    """Load a package that has exactly the expected code and weights.

    Args:
        folder: The unpacked package.
        code_digest: Digest that the release states for the code.
        weights_digest: Digest that the release states for the weights.
        threads: Threads that one batch may use.
        load_model: Brings the model into memory: the runtime's own engines, or a server around it.

    Raises:
        UnusablePackage: The digests differ, or manifest, model and reference do not fit.
    """
    try:
        found = digests_of(folder)
    except OSError as error:
        raise UnusablePackage(f"The package cannot be read: {error.strerror}.") from error
    for kind, expected, actual in (
        ("code", code_digest, found.code),
        ("weights", weights_digest, found.weights),
    ):
        if expected != actual:
            raise UnusablePackage(f"The {kind} digest is {actual}, expected {expected}.")
    manifest = _read_manifest(folder)
    reference = _read_reference(folder, manifest)
    engine = load_model(folder, manifest, threads)
    return LoadedPackage(manifest, code_digest, weights_digest, engine, reference)


def _read_manifest(folder: Path) -> Manifest:
    try:
        return Manifest.from_toml((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, InvalidInput) as error:
        raise UnusablePackage(f"The manifest cannot be read: {error}") from error


def _read_reference(folder: Path, manifest: Manifest) -> ReferenceProfile | None:
    path = folder / _PROFILE_FILE
    if not path.exists():
        return None
    try:
        reference = ReferenceProfile.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise UnusablePackage(f"{_PROFILE_FILE} cannot be read: {error}") from error
    check_reference(manifest, reference)
    return reference
