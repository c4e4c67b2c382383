"""The protocol's calls over gRPC: a second face of the same data plane."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn, Protocol

import grpc
from google.protobuf.message import DecodeError, Message

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.contracts.inference import REQUEST_ID_HEADER
from capability_sdk.serving.batching import Outputs
from capability_sdk.serving.calls import Call
from capability_sdk.serving.dataplane import DataPlane
from capability_sdk.serving.errors import MalformedRequest, ModelFailed, ModelNotServed
from capability_sdk.serving.grpc import open_inference_pb2 as pb
from capability_sdk.serving.grpc.bounds import has_too_many_fields
from capability_sdk.serving.grpc.messages import MessageReader, MessageWriter
from capability_sdk.serving.identity import identity_of, request_id_of
from capability_sdk.serving.pages import metadata_of, server_metadata
from capability_sdk.serving.repository import Served, ServedModel

Metadata = Sequence[tuple[str, str]]
"""Names and values; a value of bytes belongs to a name in ``-bin``, and none of ours is one."""

_log = logging.getLogger(__name__)
_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    404: grpc.StatusCode.NOT_FOUND,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    503: grpc.StatusCode.UNAVAILABLE,
}


class Context(Protocol):
    """What is used of a call's context; grpcio ships no types."""

    def invocation_metadata(self) -> Metadata | None:
        """Return what the caller sent beside the message."""
        ...

    def trailing_metadata(self) -> Metadata:
        """Return what was set before."""
        ...

    def set_trailing_metadata(self, metadata: Metadata) -> None:
        """Set what is sent at the end of the answer, be it a failure."""
        ...

    async def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        """End the call with a failure."""
        ...


_Method = Callable[[Any, Context], Awaitable[Message]]


@dataclass(frozen=True, slots=True)
class _Face:
    """What reads and writes the messages of one model."""

    reader: MessageReader
    writer: MessageWriter
    identity: tuple[tuple[str, str], ...]


