"""Packages and settings of a machine that joined: fetched by digest, verified before they are used."""

import asyncio
import contextlib
import logging
import shutil
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

from capability_sdk.contracts.joining import AssignedInstance
from capability_sdk.contracts.packages import PackageDigests
from capability_sdk.contracts.settings import digest_of, overlay_file
from capability_sdk.kit.files import write_atomically
from capability_sdk.packaging.verification import has_digests, unpack_verified
from scheduler.node_agent.joined.errors import SettingsRefused
from scheduler.node_agent.joined.link import SchedulerLink

_log = logging.getLogger(__name__)


class NodePackages:
    """The folder ``packages/``: one subfolder a package, named by its digest."""

    def __init__(self, link: SchedulerLink, folder: Path) -> None:
        self._link = link
        self._folder = folder
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def ensure(self, wanted: AssignedInstance) -> Path:
        """Return the folder of an instance's package, after fetching and verifying what is missing.

        What the province chose of its settings then stands in its `overlay_file`.

        Raises:
            PackageNotVerified: It is not what its author signed, or has other digests.
            SettingsRefused: The settings have another digest.
            SchedulerAway: It cannot be fetched now.
            CredentialRefused: The scheduler does not know this machine.
        """
        digests = PackageDigests(
            package=wanted.package_digest, code=wanted.code_digest, weights=wanted.weights_digest
        )
        path = self._folder / _name(wanted.package_digest)
        # Replicas that come together fetch their package once.
        async with self._turns[path.name]:
            if not await asyncio.to_thread(has_digests, path, digests):
                await self._fetch(path, digests, wanted.author_key)
            if wanted.overlay_digest is not None:
                await self._choose(overlay_file(path, wanted.overlay_digest), wanted.overlay_digest)
        return path

    def collect(self, used: Collection[AssignedInstance]) -> None:
        """Delete everything but what these instances need, and what is being fetched of it."""
        packages = {_name(item.package_digest) for item in used}
        for path in self._folder.iterdir():
            if path.name.lstrip(".").partition(".")[0] not in packages:
                _remove(path)
        overlays = {_name(item.overlay_digest) for item in used if item.overlay_digest is not None}
        for path in self._folder.parent.glob("overlays/*"):
            if path.stem not in overlays:
                _remove(path)

    async def _choose(self, file: Path, digest: str) -> None:
        if await asyncio.to_thread(_digest, file) == digest:
            return
        content = await self._link.settings(digest)
        if digest_of(content) != digest:
            raise SettingsRefused(f"What came as the settings {digest} has another digest.")
        file.parent.mkdir(mode=0o700, exist_ok=True)
        await asyncio.to_thread(write_atomically, file, content)
        _log.info("settings %s are here", file.stem[:12])

    async def _fetch(self, path: Path, digests: PackageDigests, author_key: str) -> None:
        archive = self._folder / f".{path.name}.tar.gz"
        unpacked = archive.with_suffix(".unpacked")
        await self._link.download(digests.package, archive)
        try:
            await asyncio.to_thread(_remove, unpacked)
            await unpack_verified(archive, unpacked, digests, author_key)
            await asyncio.to_thread(_remove, path)  # a folder there failed its digests
            unpacked.rename(path)
        finally:
            await asyncio.to_thread(_remove, archive)
            await asyncio.to_thread(_remove, unpacked)
        _log.info("package %s is here", path.name[:12])


def _name(digest: str) -> str:
    return digest.removeprefix("sha256:")


def _digest(file: Path) -> str | None:
    return digest_of(file.read_bytes()) if file.is_file() else None


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
