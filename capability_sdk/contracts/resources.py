"""What algorithms need of a node: by family, and of a version once it was measured."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from capability_sdk.contracts.manifest import AlgorithmFamily
from capability_sdk.contracts.model import CapabilityName, SemanticVersion, Versioned, Wire
from capability_sdk.contracts.passport import BatchPoint

Amount = Annotated[float, Field(ge=0)]


class Source(StrEnum):
    """Where a figure comes from; each outranks those before it."""

    PROFILE = "profile"
    """What the algorithm family usually needs."""
    DECLARATION = "declaration"
    """The author's word, in the manifest."""
    PASSPORT = "passport"
    """Measured by the publish gate."""


class ResourceWeights(Wire):
    """How much of what limits a family is CPU, GPU and memory; they add up to 1."""

    cpu: Amount
    gpu: Amount
    memory: Amount


class FamilyProfile(Wire):
    """What an instance of a family needs where nobody says more, and what that was measured on."""

    family: AlgorithmFamily
    nominal_model: str
    weights: ResourceWeights
    cpu_microseconds_per_row: Amount
    """Of the engine, on the reference node."""
    cpu_millicores: int
    memory_mib: int
    gpu_milli: int = 0


class ResourceFigure(Wire):
    """An amount and where it comes from."""

    amount: int
    source: Source


class VersionProfile(Wire):
    """The profile card of a version that is deployed here."""

    capability: CapabilityName
    version: SemanticVersion
    family: AlgorithmFamily
    engine: str
    weights: ResourceWeights
    cpu_millicores: ResourceFigure
    """Cores of the reference node, in thousandths, for the declared rate."""
    memory_mib: ResourceFigure
    gpu_milli: ResourceFigure
    best_batch: int | None = None
    latency: list[BatchPoint] = []
    """By rows of a batch and threads; empty where no passport says so."""


class ProfileList(Versioned):
    """The scheduler's answer to ``GET /api/v1/profiles``."""

    families: list[FamilyProfile]
    versions: list[VersionProfile]
