"""What would happen in a province if the center went now, said beforehand."""

from pydantic import Field

from capability_sdk.contracts.model import (
    CapabilityName,
    Count,
    SemanticVersion,
    UtcTime,
    Versioned,
    Wire,
)


class AutonomyReason(Wire):
    """One thing that would fail, or soon would, without the center."""

    code: str = Field(examples=["package-damaged"])
    detail: str
    """What it is about and what to do, for people."""
    blocks: bool
    """Whether calls or tokens would fail at once; otherwise it is a warning."""


class VersionAutonomy(Wire):
    """Whether one version would go on serving, also after a restart."""

    capability: CapabilityName
    version: SemanticVersion
    package_verified: bool
    instances_ready: Count
    would_serve: bool


class AutonomyReport(Versioned):
    """Answer of ``GET /health/autonomy``."""

    at: UtcTime
    autonomous: bool
    """Whether everything that is deployed would serve, and known applications would get tokens."""
    until: UtcTime | None = None
    """When serving would end without the center; None where there is no state."""
    tokens_until: UtcTime | None = None
    """When the province's own tokens would end; None where it may issue none."""
    summary: str
    reasons: list[AutonomyReason] = []
    state_revision: Count = 0
    versions: list[VersionAutonomy] = []
    delegated: list[CapabilityName] | None = None
    """Capabilities that the province's own tokens may name; None for all that it subscribes to."""
    bearer_seconds: Count = 0
    """Rest of the agent's own credential at the center."""
    spool_free_bytes: Count = 0
    spool_hours: float | None = None
    """How long the disk takes usage at the present rate; None where that is beyond a year."""
