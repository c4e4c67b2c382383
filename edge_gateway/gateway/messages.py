"""Requests and answers of the gateway, as the connection reads and writes them."""

import os
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.contracts.inference import CLIENT_REQUEST_ID_HEADER, REQUEST_ID_HEADER
from capability_sdk.contracts.problem import PROBLEM_JSON, to_problem
from edge_gateway.gateway.paths import Route
from edge_gateway.gateway.tokens import Caller, Vouched

JSON = "application/json"
_REQUEST_ID = REQUEST_ID_HEADER.encode()
_CLIENT_ID = CLIENT_REQUEST_ID_HEADER.encode()
_MAX_CLIENT_ID_BYTES = 128
_RANDOM_BLOCK = 10 * 400
_RANDOM_DIGITS = 20
_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}


class Answer(NamedTuple):
    """An answer; ``head`` holds whole header lines, without content-length and request ids."""

    status: int
    head: bytes
    body: bytes


class Head:
    """What a caller says before the body; requests with equal heads share one.

    Attributes:
        method: HTTP method; empty until the head is whole.
        target: Request target.
        headers: Names in lower case.
        repeated: Names of headers that came more than once.
        forwarded: Lines of it that an instance sees, once somebody has put them together.
        vouched: Whose token it carries, once that is verified; good until it falls.
        cross_origin: Lines of the answer that let the page it came from read it; mostly empty.
    """

    __slots__ = ("cross_origin", "forwarded", "headers", "method", "repeated", "target", "vouched")

    def __init__(self) -> None:
        self.method = b""
        self.target = b""
        self.headers: dict[bytes, bytes] = {}
        self.repeated: set[bytes] = set()
        self.forwarded: bytes | None = None
        self.vouched: Vouched | None = None
        self.cross_origin = b""


class Request:
    """One request of one connection; it is answered exactly once."""

    __slots__ = ("body", "caller", "head", "id", "refusal", "respond", "route", "started")

    def __init__(self, started: float, head: Head) -> None:
        self.id = b""
        self.head = head
        self.body = b""
        self.started = started
        """Moment of the first byte, on the event loop's clock."""
        self.route: Route | None = None
        self.caller: Caller | None = None
        self.refusal: Answer | None = None
        self.respond: Callable[[Answer], None] = nobody

    def encode(self, answer: Answer, *, is_last: bool) -> bytes:
        """Make the bytes of an answer, with the ids of this request."""
        client_id = self.head.headers.get(_CLIENT_ID_SOURCE)
        echo = b""
        if client_id is not None and is_plain(client_id):
            echo = b"%b: %b\r\n" % (_CLIENT_ID, client_id)
        return b"%b%b%b%b: %b\r\n%b%bcontent-length: %d\r\n\r\n%b" % (
            _STATUS_LINES.get(answer.status) or b"HTTP/1.1 %d Status\r\n" % answer.status,
            answer.head,
            self.head.cross_origin,
            _REQUEST_ID,
            self.id,
            echo,
            b"connection: close\r\n" if is_last else b"",
            len(answer.body),
            b"" if self.head.method == b"HEAD" else answer.body,
        )


_CLIENT_ID_SOURCE = _REQUEST_ID


def nobody(_: Answer) -> None:
    """Answer a request whose connection is not ready for it."""


def is_plain(value: bytes) -> bool:
    """Whether a caller's value is short, printable ASCII, fit to be sent back."""
    return len(value) <= _MAX_CLIENT_ID_BYTES and value.isascii() and value.decode().isprintable()


class RequestIds:
    """Makes ids that grow with time: 48 bits of milliseconds, 80 random bits, in hex."""

    def __init__(self) -> None:
        self._random = b""
        self._at = 0
        self._moment = 0
        self._beginning = b""

    def next(self) -> bytes:
        """Return a fresh id."""
        at = self._at
        if at >= len(self._random):
            self._random, at = os.urandom(_RANDOM_BLOCK).hex().encode(), 0
        self._at = end = at + _RANDOM_DIGITS
        moment = time.time_ns() // 1_000_000
        if moment != self._moment:
            self._moment, self._beginning = moment, b"%012x" % moment
        return self._beginning + self._random[at:end]


def json_answer(content: Any, status: int = 200, media_type: str = JSON) -> Answer:  # noqa: ANN401 - any JSON
    """Answer with JSON."""
    return Answer(status, f"content-type: {media_type}\r\n".encode(), orjson.dumps(content))


def problem_answer(error: ServiceError) -> Answer:
    """Answer with an expected failure (RFC 9457)."""
    lines = [f"content-type: {PROBLEM_JSON}\r\n"]
    lines += [f"{name}: {value}\r\n" for name, value in error.headers.items()]
    return Answer(error.status, "".join(lines).encode(), orjson.dumps(to_problem(error)))


def unexpected() -> Answer:
    """Answer when something failed that should not; nothing is let through."""
    return problem_answer(
        ServiceError(
            "An unexpected failure happened; it is in the gateway's log.",
            cure="Try again; if that lasts, send the request id to the province's operator.",
        )
    )
