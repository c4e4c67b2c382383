"""From a checked folder to an archive: the same input gives the same bytes."""

import gzip
import io
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.packages import PackageDigests
from capability_sdk.kit.files import write_atomically
from capability_sdk.packaging import archive, signing
from capability_sdk.packaging.checks import check_folder, package_files
from capability_sdk.packaging.digests import files_of
from capability_sdk.packaging.errors import PackageRefused

_LEVEL = 6


@dataclass(frozen=True, slots=True)
class BuiltPackage:
    """A package archive on disk."""

    path: Path
    manifest: Manifest
    digests: PackageDigests


def build(folder: Path, out_file: Path) -> BuiltPackage:
    """Check a project and pack it, unsigned.

    Raises:
        PackageRefused: The project breaks rules; each is named.
    """
    return build_package(folder, out_file)


def build_package(
    folder: Path, out_file: Path | None = None, *, signing_key: Path | None = None
) -> BuiltPackage:
    """Check a project, sign its files, and pack them.

    Args:
        folder: The project; what does not belong into a package is left out.
        out_file: The archive to write; ``dist/<name>-<version>.tar.gz`` in the project by default.
        signing_key: The author's P-256 private key (PEM); without it the package is not signed.

    Raises:
        PackageRefused: The project breaks rules; each is named.
        SigningUnavailable: A key is given, and the signing extra is not installed.
    """
    report = check_folder(folder)
    if report.manifest is None or not report.passed:
        raise PackageRefused(report.breaks)
    manifest = report.manifest
    target = out_file or folder / "dist" / f"{manifest.name}-{manifest.version}.tar.gz"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        staged = Path(scratch) / manifest.name
        for name, path in package_files(folder).items():
            copy = staged / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy, follow_symlinks=False)
        if signing_key is not None:
            signing.sign(staged, signing_key)
        packed = io.BytesIO()
        pack(staged, packed)
        write_atomically(target, packed.getvalue(), mode=0o644)
    # Read by the same code as the center's, so that nothing is built that would be refused.
    content = archive.read(target)
    return BuiltPackage(target, content.manifest, content.digests)


def pack(folder: Path, target: BinaryIO) -> None:
    """Write a package's files as an archive: the same files give the same bytes.

    Args:
        folder: The files of a package, its signature included.
        target: Where the archive goes.
    """
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=target, compresslevel=_LEVEL, mtime=0) as out,
        tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name, path in files_of(folder).items():
            info = tarfile.TarInfo(name)
            info.size = path.stat().st_size
            with path.open("rb") as file:
                tar.addfile(info, file)
