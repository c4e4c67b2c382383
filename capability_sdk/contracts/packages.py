"""Digests, gate reports and the release statement of a capability version."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.model import (
    CapabilityName,
    Digest,
    ProvinceName,
    SemanticVersion,
    UtcTime,
    Versioned,
    Wire,
)

MANIFEST_FILE = "capability.toml"
SIGNATURE_FILE = "package.sig"
"""Detached OpenSSF model-signing bundle over every other file of the package."""

RELEASE_TYPE = "jiuzhou-release+jwt"
DRAFT_TYPE = "jiuzhou-draft+jwt"
STATE_TYPE = "jiuzhou-state+jwt"


class PackageDigests(Wire):
    """sha256 over the sorted ``(path, sha256)`` pairs: of all files, ``code/``, ``model/``.

    The package digest leaves out the signature, which covers it.
    """

    package: Digest
    code: Digest
    weights: Digest


class PartDigests(Wire):
    """Of what a package holds beside code and weights; None where it holds none of it."""

    parse_rule: Digest | None = None
    """Of ``annotation/``."""
    anchors: Digest | None = None
    """Of ``reference/``."""


class Section(StrEnum):
    """What a check of the publish gate belongs to, in the order in which a report shows them."""

    PACKAGE = "package"
    FUNCTIONAL = "functional"
    CONTRACT = "contract"
    DETERMINISM = "determinism"
    STATELESSNESS = "statelessness"
    RESOURCES = "resources"
    MEMORY_GROWTH = "memory-growth"
    COLD_START = "cold-start"
    LOAD = "load"
    INTEGRATION = "integration"


class Bound(StrEnum):
    """Which side of its limit a figure has to keep to."""

    AT_MOST = "at-most"
    AT_LEAST = "at-least"


class Figure(Wire):
    """One measured number."""

    name: str
    """Lower-case words with underscores, such as ``latency_p99``; the page translates it."""
    value: float
    unit: str = ""
    """Such as ``ms``, ``MiB``, ``rows/s``; empty for a plain count."""
    limit: float | None = None
    """What the check held it against, in the same unit."""
    bound: Bound = Bound.AT_MOST


class Series(Wire):
    """A measured line for a plot: ``y[i]`` at ``x[i]``; both have the same length, 2 to 200."""

    name: str
    """Series of a check that have one name share a plot."""
    line: str = ""
    """Tells the lines of a plot apart, such as ``2 threads``."""
    unit: str
    """Of ``y``."""
    along: str
    """What ``x`` counts, such as ``rows`` or ``calls``."""
    x: Annotated[list[float], Field(min_length=2, max_length=200)]
    y: Annotated[list[float], Field(min_length=2, max_length=200)]

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if len(self.x) != len(self.y):
            raise ValueError("x and y differ in length")
        return self


class Check(Wire):
    """Verdict of one check of a gate."""

    name: str
    passed: bool
    detail: str = ""
    cure: str = ""
    section: Section = Section.PACKAGE
    skipped: bool = False
    """It could not be run here, and ``detail`` says why; it refuses nothing, so it ``passed``."""
    figures: list[Figure] = []
    series: list[Series] = []
    seconds: Annotated[float, Field(ge=0)] = 0.0
    """Wall time that it took."""


class GateReport(Versioned):
    """What the publish gate found out about a version."""

    passed: bool
    checks: list[Check]
    passport: dict[str, Any] = {}
    """Members of a `Passport`, as they were measured; the release countersigns them as they are."""
    seconds: Annotated[float, Field(ge=0)] = 0.0
    """Wall time of the whole gate."""

    def joined(self, checks: Sequence[Check], seconds: float = 0.0) -> Self:
        """Return this report with further checks; it passed only if all of them did."""
        passed = self.passed and all(check.passed for check in checks)
        return self.model_copy(
            update={
                "passed": passed,
                "checks": [*self.checks, *checks],
                "seconds": self.seconds + seconds,
            }
        )


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


class DraftRelease(Release):
    """The center's leave to run a version that is not published (``typ`` DRAFT_TYPE).

    It holds for one proving province and for minutes; no other edge takes it.
    """

    province: ProvinceName
    expires_at: UtcTime
