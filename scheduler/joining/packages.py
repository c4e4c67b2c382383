"""Archives of the packages that nodes fetch: packed once from what the agent verified and unpacked."""

import asyncio
import logging
import secrets
from collections.abc import Collection
from pathlib import Path

from capability_sdk.packaging.builder import pack

_log = logging.getLogger(__name__)


class Archives:
    """The folder ``archives/``: one file a package, named by its digest; each node verifies it anew."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turn = asyncio.Lock()

    async def ensure(self, digest: str, package: Path) -> Path:
        """Return a package's archive, packing it where it is asked for the first time.

        Args:
            digest: Of the package.
            package: Folder of its files.
        """
        path = self._folder / f"{digest.removeprefix('sha256:')}.tar.gz"
        async with self._turn:
            if not path.is_file():
                await asyncio.to_thread(self._pack, package, path)
        return path

    def collect(self, used: Collection[str]) -> None:
        """Delete the archives of packages that are not used any more."""
        kept = {f"{digest.removeprefix('sha256:')}.tar.gz" for digest in used}
        for path in self._folder.glob("*.tar.gz"):
            if path.name not in kept:
                path.unlink(missing_ok=True)

    def _pack(self, package: Path, path: Path) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with draft.open("xb") as file:
                pack(package, file)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        _log.info("package %s is packed for nodes that joined", path.name[:12])
