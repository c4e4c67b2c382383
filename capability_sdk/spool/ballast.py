"""Space kept for the moment when the disk is full: what is in flight can still be recorded."""

import contextlib
import os
from pathlib import Path


class Ballast:
    """A file of reserved blocks that is given up when a write finds no space."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size
        self.is_reserved = False
        self.reserve()

    def reserve(self) -> bool:
        """Reserve the space if it is not reserved; return whether it is."""
        if not self.is_reserved:
            try:
                self._allocate()
                self.is_reserved = True
            except OSError:
                self._remove()
        return self.is_reserved

    def spend(self) -> bool:
        """Give the space back to the disk; return whether there was any."""
        if not self.is_reserved:
            return False
        self.is_reserved = False
        self._remove()
        return True

    def _remove(self) -> None:
        # On a read-only disk there is nothing to win; the write itself says so.
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _allocate(self) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            if self._size:
                os.posix_fallocate(descriptor, 0, self._size)
        finally:
            os.close(descriptor)
