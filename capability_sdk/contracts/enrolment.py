"""How an edge cluster becomes part of the platform."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from capability_sdk.contracts.model import Identifier, ProvinceName, Versioned, Wire


class ProvinceKind(StrEnum):
    """What a province's edge is for."""

    SERVING = "serving"
    PROVING = "proving"
    """Beside the center: it runs drafts for a while, sees samples only, and serves nobody else."""


class EnrolmentRequest(Wire):
    """Body of ``POST /api/v1/edges``; the single-use code is the credential."""

    code: Annotated[str, Field(min_length=16, max_length=100, repr=False)]
    public_key: dict[str, Any]
    """JWK of the edge's P-256 key; the private half never leaves the edge."""
    gateway_url: Annotated[str, Field(max_length=300)]


class IssuerKeyRequest(Wire):
    """Body of ``PUT /api/v1/edges/{edge}/issuer-key``."""

    public_key: dict[str, Any]
    """JWK of the P-256 key that the edge's delegated issuer signs with."""


class EdgeIdentity(Versioned):
    """The center's answer; kept on the edge's disk, with the keys that it pins."""

    edge: Identifier
    province: ProvinceName
    epoch: Annotated[int, Field(ge=1)]
    zone: str
    audience: str
    state_keys: list[dict[str, Any]]
    """JWKs that verify desired state."""
    release_keys: list[dict[str, Any]]
    """JWKs that verify releases."""
    kind: ProvinceKind = ProvinceKind.SERVING
