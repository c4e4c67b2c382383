"""What agent, scheduler and people say to each other about running instances on nodes."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from capability_sdk.contracts.manifest import Engine, Manifest
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
from capability_sdk.contracts.nodes import NodeLoad, NodeMetadata
from capability_sdk.contracts.scaling import Boost, ScalingRule


class Priority(StrEnum):
    """Whose work makes room for whose."""

    STANDARD = "standard"
    BEST_EFFORT = "best-effort"
    """Runs where room is left, and is ended where standard work needs it."""


class Apart(StrEnum):
    """Whether replicas of a version stand on different nodes."""

    PREFERRED = "preferred"
    REQUIRED = "required"


class LocalDeployment(Wire):
    """One version that shall run in the province; its package is unpacked and fully verified."""

    capability: CapabilityName
    version: SemanticVersion
    replicas: Annotated[int, Field(ge=0, le=1000)] = 1
    """What runs; where replicas scale, what runs before anything is known of the calls."""
    weight: Annotated[int, Field(ge=0)] = 1
    """Part of the capability's traffic, relative to its other versions'."""
    scaling: ScalingRule | None = None
    """Bounds within which replicas scale; None for fixed ones."""
    boost: Boost | None = None
    package_path: Annotated[str, Field(pattern=r"^/", max_length=4000)]
    """Absolute path of the unpacked package on this machine."""
    package_digest: Digest | None = None
    """Of the whole package, and its author's public key (PEM): by these another machine that joined
    verifies it anew. Where they are missing it runs on this machine alone."""
    author_key: str = ""
    code_digest: Digest
    weights_digest: Digest
    engine: Engine | None = None
    """Server around the model, such as triton; None for the runtime itself."""
    manifest: Manifest
    passport: dict[str, Any] = {}
    priority: Priority = Priority.STANDARD
    apart: Apart = Apart.PREFERRED
    overlay_digest: Digest | None = None
    """Of the values that the province chose, which stand in the file `overlay_file`."""


class LocalDeployments(Versioned):
    """Body of the scheduler's ``PUT /api/v1/deployments``: everything that shall run."""

    epoch: Annotated[int, Field(ge=0)] = 0
    """Epoch of the edge's enrolment: a later one may start again at revision 1."""
    revision: Annotated[int, Field(ge=0)]
    deployments: list[LocalDeployment]
    stop_all: bool = False
    """An empty list is acted upon only where the sender says that it is meant."""


class DeploymentsAnswer(Wire):
    """What became of a list of deployments."""

    revision: int
    acted_upon: bool
    detail: str


class DirectoryView(Wire):
    """How the service directory does, as the scheduler sees it."""

    engine: str
    age_seconds: Annotated[float, Field(ge=0)] | None
    """Since it last answered; None where it never did."""
    detail: str = ""
    """Why it does not answer; empty where it does."""
    refused_entries: dict[str, str] = {}
    """By ``host:port``: bears no seal of this province, or is damaged."""
    rejected_nodes: dict[str, str] = {}
    """By name: of this province, with metadata that is missing or absurd."""

    def summary(self) -> dict[str, str | float | None]:
        """Return what anybody may read: no names of others."""
        return {"engine": self.engine, "age_seconds": self.age_seconds, "detail": self.detail}


class NodeView(Wire):
    """A node with its present load and what is reserved on it."""

    metadata: NodeMetadata
    load: NodeLoad | None = None
    instances: int = 0
    reserved_cpu_millicores: int = 0
    reserved_memory_mib: int = 0
    reserved_gpu_milli: int = 0


class FailedConstraint(Wire):
    """Why a node cannot take an instance, and the smallest change that would admit it."""

    constraint: str
    reason: str
    cure: str


class Candidate(Wire):
    """A node that was considered: its score, or the first constraint that it fails."""

    node: Identifier
    score: float | None = None
    parts: dict[str, float] = {}
    """What the score is made of, each part weighted."""
    failed: FailedConstraint | None = None


class Change(Wire):
    """One thing to change on a node.

    ``free`` gives back what instances take, ``add`` needs hardware, ``offer`` installs or allows
    something, ``restore`` brings back what was there, ``move`` takes a replica elsewhere.
    """

    constraint: str
    act: Literal["free", "add", "offer", "restore", "move"]
    amount: Annotated[int, Field(ge=0)] = 0
    """In the unit of the constraint: millicores, MiB, thousandths of a GPU; 0 where it has none."""
    value: str = ""
    """What to offer."""
    device: Annotated[int, Field(ge=0)] | None = None
    """Which GPU of the node."""
    cost: float
    words: str


class SmallestChange(Wire):
    """The cheapest change of the cluster that would have admitted a request that was refused."""

    node: Identifier
    changes: list[Change]
    cost: float
    words: str


class Explanation(Wire):
    """What a decision considered: of many nodes the best and the nearest, of all of them totals."""

    considered: int = 0
    suitable: int = 0
    refused: dict[str, int] = {}
    """How many nodes fail first at which constraint."""
    candidates: list[Candidate] = []
    change: SmallestChange | None = None
    victims: list[Identifier] = []
    """Best-effort instances that make room."""
    devices: list[int] = []
    """Indexes of the GPUs that it gets a share of."""


class Decision(Explanation):
    """One placement decision, as it was taken; ``node`` is None where nothing could be bound."""

    id: int
    at: UtcTime
    revision: int
    capability: CapabilityName
    version: SemanticVersion
    instance: Identifier | None = None
    node: Identifier | None = None
    reason: str


Weight = Annotated[float, Field(ge=0, le=1000)]


class PlacementWeights(Strict):
    """What counts how much when a node is chosen; 0 for what shall not count."""

    best_fit: Weight
    """Fill nodes up."""
    spread: Weight
    """Keep instances of a capability on different nodes."""
    idle: Weight
    """Prefer nodes whose cores are idle."""
    passport_fit: Weight
    """Prefer fast nodes."""
    fragmentation: Weight
    """Of each GPU that typical requests could not use any more."""
    balance: Weight
    """Of each GPU that would stand idle without cores."""


class WeightsInForce(Strict):
    """The weights of placement, and their revision: a change names the one that it was made for."""

    revision: Annotated[int, Field(ge=0)]
    weights: PlacementWeights
