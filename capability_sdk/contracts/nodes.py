"""Nodes, instances and endpoints of a province."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from capability_sdk.contracts.manifest import AlgorithmFamily, Engine
from capability_sdk.contracts.model import (
    CapabilityName,
    Digest,
    Identifier,
    SemanticVersion,
    UtcTime,
    Versioned,
    Wire,
)

Share = Annotated[float, Field(ge=0, le=1)]


class NodeMetadata(Versioned):
    """What a node reports once, at its start."""

    node: Identifier
    epoch: Annotated[int, Field(ge=1)]
    families: list[AlgorithmFamily]
    engines: list[Engine]
    cpu_millicores: Annotated[int, Field(gt=0, le=4_000_000)]
    memory_mib: Annotated[int, Field(gt=0, le=64_000_000)]
    gpu_model: str | None = None
    gpu_milli: Annotated[int, Field(ge=0, le=64_000)] = 0
    cpu_score: Annotated[float, Field(ge=0, le=100_000)] = 0.0
    """Of the benchmark that passports name (`NODE_SCORE` is the reference node); 0: not measured."""
    labels: dict[str, str] = {}


class InstanceLoad(Wire):
    """What an instance is busy with, by its own metrics."""

    instance: Identifier
    queue: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """Calls that wait to be computed."""
    in_flight: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """Calls that are not answered yet, those of the queue included."""
    p99_ms: Annotated[float, Field(ge=0, le=10_000_000)] | None = None
    """99th percentile from request to answer, of the last 5 to 10 seconds; None without a call."""


class NodeLoad(Wire):
    """What a node reports about once a second."""

    node: Identifier
    cpu_fraction: Share
    memory_fraction: Share
    gpu_fraction: Share | None = None
    """Mean use of its GPUs; None where it has none, or none that can be asked."""
    instances: Annotated[list[InstanceLoad], Field(max_length=10_000)] = []
    """Of the processes that run on it; versions that share a process share its entry."""
    at: UtcTime

    @property
    def queue(self) -> int:
        """Calls that wait on this node."""
        return sum(item.queue for item in self.instances)

    @property
    def in_flight(self) -> int:
        """Calls that this node has not answered yet."""
        return sum(item.in_flight for item in self.instances)


class InstanceHealth(StrEnum):
    """Observed state of an instance."""

    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"
    STOPPING = "stopping"


class InstanceStatus(Wire):
    """One running copy of a version on a node."""

    id: Identifier
    capability: CapabilityName
    version: SemanticVersion
    node: Identifier
    health: InstanceHealth
    restarts: int = 0
    detail: str = ""
    code_digest: Digest
    weights_digest: Digest
    overlay_digest: Digest | Literal[""] | None = None
    """Of the settings that it was started with; empty for the package's own, None where not told."""
    is_outdated: bool = False
    """Whether the province has chosen other settings since: it serves until its successor is ready."""

    @property
    def serves_as_chosen(self) -> bool:
        """Whether it is ready, with the settings that the province chose last."""
        return self.health is InstanceHealth.READY and not self.is_outdated


Credential = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,100}$", repr=False)]


class InstanceAccess(Wire):
    """What an instance on another node tells its node agent, in a file of mode 0600, at each start."""

    address: str
    """``http://host:port``."""
    credential: Credential


class Endpoint(Wire):
    """An address that the gateway may send a version's requests to."""

    instance: Identifier
    capability: CapabilityName
    version: SemanticVersion
    address: str
    """``unix:/path/to/socket`` or ``http://host:port``."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    """How fast it is now, beside the fastest endpoint of its version, which has 1."""
    node: Annotated[str, Field(max_length=200)] = ""
    """Where it runs; endpoints of one node are in each other's way. Empty: alone on a node."""
    cores: Annotated[float, Field(ge=0, le=4000)] = 1.0
    """What its node has of them."""
    service_seconds: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    """What a call of one row takes an endpoint of weight 1, by the passport; 0: not measured."""
    is_stateless: bool = False
    """Whether a call that may have been computed may be computed again."""
    credential: Credential = ""
    """Bearer credential that an instance on another node asks of each call; empty on this one."""


class EndpointList(Versioned):
    """The scheduler's answer to the gateway (``GET /api/v1/endpoints``)."""

    revision: Annotated[int, Field(ge=0)]
    endpoints: list[Endpoint]
