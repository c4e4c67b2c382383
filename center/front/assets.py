"""What `make console` built: listed once for each build, never looked up by a caller's path."""

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

BUILT = Path(__file__).parents[1] / "console" / "dist"
"""Where Vite writes to, in a clone and in a wheel alike."""

_PAGE = "index.html"
ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""Suffixes of the variants that are compressed at build, the smallest first."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One built file.

    Attributes:
        path: The file as it is.
        media_type: What a browser takes it for.
        variants: The same file compressed, by content encoding, smallest first.
    """

    path: Path
    media_type: str
    variants: Mapping[str, Path]

    def accepted(self, accept_encoding: str) -> tuple[Path, str | None]:
        """Return the file to send and its content encoding, for a request's ``Accept-Encoding``."""
        offered = {part.partition(";")[0].strip() for part in accept_encoding.lower().split(",")}
        for encoding, path in self.variants.items():
            if encoding in offered:
                return path, encoding
        return self.path, None


@dataclass(frozen=True, slots=True)
class Console:
    """The built console.

    Attributes:
        page: Its one HTML page, with a placeholder for the nonce; None where nothing is built.
        assets: Its other files by their path below ``/``.
    """

    page: str | None
    assets: Mapping[str, Asset]


class ConsoleFolder:
    """The folder that is built into, read again when it was built anew."""

    def __init__(self, folder: Path = BUILT) -> None:
        self._folder = folder
        self._seen: tuple[int | None, Console] = (None, Console(None, {}))

    def console(self) -> Console:
        """Return what is built now."""
        built_at = self._built_at()
        if built_at != self._seen[0]:
            self._seen = (built_at, _read(self._folder))
        return self._seen[1]

    def _built_at(self) -> int | None:
        try:
            return (self._folder / _PAGE).stat().st_mtime_ns
        except FileNotFoundError:
            return None


def _read(folder: Path) -> Console:
    page = folder / _PAGE
    if not page.is_file():
        return Console(None, {})
    paths = [path for path in folder.rglob("*") if path.is_file() and path != page]
    plain = [path for path in paths if path.suffix not in ENCODINGS.values()]
    return Console(
        page.read_text(), {str(path.relative_to(folder)): _asset(path) for path in plain}
    )


def _asset(path: Path) -> Asset:
    media_type, _ = mimetypes.guess_type(path.name)
    variants = {name: path.with_name(path.name + end) for name, end in ENCODINGS.items()}
    found = {name: variant for name, variant in variants.items() if variant.is_file()}
    return Asset(path, media_type or "application/octet-stream", found)
