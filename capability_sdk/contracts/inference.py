"""The Open Inference Protocol (KServe v2): datatypes, tensors, requests, answers, metadata."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from capability_sdk.contracts.model import Wire

BINARY_HEADER = "inference-header-content-length"
"""Header of the binary tensor extension: length in bytes of the JSON part of a body."""

REQUEST_ID_HEADER = "x-request-id"
CLIENT_REQUEST_ID_HEADER = "x-client-request-id"
TRIAL_HEADER = "x-trial"
"""Set by the gateway alone: the call is a trial, which leaves no trace in statistics."""
VERSION_HEADER = "x-capability-version"
CODE_DIGEST_HEADER = "x-code-digest"
WEIGHTS_DIGEST_HEADER = "x-weights-digest"
LOAD_HEADER = "endpoint-load-metrics"
"""What an instance is busy with, in the form of ORCA; it comes with the answer that it is ready."""


class Datatype(StrEnum):
    """Tensor element types of the protocol."""

    BOOL = "BOOL"
    UINT8 = "UINT8"
    UINT16 = "UINT16"
    UINT32 = "UINT32"
    UINT64 = "UINT64"
    INT8 = "INT8"
    INT16 = "INT16"
    INT32 = "INT32"
    INT64 = "INT64"
    FP16 = "FP16"
    FP32 = "FP32"
    FP64 = "FP64"
    BYTES = "BYTES"


Dimension = Annotated[int, Field(ge=-1)]


class RequestTensor(Wire):
    """One input of an infer request; ``data`` is nested or flat, row-major."""

    name: str
    shape: list[Annotated[int, Field(ge=0)]]
    datatype: Datatype
    parameters: dict[str, Any] = {}
    data: list[Any] | None = None


class RequestedOutput(Wire):
    """One output that the caller asks for."""

    name: str
    parameters: dict[str, Any] = {}


class InferRequest(Wire):
    """The JSON part of an infer request."""

    id: str | None = None
    parameters: dict[str, Any] = {}
    inputs: Annotated[list[RequestTensor], Field(min_length=1)]
    outputs: list[RequestedOutput] | None = None


class ResponseTensor(Wire):
    """One output of an infer answer."""

    name: str
    shape: list[int]
    datatype: Datatype
    parameters: dict[str, Any] = {}
    data: list[Any] | None = None


class InferResponse(Wire):
    """The JSON part of an infer answer."""

    model_name: str
    model_version: str
    id: str | None = None
    parameters: dict[str, Any] = {}
    outputs: list[ResponseTensor]


class TensorMetadata(Wire):
    """Name, type and shape of a tensor; -1 stands for the batch dimension."""

    name: str
    datatype: Datatype
    shape: list[Dimension]


class ModelMetadata(Wire):
    """Answer of ``GET /v2/models/{name}[/versions/{version}]``."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]
