"""The model repository extension of the Open Inference Protocol, as an instance offers it.

Only the scheduler of the same machine speaks it, over a Unix socket of its own. In a pod, where no
scheduler is, the same is said by a file.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from capability_sdk.contracts.model import CapabilityName, Digest, SemanticVersion, Versioned, Wire


class LoadParameters(Wire):
    """Which weights shall be put into service beside those that are."""

    version: SemanticVersion
    folder: Annotated[str, Field(pattern=r"^/", max_length=4000)]
    """Absolute path of the unpacked package, on storage that the instance can read."""
    code_digest: Digest
    weights_digest: Digest


class LoadRequest(Wire):
    """Body of ``POST /v2/repository/models/{name}/load``."""

    parameters: LoadParameters


class ServedVersions(Versioned):
    """A pod's pointer: what it shall serve, in a file that is replaced as a whole."""

    name: CapabilityName
    versions: Annotated[list[LoadParameters], Field(min_length=1)]


class UnloadParameters(Wire):
    """Which version shall leave."""

    version: SemanticVersion


class UnloadRequest(Wire):
    """Body of ``POST /v2/repository/models/{name}/unload``."""

    parameters: UnloadParameters


class IndexRequest(Wire):
    """Body of ``POST /v2/repository/index``."""

    ready: bool = False
    """Whether only those that are ready are asked for."""


class ModelState(StrEnum):
    """What a version of the index is doing."""

    READY = "READY"
    LOADING = "LOADING"
    UNAVAILABLE = "UNAVAILABLE"


class IndexedModel(Wire):
    """One version in the answer of ``POST /v2/repository/index``."""

    name: CapabilityName
    version: SemanticVersion
    state: ModelState
    reason: str = ""
    """Why it is not ready; empty where it is."""
