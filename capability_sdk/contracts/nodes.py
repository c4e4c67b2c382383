"""Nodes, instances and endpoints of a province."""

from enum import StrEnum
from typing import Annotated

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
    labels: dict[str, str] = {}


class NodeLoad(Wire):
    """What a node reports about once a second."""

    node: Identifier
    cpu_fraction: Annotated[float, Field(ge=0, le=1)]
    memory_fraction: Annotated[float, Field(ge=0, le=1)]
    at: UtcTime


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


class Endpoint(Wire):
    """An address that the gateway may send a version's requests to."""

    instance: Identifier
    capability: CapabilityName
    version: SemanticVersion
    address: str
    """``unix:/path/to/socket`` or ``http://host:port``."""
    weight: Annotated[float, Field(gt=0)] = 1.0


class EndpointList(Versioned):
    """The scheduler's answer to the gateway (``GET /api/v1/endpoints``)."""

    revision: Annotated[int, Field(ge=0)]
    endpoints: list[Endpoint]
