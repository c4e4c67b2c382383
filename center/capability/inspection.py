"""Looks a package through before anything of it is kept."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.packages import SIGNATURE_FILE, PackageDigests, PartDigests
from capability_sdk.kit.processes import python
from capability_sdk.packaging.archive import PackageContent, unpack
from capability_sdk.packaging.digests import parts_of_files
from capability_sdk.packaging.errors import SignatureInvalid
from center.capability.errors import InspectionFailed, SignatureRefused

_KEYS_TRIED = 5
"""Newest keys of an author that are tried; each costs a process."""

_VERIFY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a good package says of itself.

    Attributes:
        parts: Digests of what is neither code nor weights.
        author_key: PEM of the key that signed it.
    """

    manifest: Manifest
    digests: PackageDigests
    parts: PartDigests
    author_key: str


def inspect(archive: Path, keys: Sequence[str]) -> Inspected:
    """Judge an archive and verify its signature; nothing of it is left behind.

    Args:
        archive: The upload; a folder beside it is used for a moment.
        keys: PEM public keys, one of which must verify the signature.

    Raises:
        PackageRefused: The package breaks rules; each is named.
        SignatureRefused: It is not signed, or by none of the keys.
        InspectionFailed: The verifier did not come to a verdict.
    """
    with _unpacked(archive) as (content, folder):
        if not any(file.path == SIGNATURE_FILE for file in content.files):
            raise SignatureRefused("The package is not signed; `jiuzhou publish` signs it.")
        author_key = _signer(folder, content.digests, keys)
        parts = parts_of_files({file.path: file.sha256 for file in content.files})
        return Inspected(content.manifest, content.digests, parts, author_key)


@contextmanager
def _unpacked(archive: Path) -> Iterator[tuple[PackageContent, Path]]:
    folder = archive.with_name(f"{archive.name}.unpacked")
    try:
        yield unpack(archive, folder), folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _signer(folder: Path, digests: PackageDigests, keys: Sequence[str]) -> str:
    if not keys:
        raise SignatureRefused("You have no signing key here; register one, then upload again.")
    reason = ""
    for key in keys[:_KEYS_TRIED]:
        refusal = _verify(folder, digests, key)
        if refusal is None:
            return key
        reason = refusal
    raise SignatureRefused(f"None of your signing keys verifies the package. {reason}")


def _verify(folder: Path, digests: PackageDigests, key: str) -> str | None:
    """Return why the signature does not hold; None where it does."""
    expected = [f"--{kind}-digest={getattr(digests, kind)}" for kind in PackageDigests.model_fields]
    with tempfile.NamedTemporaryFile("w", suffix=".pem", encoding="ascii") as pem:
        pem.write(key)
        pem.flush()
        files = [f"--package={folder}", f"--public-key={pem.name}"]
        command = python("capability_sdk.packaging.verify", *files, *expected)
        try:
            # The verifier's libraries take 55 MiB, which this process need not carry for ever.
            done = subprocess.run(  # noqa: S603 - our own program, with paths that we made
                command, capture_output=True, check=False, timeout=_VERIFY_SECONDS
            )
            answer = json.loads(done.stdout)
        except (subprocess.TimeoutExpired, ValueError) as error:
            raise InspectionFailed("The signature could not be verified; try again.") from error
    if done.returncode == 0 and answer["verified"] is True:
        return None
    if answer["code"] == SignatureInvalid.code:
        return str(answer["detail"])
    raise InspectionFailed(f"The signature could not be verified: {answer['detail']}")
