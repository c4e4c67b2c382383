"""Looks a package through before anything of it is kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.packages import PackageDigests


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a good package says of itself.

    Attributes:
        author_key: PEM of the key that signed it.
    """

    manifest: Manifest
    digests: PackageDigests
    author_key: str


Inspect = Callable[[Path, Sequence[str]], Inspected]
"""Reads an archive whose signature one of the given keys (PEM) must verify."""
