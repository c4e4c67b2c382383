"""What a machine that joined a province and the province's scheduler say to each other."""

from typing import Annotated

from pydantic import Field

from capability_sdk.contracts.model import (
    CapabilityName,
    Digest,
    Identifier,
    SemanticVersion,
    Strict,
    UtcTime,
    Versioned,
    Wire,
)
from capability_sdk.contracts.nodes import Credential, InstanceHealth, NodeLoad

Code = Annotated[str, Field(min_length=16, max_length=100, repr=False)]
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$")]
"""A name or an IPv4 address that the gateway can reach."""


class InvitationRequest(Strict):
    """Body of ``POST /api/v1/invitations``."""

    node: Identifier | None = None
    """The only node that may use it; one that has joined before may join again by this alone."""


class Invitation(Wire):
    """A single-use code that lets one machine join."""

    code: Code
    node: Identifier | None = None
    expires_at: UtcTime


class JoinRequest(Wire):
    """Body of ``POST /api/v1/joined-nodes``; the code is the credential."""

    code: Code
    node: Identifier
    host: Host
    """Where the gateway reaches the instances of this node."""


class JoinAnswer(Versioned):
    """The scheduler's answer; the credential is shown this once."""

    node: Identifier
    credential: Credential


class AssignedInstance(Wire):
    """An instance that a node shall run.

    Attributes as in the scheduler's binding; ``package_digest`` names what to fetch and to verify
    with the author's key.
    """

    id: Identifier
    host: str = ""
    """The instance whose process serves this one too; empty for a process of its own."""
    capability: CapabilityName
    version: SemanticVersion
    package_digest: Digest
    code_digest: Digest
    weights_digest: Digest
    author_key: str
    engine: str = ""
    family: str = ""
    face: str = ""
    memory_mib: Annotated[int, Field(ge=0)] = 0
    batch_rows: Annotated[int, Field(ge=0)] = 0
    sample_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    overlay_digest: Digest | None = None
    """Of what the province chose of the settings: what to fetch, and to verify by it."""


class Assignment(Versioned):
    """Everything that a node shall run; what is not in it is to be stopped."""

    revision: Annotated[int, Field(ge=0)]
    instances: list[AssignedInstance]


class ObservedInstance(Wire):
    """What a node sees of an instance that it was given."""

    id: Identifier
    health: InstanceHealth
    restarts: Annotated[int, Field(ge=0)] = 0
    detail: Annotated[str, Field(max_length=200)] = ""
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    """Where it listens on the node's host; 0 while it does not."""
    credential: Credential = ""


class NodeReport(Versioned):
    """Body of ``PUT /api/v1/joined-nodes/{node}/report``, about once a second."""

    load: NodeLoad
    instances: Annotated[list[ObservedInstance], Field(max_length=10_000)] = []


class ReportAnswer(Wire):
    """The scheduler heard the node."""

    revision: int
    """Of the assignment in force."""
    lease_seconds: Annotated[float, Field(gt=0)]
    """How long the node's instances may answer from the moment at which it sent the report."""
