"""What really lies on this province's disk, part by part: read anew whenever a file was touched."""

import time
from dataclasses import dataclass
from pathlib import Path

from capability_sdk.contracts.packages import PackageDigests, PartDigests
from capability_sdk.contracts.settings import digest_of
from capability_sdk.contracts.state import DeploymentState, DesiredState, VersionShare
from capability_sdk.contracts.telemetry import VersionContent
from capability_sdk.packaging.digests import (
    digests_of_files,
    file_digest,
    files_of,
    parts_of_files,
)
from edge_gateway.agent.packages import Packages

_HASH_AGAIN_SECONDS = 3600.0
"""Of files that nobody touched: a disk forgets without telling."""

_Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class _Found:
    stamp: _Stamp
    at: float
    digests: PackageDigests
    parts: PartDigests


class Contents:
    """Hashes a package again when anything about its files changed, and now and then anyway."""

    def __init__(self, packages: Packages) -> None:
        self._packages = packages
        self._found: dict[Path, _Found] = {}
        self._unsaid: dict[Path, _Found] = {}
        """What was damaged when it was seen: told once, though it was repaired in between."""
        self._placed: set[Path] = set()
        """What was here: if it is gone, that is told, unlike what has not come yet."""

    def is_whole(self, share: VersionShare) -> bool:
        """Tell whether a version's folder holds exactly what the desired state names."""
        path = self._packages.path_of(share)
        found = self._read(path)
        is_whole = found is not None and found.digests == PackageDigests(
            package=share.package_digest, code=share.code_digest, weights=share.weights_digest
        )
        if found is not None and not is_whole:
            self._unsaid[path] = found
        return is_whole

    def of(self, state: DesiredState) -> list[VersionContent]:
        """Describe what lies here of each version that shall run, once it has come."""
        return [
            content
            for deployment in state.deployments
            for share in deployment.versions
            if (content := self._content(deployment, share)) is not None
        ]

    def _content(self, deployment: DeploymentState, share: VersionShare) -> VersionContent | None:
        name, version = deployment.capability, share.version
        overlay = self._overlay(deployment)
        path = self._packages.path_of(share)
        found = self._unsaid.pop(path, None) or self._read(path)
        if found is None and path not in self._placed:
            return None
        if found is None:
            return VersionContent(capability=name, version=version, overlay=overlay)
        return VersionContent(
            capability=name,
            version=version,
            code=found.digests.code,
            weights=found.digests.weights,
            overlay=overlay,
            parse_rule=found.parts.parse_rule,
            anchors=found.parts.anchors,
        )

    def _overlay(self, deployment: DeploymentState) -> str | None:
        if deployment.overlay is None:
            return None
        try:
            file = self._packages.overlay_path(deployment.overlay.digest)
            return digest_of(file.read_bytes())
        except OSError:
            return None

    def _read(self, path: Path) -> _Found | None:
        """Return the digests of a folder; None where it is not there, or no plain files."""
        try:
            stamp = _stamp(path)
            known = self._found.get(path)
            is_fresh = known is not None and time.monotonic() - known.at < _HASH_AGAIN_SECONDS
            if known is not None and known.stamp == stamp and is_fresh:
                return known
            files = {name: file_digest(file) for name, file in files_of(path).items()}
        except OSError:
            self._found.pop(path, None)
            return None
        if not files:
            return None
        found = _Found(stamp, time.monotonic(), digests_of_files(files), parts_of_files(files))
        self._found[path] = found
        self._placed.add(path)
        return found


def _stamp(path: Path) -> _Stamp:
    found = {name: file.lstat() for name, file in files_of(path).items()}
    return tuple((name, at.st_size, at.st_mtime_ns, at.st_ctime_ns) for name, at in found.items())
