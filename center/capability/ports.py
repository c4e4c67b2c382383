"""What this domain needs of others: a place for packages, and who may fetch them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from sqlalchemy.orm import Session


class MayRun(Protocol):
    """Knows what provinces run, which this domain must not; `center.app` passes it in."""

    def __call__(
        self, session: Session, province: str, capability: str, version: str, now: datetime
    ) -> bool:
        """Tell whether a province is to run a version, and so may fetch its package."""
        ...


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
