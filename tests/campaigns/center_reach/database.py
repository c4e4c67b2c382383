"""The center's database between two questions: unchanged, or set back to how it was."""

import sqlite3
from pathlib import Path


class Watch:
    """Sees every commit to a SQLite file, and takes it back."""

    def __init__(self, path: Path) -> None:
        self._eye = sqlite3.connect(path, isolation_level=None)
        self._pristine = sqlite3.connect(":memory:")
        self._eye.backup(self._pristine)
        self._seen = self._version()

    def changed(self) -> bool:
        """Tell whether anything was committed since the last look."""
        before, self._seen = self._seen, self._version()
        return before != self._seen

    def restore(self) -> None:
        """Set everything back."""
        self._pristine.backup(self._eye)
        self._seen = self._version()

    def close(self) -> None:
        """Let go of the file."""
        self._eye.close()
        self._pristine.close()

    def _version(self) -> int:
        # Changes with what other connections commit, and only with that.
        version: int = self._eye.execute("PRAGMA data_version").fetchone()[0]
        return version
