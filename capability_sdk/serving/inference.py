"""The infer call over REST: from a body to an answer, with no framework in between."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.contracts.inference import BINARY_HEADER, REQUEST_ID_HEADER, TRIAL_HEADER
from capability_sdk.serving.answers import AnswerWriter
from capability_sdk.serving.batching import Outputs
from capability_sdk.serving.calls import Call, Withdraw
from capability_sdk.serving.dataplane import DataPlane
from capability_sdk.serving.errors import ModelFailed
from capability_sdk.serving.identity import identity_of, request_id_of
from capability_sdk.serving.limits import body_limit
from capability_sdk.serving.replies import BINARY, JSON, Reply, problem_reply
from capability_sdk.serving.repository import ServedModel
from capability_sdk.serving.requests import RequestReader

if TYPE_CHECKING:  # an instance that traces nothing does not load the library
    from capability_sdk.serving.tracing import Tracing

Respond = Callable[[Reply], None]

_log = logging.getLogger(__name__)
_JSON_LENGTH = BINARY_HEADER.encode()
_REQUEST_ID = REQUEST_ID_HEADER.encode()
_TRIAL = TRIAL_HEADER.encode()
_TRACE = (b"traceparent", b"tracestate")


class Inference:
    """Answers infer calls of one capability version.

    Attributes:
        model: What answers.
        limit: Bytes that a body may have.
    """

    def __init__(self, plane: DataPlane, model: ServedModel) -> None:
        package = model.package
        self.model = model
        self.limit = body_limit(package.manifest)
        self._plane = plane
        self._reader = RequestReader(package.manifest)
        self._writer = AnswerWriter(package.manifest)
        identity = "".join(f"{name}: {value}\r\n" for name, value in identity_of(package))
        self._identity = f"{identity}{REQUEST_ID_HEADER}: ".encode()
        self._json = JSON + self._identity

    def begin(
        self, headers: Mapping[bytes, bytes], body: bytes, respond: Respond
    ) -> Withdraw | None:
        """Take a call; ``respond`` is called exactly once, now or after its batch.

        Args:
            headers: Of the request, names in lower case.
            body: The whole body.
            respond: Sends the answer.

        Returns:
            What takes the call back while it waits; None where it was answered.
        """
        began = time.perf_counter()
        request_id = _identifier(headers)
        if self._plane.tracing is not None:
            respond = self._traced(self._plane.tracing, headers, request_id, respond)
        try:
            call = self._reader.read(body, headers.get(_JSON_LENGTH))
            if _TRIAL in headers:
                call = call.as_trial()

            def finish(result: Outputs | ServiceError) -> None:
                respond(self._conclude(call, result, request_id, began))

            return self._plane.submit(self.model, call, request_id, finish)
        except ServiceError as error:
            respond(self.refuse(error, request_id, began))
            return None

    def _traced(
        self,
        tracing: "Tracing",
        headers: Mapping[bytes, bytes],
        request_id: str,
        respond: Respond,
    ) -> Respond:
        carrier = {
            name.decode(): headers[name].decode("latin-1") for name in _TRACE if name in headers
        }
        span = tracing.begin(self.model, request_id, carrier)

        def traced(reply: Reply) -> None:
            span.end(reply.status)
            respond(reply)

        return traced

    def refuse(self, error: ServiceError, request_id: str, began: float) -> Reply:
        """Answer with a failure, with the same headers as any infer answer."""
        self._plane.metrics.answered(error.status, began)
        return problem_reply(error, self._identity + request_id.encode() + b"\r\n")

    def refuse_early(self, error: ServiceError, headers: Mapping[bytes, bytes]) -> Reply:
        """Answer a call whose body was not read."""
        return self.refuse(error, _identifier(headers), time.perf_counter())

    def _conclude(
        self, call: Call, result: Outputs | ServiceError, request_id: str, began: float
    ) -> Reply:
        if isinstance(result, ServiceError):
            return self.refuse(result, request_id, began)
        try:
            body, json_length = self._writer.write(call, result)
        except (TypeError, ValueError) as error:
            _log.error("an answer could not be written: %s", type(error).__name__)
            return self.refuse(ModelFailed("The output cannot be written."), request_id, began)
        self._plane.metrics.answered(200, began)
        end = request_id.encode() + b"\r\n"
        if json_length is None:
            return Reply(200, self._json + end, body)
        length = f"{BINARY_HEADER}: {json_length}\r\n".encode()
        return Reply(200, BINARY + length + self._identity + end, body)


def _identifier(headers: Mapping[bytes, bytes]) -> str:
    return request_id_of(headers.get(_REQUEST_ID, b"").decode("latin-1"))
