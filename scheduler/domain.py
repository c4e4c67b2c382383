"""What is bound where: the scheduler's own values."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from capability_sdk.contracts.nodes import InstanceHealth
from capability_sdk.contracts.scheduling import LocalDeployment, Priority

DEVICE_MILLI = 1000
"""Thousandths that one GPU has."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What one instance needs of a node.

    Attributes:
        engine: Engine that executes the model.
        family: Algorithm family that the node must support.
        cpu_millicores: Thousandths of a core.
        memory_mib: Memory, measured by the gate where a passport says so.
        batch_rows: Rows of the measured best batch; 0 where no passport says so.
        gpu_milli: Thousandths of a GPU: up to 1000 share one device, a multiple of 1000 takes whole
            devices.
        gpu_models: GPU models that will do; empty for any.
        apart_from: Key of the unit of whose instances its node must hold none; empty where it may.
    """

    engine: str
    family: str
    cpu_millicores: int
    memory_mib: int
    gpu_milli: int
    batch_rows: int = 0
    gpu_models: tuple[str, ...] = ()
    apart_from: str = ""

    @property
    def devices(self) -> int:
        """How many GPUs it takes a share of."""
        return -(-self.gpu_milli // DEVICE_MILLI)

    @property
    def device_milli(self) -> int:
        """Thousandths that it takes of each of its devices."""
        return min(self.gpu_milli, DEVICE_MILLI)


@dataclass(frozen=True, slots=True)
class Unit:
    """One version with its content: two instances of the same unit are interchangeable.

    Attributes:
        face: Digest of engine and tensors; empty where a running instance cannot take weights.
        engine: Server around the model; empty for the runtime itself.
        overlay: Digest of what the province chose of its settings; empty for the package's own.
        package_digest: Of the whole package, for a machine that fetches it; empty where that is unknown.
        author_key: Public key that its signature is verified with; likewise.
    """

    capability: str
    version: str
    code_digest: str
    weights_digest: str
    face: str = field(default="", compare=False)
    engine: str = ""
    overlay: str = ""
    package_digest: str = field(default="", compare=False)
    author_key: str = field(default="", compare=False)

    @property
    def key(self) -> str:
        """Names it in one word, for people and as data."""
        digests = (self.code_digest, self.weights_digest)
        short = "-".join(digest.removeprefix("sha256:")[:12] for digest in digests)
        chosen = self.overlay.removeprefix("sha256:")[:12]
        further = "".join(f":{word}" for word in (self.engine, chosen) if word)
        return f"{self.capability}:{self.version}:{short}{further}"

    def differs_in_weights_alone(self, other: "Unit") -> bool:
        """Tell whether one running instance may serve both."""
        same = (self.capability, self.code_digest, self.face, self.engine, self.overlay)
        return bool(self.face) and same == (
            *(other.capability, other.code_digest, other.face, other.engine, other.overlay),
        )


class Phase(StrEnum):
    """Whether a binding shall serve or is on its way out."""

    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Binding:
    """An instance bound to a node, with what it reserves there.

    Attributes:
        host: The instance whose process serves this one too, since only weights differ; empty for
            a process of its own.
        devices: Indexes of the GPUs that it has a share of.
        priority: Whose work makes room for whose.
        is_bound: Whether it may run; before, it is only reserved.
    """

    id: str
    unit: Unit
    node: str
    package_path: Path
    demand: Demand
    host: str = ""
    devices: tuple[int, ...] = ()
    priority: Priority = Priority.STANDARD
    is_bound: bool = False

    @property
    def process(self) -> str:
        """Name of the process that serves it."""
        return self.host or self.id


@dataclass(frozen=True, slots=True)
class Observation:
    """What a runner sees of an instance now.

    Attributes:
        id: The instance.
        health: State, as far as the runner can tell.
        restarts: How often it was started again since the runner took it on.
        detail: Code and words of the last failure; empty while nothing is wrong.
        address: Where it listens, ``unix:/path`` or ``http://host:port``.
        pid: Process id, where it is a process of this machine that runs.
        credential: What it asks of each call, where it is not of this machine.
        copies: Addresses of further copies that a cluster runs for it while it is busy.
    """

    id: str
    health: InstanceHealth
    restarts: int
    detail: str
    address: str
    pid: int | None = None
    credential: str = field(default="", repr=False)
    copies: tuple[str, ...] = ()


def unit_of(deployment: LocalDeployment) -> Unit:
    """Name the content that a deployment wants to run."""
    manifest = deployment.manifest
    return Unit(
        deployment.capability,
        deployment.version,
        deployment.code_digest,
        deployment.weights_digest,
        face=manifest.face,
        engine=deployment.engine or "",
        overlay=deployment.overlay_digest or "",
        package_digest=deployment.package_digest or "",
        author_key=deployment.author_key,
    )
