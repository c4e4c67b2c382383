"""Desired state: the one full, signed document that a province lives from.

It travels as a compact JWS (ES256, ``typ`` `capability_sdk.contracts.packages.STATE_TYPE`) and
stands on the province's disk in that form, so that every process verifies it for itself.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from capability_sdk.contracts.manifest import Engine
from capability_sdk.contracts.model import (
    CapabilityName,
    Count,
    Digest,
    Identifier,
    ProvinceName,
    SemanticVersion,
    UtcTime,
    Versioned,
    Wire,
)
from capability_sdk.contracts.packages import PartDigests
from capability_sdk.contracts.scaling import Boost, ScalingRule
from capability_sdk.contracts.scheduling import Apart, Priority
from capability_sdk.contracts.settings import Overlay


class ApplicationState(Wire):
    """A calling system of the province."""

    client_id: Identifier
    name: str
    organisation: str
    active: bool
    secret_hashes: list[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]]
    """sha256 of each valid secret (256 random bits, so no salt is needed), at most two."""


class SubscriptionState(Wire):
    """One application's right to call one capability."""

    id: Identifier
    application: Identifier
    capability: CapabilityName
    active: bool
    daily_quota: Count
    rate_per_second: Annotated[float, Field(gt=0)]
    concurrency: Annotated[int, Field(ge=1)]


class VersionShare(Wire):
    """One version within a deployment."""

    version: SemanticVersion
    weight: Annotated[int, Field(ge=0, le=1_000_000)]
    replicas: Annotated[int, Field(ge=0, le=1000)] = 1
    scaling: ScalingRule | None = None
    """Bounds within which replicas scale; `replicas` is then where they begin."""
    engine: Engine | None = None
    """Server around the model, such as triton; None for the runtime itself."""
    package_digest: Digest
    code_digest: Digest
    weights_digest: Digest
    release: str
    """Compact JWS of the `Release`."""
    parts: PartDigests | None = None
    """None where the center did not note them when the version was uploaded."""


class DeploymentState(Wire):
    """Desired state of one capability in the province."""

    capability: CapabilityName
    versions: Annotated[list[VersionShare], Field(min_length=1)]
    boost: Boost | None = None
    """What an operator ordered for a time."""
    priority: Priority = Priority.STANDARD
    apart: Apart = Apart.PREFERRED
    overlay: Overlay | None = None
    """What the province chose of the settings; None where all are as the package has them."""


class KeySet(Wire):
    """Public keys that verify access tokens; versions only ever grow."""

    version: Annotated[int, Field(ge=1)]
    keys: list[dict[str, Any]]
    """JWKs (EC, P-256) with ``kid``."""


class IssuerCertificate(Wire):
    """What a province's own issuer may sign while the center is away: province, scope and time.

    It counts only as a member of a signed desired state, so it has that state's addressee, epoch
    and protection against roll-back, and the next state without it withdraws it.
    """

    issuer: str
    """The only ``iss`` of what it signs."""
    key: dict[str, Any]
    """JWK (EC, P-256); its ``kid`` is its RFC 7638 thumbprint."""
    audience: str
    capabilities: list[CapabilityName] | None = None
    """Capabilities that it may name; None for every one that the province subscribes to."""
    max_lifetime_seconds: Annotated[int, Field(ge=1, le=900)]
    not_before: UtcTime
    expires_at: UtcTime


class TrialRules(Wire):
    """What people may try in the province before anybody subscribes, and how much at once.

    All trials of the province together have these limits, beside those of every subscription.
    """

    origins: list[Annotated[str, Field(pattern=r"^https?://[^/\s]+$", max_length=300)]]
    """Web origins whose pages may call the gateway from a browser: the console's."""
    concurrency: Annotated[int, Field(ge=1)]
    rate_per_second: Annotated[float, Field(gt=0)]


class DesiredState(Versioned):
    """Everything a province needs to serve."""

    province: ProvinceName
    edge: Identifier
    epoch: Annotated[int, Field(ge=1)]
    revision: Annotated[int, Field(ge=1)]
    issued_at: UtcTime
    expires_at: UtcTime
    zone: str
    """IANA time zone of quota days and profile hours."""
    token_keys: KeySet
    applications: list[ApplicationState] = []
    subscriptions: list[SubscriptionState] = []
    deployments: list[DeploymentState] = []
    revoked_tokens: list[Identifier] = []
    """``jti`` of revoked tokens, and `credential_mark` of removed secrets, until they expire."""
    issuer: IssuerCertificate | None = None
    """What the province's delegated issuer may sign; None where it may sign nothing."""
    trials: TrialRules | None = None
    """How capabilities are tried here; None where nothing is."""
    complete: Literal[True] = True
    """Written last; a document without it is refused."""
