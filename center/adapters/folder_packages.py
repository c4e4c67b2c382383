"""The package store in a folder: ``<folder>/<first two digits>/<digest>.tar.gz``."""

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from capability_sdk.kit.files import sync_folder
from center.capability.errors import PackageDamaged

_SUFFIX = ".tar.gz"
_ABANDONED = timedelta(hours=1)


class FolderPackageStore:
    """Keeps archives as files; a rename is the moment of publication."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._drafts = folder / "drafts"
        self._drafts.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._clear_abandoned_drafts()

    @property
    def drafts(self) -> Path:
        """Folder for uploads under way, on the same file system."""
        return self._drafts

    def publish(self, archive: Path, digest: str) -> None:
        """Rename a draft into its place, durably."""
        place = self._place(digest)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        # The renewed time keeps an equal archive that is an orphan from being collected now.
        os.utime(archive)
        archive.replace(place)
        sync_folder(place.parent)
        sync_folder(self._folder)

    def local_copy(self, digest: str) -> Path:
        """Return the archive's own file after reading it through once."""
        place = self._place(digest)
        try:
            with place.open("rb") as file:
                actual = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            raise PackageDamaged(f"The archive {digest} is missing.") from None
        if f"sha256:{actual}" != digest:
            raise PackageDamaged(f"The archive {digest} was changed on disk.")
        return place

    def remove(self, digest: str) -> None:
        """Delete the archive's file."""
        self._place(digest).unlink(missing_ok=True)

    def published_before(self, age: timedelta) -> Iterator[str]:
        """Look through the folder; the file's time is that of its last publication."""
        latest = time.time() - age.total_seconds()
        for place in sorted(self._folder.glob(f"??/*{_SUFFIX}")):
            with contextlib.suppress(FileNotFoundError):
                if place.stat().st_mtime < latest:
                    yield f"sha256:{place.name.removesuffix(_SUFFIX)}"

    def _place(self, digest: str) -> Path:
        name = digest.removeprefix("sha256:")
        if len(name) != hashlib.sha256().digest_size * 2 or not name.isalnum():
            raise PackageDamaged(f"{digest!r} is no digest.")
        return self._folder / name[:2] / f"{name}{_SUFFIX}"

    def _clear_abandoned_drafts(self) -> None:
        # A process that was killed in mid-upload leaves its draft; nobody else would take it away.
        latest = time.time() - _ABANDONED.total_seconds()
        for draft in self._drafts.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if draft.stat().st_mtime >= latest:
                    continue
                if draft.is_dir():
                    shutil.rmtree(draft)
                else:
                    draft.unlink()
