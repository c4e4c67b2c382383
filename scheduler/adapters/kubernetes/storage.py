"""The shared storage of models: one folder here, one claim in the cluster."""

from dataclasses import dataclass
from pathlib import Path

from scheduler.errors import FolderUnusable

MOUNT = "/var/lib/jiuzhou"
PACKAGES = "packages"
INSTANCES = "instances"
OVERLAYS = "overlays"


@dataclass(frozen=True, slots=True)
class Storage:
    """A claim and the folder of this machine that shows the same files.

    Attributes:
        claim: Name of the PersistentVolumeClaim.
        folder: Root of it on this machine; it holds ``packages`` and ``instances``.
    """

    claim: str
    folder: Path

    def in_pod(self, package: Path) -> str:
        """Say where a package is in a pod.

        Raises:
            FolderUnusable: It is outside of what pods can read.
        """
        try:
            within = package.relative_to(self.folder / PACKAGES)
        except ValueError:
            raise FolderUnusable(
                f"{package} is not in {self.folder / PACKAGES}, which is what pods can read."
            ) from None
        return f"{MOUNT}/{PACKAGES}/{within}"
