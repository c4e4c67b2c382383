"""Shows that a package is what its author signed and its release names, wherever it was fetched from.

The author's signature is checked in a process that ends: what it imports costs memory that no
long-lived process should carry.
"""

import asyncio
import json
import shutil
from pathlib import Path

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.contracts.packages import PackageDigests
from capability_sdk.kit.files import write_atomically
from capability_sdk.kit.processes import die_with_parent, python
from capability_sdk.packaging.archive import unpack
from capability_sdk.packaging.digests import digests_of
from capability_sdk.packaging.errors import PackageNotVerified

_VERIFY_SECONDS = 300.0


def has_digests(package: Path, expected: PackageDigests) -> bool:
    """Tell whether a folder still holds exactly what was verified when it was unpacked.

    The digests are those that somebody trusted stated, so no file can have changed unseen.
    """
    if not package.is_dir():
        return False
    try:
        return digests_of(package) == expected
    except OSError:
        return False


async def unpack_verified(
    archive: Path, folder: Path, digests: PackageDigests, author_key: str
) -> None:
    """Unpack an archive into a folder that holds it only if it is verified.

    Args:
        archive: From anywhere.
        folder: Made here; absent afterwards where the archive is refused.
        digests: That the package must have.
        author_key: P-256 public key of its author, PEM.

    Raises:
        PackageNotVerified: The archive is broken, has other digests, or its author did not sign it.
    """
    try:
        await asyncio.to_thread(unpack, archive, folder)
    except ServiceError as error:
        raise PackageNotVerified(f"The archive cannot be unpacked: {error}") from error
    try:
        await _verify(folder, archive.with_suffix(".pem"), digests, author_key)
    except BaseException:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        raise


async def _verify(folder: Path, key_file: Path, digests: PackageDigests, author_key: str) -> None:
    arguments = [f"--{kind}-digest={digest}" for kind, digest in digests.model_dump().items()]
    await asyncio.to_thread(write_atomically, key_file, author_key.encode())
    try:
        process = await asyncio.create_subprocess_exec(
            *python("capability_sdk.packaging.verify"),
            f"--package={folder}",
            f"--public-key={key_file}",
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            preexec_fn=die_with_parent,
        )
        try:
            said, _ = await asyncio.wait_for(process.communicate(), _VERIFY_SECONDS)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    except TimeoutError:
        raise PackageNotVerified("Verifying the package takes too long.") from None
    finally:
        await asyncio.to_thread(key_file.unlink, missing_ok=True)
    # Whatever it says: only this exit code means verified.
    if process.returncode != 0:
        raise PackageNotVerified(_reason(said))


def _reason(said: bytes) -> str:
    try:
        return str(json.loads(said)["detail"])
    except (ValueError, KeyError, TypeError):
        return "The package could not be verified."
