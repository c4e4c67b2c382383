"""Packages of the province: downloaded, verified in a process of their own, unpacked, collected."""

import asyncio
import contextlib
import logging
import secrets
import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from capability_sdk.contracts.packages import Release
from capability_sdk.contracts.profiles import ColumnAnchors, ReferenceProfile
from capability_sdk.contracts.settings import Overlay, canonical, digest_of, overlay_file
from capability_sdk.contracts.state import VersionShare
from capability_sdk.kit.files import write_atomically
from capability_sdk.packaging.errors import PackageNotVerified
from capability_sdk.packaging.verification import has_digests, unpack_verified
from capability_sdk.profiling.digest import anchors_digest
from edge_gateway.agent.center import Center
from edge_gateway.agent.declared import Declared
from edge_gateway.agent.errors import PackageRefused

_log = logging.getLogger(__name__)

_PROFILE_FILE = "reference/profile.json"
_COLLECT_AFTER_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class LocalPackage:
    """A package that was fully verified, on this machine.

    Attributes:
        path: Folder of its files, absolute.
        release: What the center countersigned.
    """

    path: Path
    release: Release


class Packages:
    """The folder ``packages/``: one subfolder a package, named by its digest."""

    def __init__(
        self, center: Center, folder: Path, declared: Declared, *, limit_bytes: int
    ) -> None:
        self._center = center
        self._folder = folder.resolve()
        self._declared = declared
        self._limit_bytes = limit_bytes
        self._verified: dict[str, LocalPackage] = {}
        self._unused_since: dict[str, float] = {}

    async def ensure(self, share: VersionShare, release: Release) -> LocalPackage:
        """Return the package of a release, after downloading and verifying what is missing.

        Args:
            share: What the desired state says about the version.
            release: The verified release of the share.

        Raises:
            PackageRefused: The package is not what its author signed and the center released.
            CenterAway: It cannot be downloaded now.
            CenterRefused: The center does not give it out.
        """
        digest = share.package_digest
        known = self._verified.get(digest)
        if known is not None and known.path.is_dir():
            return known
        _require_agreement(share, release)
        path = self.path_of(share)
        if not await asyncio.to_thread(has_digests, path, release.digests):
            await self._fetch(path, release)
        columns, anchors = await asyncio.to_thread(_reference, path)
        await asyncio.to_thread(self._declared.learn_version, release.manifest, columns, anchors)
        package = LocalPackage(path, release)
        self._verified[digest] = package
        return package

    async def choose(self, overlay: Overlay) -> None:
        """Keep what the province chose of a capability's settings, for the instances to read.

        Raises:
            PackageRefused: The values are not those of the digest.
        """
        content = canonical(overlay.values)
        if digest_of(content) != overlay.digest:
            raise PackageRefused("The settings are not those of their digest.")
        await asyncio.to_thread(_keep, overlay_file(self._folder / "any", overlay.digest), content)

    def overlay_path(self, digest: str) -> Path:
        """Return where the values of a digest stand, or would."""
        return overlay_file(self._folder / "any", digest)

    def path_of(self, share: VersionShare) -> Path:
        """Return where a version's package is, or would be."""
        return self._folder / share.package_digest.removeprefix("sha256:")

    def forget(self, share: VersionShare) -> None:
        """Verify a package again before it is used again."""
        self._verified.pop(share.package_digest, None)

    async def collect(self, used: Collection[str]) -> None:
        """Delete packages that nothing has named for ten minutes, and what downloads left behind.

        Args:
            used: Package digests of the present state.
        """
        now = time.monotonic()
        names = {digest.removeprefix("sha256:") for digest in used}
        for path in list(self._folder.iterdir()):
            if path.name in names:
                self._unused_since.pop(path.name, None)
            elif now - self._unused_since.setdefault(path.name, now) > _COLLECT_AFTER_SECONDS:
                self._verified.pop(f"sha256:{path.name}", None)
                await asyncio.to_thread(_remove, path)
                del self._unused_since[path.name]
                _log.info("package %s is not needed any more", path.name[:12])

    async def _fetch(self, path: Path, release: Release) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        archive = self._folder / f".{path.name[:12]}.{secrets.token_hex(4)}.tar.gz"
        unpacked = archive.with_suffix(".unpacked")
        try:
            await self._download(archive, release)
            await unpack_verified(archive, unpacked, release.digests, release.author_key)
            await asyncio.to_thread(_remove, path)  # a folder there failed its digests
            unpacked.rename(path)
        except PackageNotVerified as error:
            raise PackageRefused(str(error)) from error
        finally:
            await asyncio.to_thread(_remove, archive)
            await asyncio.to_thread(_remove, unpacked)
        _log.info("package %s %s is here", release.capability, release.version)

    async def _download(self, archive: Path, release: Release) -> None:
        source = f"/api/v1/capabilities/{release.capability}/versions/{release.version}/package"
        size = 0
        with archive.open("xb") as file:
            async with self._center.download(source) as chunks:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > self._limit_bytes:
                        raise PackageRefused(
                            f"The package has more than {self._limit_bytes} bytes."
                        )
                    file.write(chunk)


def _require_agreement(share: VersionShare, release: Release) -> None:
    digests = release.digests
    said = (share.version, share.package_digest, share.code_digest, share.weights_digest)
    if said != (release.version, digests.package, digests.code, digests.weights):
        raise PackageRefused("The desired state and the release name different digests.")


def _reference(package: Path) -> tuple[list[ColumnAnchors], str]:
    """Read the anchors of a verified package, and their digest; empty where it has none."""
    file = package / _PROFILE_FILE
    if not file.is_file():
        return [], ""
    reference = ReferenceProfile.model_validate_json(file.read_bytes())
    return reference.columns, anchors_digest(reference)


def _keep(file: Path, content: bytes) -> None:
    if file.is_file() and file.read_bytes() == content:
        return
    file.parent.mkdir(mode=0o700, exist_ok=True)
    write_atomically(file, content)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