class InferenceService:
    """Answers the protocol's six calls; a failure has the words that REST has for it."""

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane
        self._faces: dict[ServedModel, _Face] = {}
        plane.repository.on_change(self._prepare)

    def handlers(self) -> grpc.GenericRpcHandler:
        """Return what a server needs to answer these calls."""
        methods: dict[str, tuple[_Method, type[Message]]] = {
            "ServerLive": (self._live, pb.ServerLiveRequest),
            "ServerReady": (self._ready, pb.ServerReadyRequest),
            "ModelReady": (self._model_ready, pb.ModelReadyRequest),
            "ServerMetadata": (self._server_metadata, pb.ServerMetadataRequest),
            "ModelMetadata": (self._model_metadata, pb.ModelMetadataRequest),
            "ModelInfer": (self._infer, pb.ModelInferRequest),
        }
        return grpc.method_handlers_generic_handler(
            pb.DESCRIPTOR.services_by_name["GRPCInferenceService"].full_name,
            {
                name: grpc.unary_unary_rpc_method_handler(
                    partial(_answering, method, request),
                    response_serializer=lambda answer: answer.SerializeToString(),
                )
                for name, (method, request) in methods.items()
            },
        )

    async def _live(self, _request: pb.ServerLiveRequest, _: Context) -> pb.ServerLiveResponse:
        return pb.ServerLiveResponse(live=True)

    async def _ready(self, _request: pb.ServerReadyRequest, _: Context) -> pb.ServerReadyResponse:
        return pb.ServerReadyResponse(ready=self._plane.is_ready)

    async def _model_ready(
        self, request: pb.ModelReadyRequest, _: Context
    ) -> pb.ModelReadyResponse:
        try:
            self._plane.find(request.name, request.version or None)
        except ModelNotServed:
            return pb.ModelReadyResponse(ready=False)
        return pb.ModelReadyResponse(ready=self._plane.is_ready)

    async def _server_metadata(
        self, _request: pb.ServerMetadataRequest, _: Context
    ) -> pb.ServerMetadataResponse:
        return pb.ServerMetadataResponse(**server_metadata())

    async def _model_metadata(
        self, request: pb.ModelMetadataRequest, _: Context
    ) -> pb.ModelMetadataResponse:
        model = self._plane.find(request.name, request.version or None)
        versions = [
            version for name, version in self._plane.repository.served if name == model.name
        ]
        metadata = metadata_of(model.package.manifest, versions)
        return pb.ModelMetadataResponse(**metadata.model_dump(mode="json"))

    async def _infer(
        self, request: pb.ModelInferRequest, context: Context
    ) -> pb.ModelInferResponse:
        began = time.perf_counter()
        sent = dict(context.invocation_metadata() or ())
        request_id = request_id_of(sent.get(REQUEST_ID_HEADER))
        span = None
        status = 500
        try:
            model = self._plane.find(request.model_name, request.model_version or None)
            if self._plane.tracing is not None:
                span = self._plane.tracing.begin(model, request_id, sent)
            context.set_trailing_metadata(
                (*self._faces[model].identity, (REQUEST_ID_HEADER, request_id))
            )
            answer = await self._answer(model, request, request_id)
            status = 200
        except ServiceError as error:
            status = error.status
            raise
        except asyncio.CancelledError:
            status = 499  # as web servers count callers who went away
            raise
        finally:
            self._plane.metrics.answered(status, began)
            if span is not None:
                span.end(status)
        return answer

    async def _answer(
        self, model: ServedModel, request: pb.ModelInferRequest, request_id: str
    ) -> pb.ModelInferResponse:
        face = self._faces[model]
        call = face.reader.read(request)
        outputs = await self._computed(model, call, request_id)
        try:
            return face.writer.write(call, outputs)
        except (TypeError, ValueError) as error:
            _log.error("an answer could not be written: %s", type(error).__name__)
            raise ModelFailed("The output cannot be written.") from error

    async def _computed(self, model: ServedModel, call: Call, request_id: str) -> Outputs:
        """Have a call computed; one that is cancelled is taken out of the queue."""
        computed: asyncio.Future[Outputs | ServiceError] = asyncio.Future()

        def finish(result: Outputs | ServiceError) -> None:
            if not computed.done():
                computed.set_result(result)

        withdraw = self._plane.submit(model, call, request_id, finish)
        try:
            result = await computed
        except asyncio.CancelledError:
            withdraw()
            raise
        if isinstance(result, ServiceError):
            raise result
        return result

    def _prepare(self, served: Served) -> None:
        self._faces = {
            model: self._faces.get(model)
            or _Face(
                MessageReader(model.package.manifest),
                MessageWriter(model.package.manifest),
                identity_of(model.package),
            )
            for model in served.values()
        }


async def _answering(
    method: _Method, kind: type[Message], data: bytes, context: Context
) -> Message:
    """Answer a call, be it with a failure."""
    answer = await _attempt(method, kind, data, context)
    # The frame of a call that is aborted is kept until cycles are looked for: not with its data.
    del data
    if isinstance(answer, Message):
        return answer
    return await context.abort(*answer)


async def _attempt(
    method: _Method, kind: type[Message], data: bytes, context: Context
) -> Message | tuple[grpc.StatusCode, str]:
    """Make the answer; an expected failure becomes a status with the same words as over REST."""
    try:
        return await method(_parsed(kind, data), context)
    except ServiceError as error:
        more = tuple((name.lower(), value) for name, value in error.headers.items())
        context.set_trailing_metadata((*(context.trailing_metadata() or ()), *more))
        return _CODES.get(error.status, grpc.StatusCode.INTERNAL), str(error)
    except Exception:  # noqa: BLE001 - the caller gets an answer, the log the reason
        _log.exception("unexpected failure")
        return grpc.StatusCode.INTERNAL, "An unexpected failure; it is in the log."


def _parsed(kind: type[Message], data: bytes) -> Message:
    if has_too_many_fields(data):
        raise MalformedRequest("The message has more fields than any request needs.")
    try:
        return kind.FromString(data)
    except DecodeError:
        raise MalformedRequest(f"The message is no {kind.DESCRIPTOR.name}.") from None
