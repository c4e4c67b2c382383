"""Where packages lie: a folder, or an object store."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Protocol


class PackageStore(Protocol):
    """Archives by their content's digest (``sha256:…``); each is whole or absent."""

    @property
    def drafts(self) -> Path:
        """Folder for uploads under way; `publish` takes its archives from here."""
        ...

    def publish(self, archive: Path, digest: str) -> None:
        """Make a finished, durable draft available under its digest, at once or not at all.

        Publishing what exists already is fine. The draft is gone afterwards.
        """
        ...

    def local_copy(self, digest: str) -> Path:
        """Return a readable file with the archive, whose digest was checked just now.

        Raises:
            PackageDamaged: It is missing, or its content no longer has the digest.
        """
        ...

    def remove(self, digest: str) -> None:
        """Forget an archive; what is not there is fine."""
        ...

    def published_before(self, age: timedelta) -> Iterator[str]:
        """Name every archive that was last published longer than ``age`` ago."""
        ...
