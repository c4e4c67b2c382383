"""Digests, gate reports and the release statement of a capability version."""

from typing import Any

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.model import (
    CapabilityName,
    Digest,
    SemanticVersion,
    UtcTime,
    Versioned,
    Wire,
)

MANIFEST_FILE = "capability.toml"
SIGNATURE_FILE = "package.sig"
"""Detached OpenSSF model-signing bundle over every other file of the package."""

RELEASE_TYPE = "jiuzhou-release+jwt"
STATE_TYPE = "jiuzhou-state+jwt"


class PackageDigests(Wire):
    """sha256 over the sorted ``(path, sha256)`` pairs: of all files, ``code/``, ``model/``.

    The package digest leaves out the signature, which covers it.
    """

    package: Digest
    code: Digest
    weights: Digest


class Check(Wire):
    """Verdict of one check of a gate."""

    name: str
    passed: bool
    detail: str = ""
    cure: str = ""


class GateReport(Versioned):
    """What the publish gate found out about a version."""

    passed: bool
    checks: list[Check]
    passport: dict[str, Any] = {}
    """Measured: ``load_seconds``, ``memory_bytes``, ``cpu_microseconds_per_row``."""


class Release(Versioned):
    """The center's countersignature, a JWS: what a province may load (``typ`` RELEASE_TYPE)."""

    capability: CapabilityName
    version: SemanticVersion
    manifest: Manifest
    digests: PackageDigests
    author: str
    author_key: str
    """PEM public key that verifies the package's detached signature."""
    passport: dict[str, Any] = {}
    approved_by: str
    approved_at: UtcTime
