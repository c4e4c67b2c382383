"""HTTP/1.1 on httptools: one connection of a caller, strictly framed.

Where two readers could disagree about where a request ends or whom it is for, the connection is
refused and closed. Requests of one connection are answered one after the other.
"""

import asyncio
from collections import deque
from typing import Final, Protocol, cast

import httptools

from capability_sdk.contracts.errors import BodyTooLarge, ServiceError
from edge_gateway.errors import MalformedRequest
from edge_gateway.gateway.messages import Answer, Request
from edge_gateway.gateway.paths import MAX_TARGET_BYTES

MAX_HEAD_BYTES: Final = 32 << 10
MAX_HEADERS: Final = 100
HEAD_SECONDS: Final = 10.0
BODY_SECONDS: Final = 60.0
IDLE_SECONDS: Final = 75.0
_MAX_PIPELINED: Final = 32
_LINGER_SECONDS: Final = 2.0
_READ_ANYWAY_BYTES: Final = 64 << 10
_SINGLE = frozenset(
    (b"host", b"content-length", b"transfer-encoding", b"content-type",
     b"inference-header-content-length", b"x-request-id", b"x-affinity-key")
)  # fmt: skip
"""Headers that may come once. Of a repeated Authorization the application speaks: 401, not 400."""


class HeadTooLarge(MalformedRequest):
    """Request line and headers are over the limit."""

    code = "head-too-large"
    title = "Request line and headers are too large"
    status = 431


class TargetTooLong(MalformedRequest):
    """The request target is over the limit."""

    code = "target-too-long"
    title = "The request target is too long"
    status = 414


class Application(Protocol):
    """What a connection asks."""

    def start(self, request: Request, target: bytes) -> int:
        """Look at a request's head; return the bytes that its body may have.

        Raises:
            ServiceError: It is refused.
        """
        ...

    def handle(self, request: Request) -> None:
        """Take a whole request; ``request.respond`` is called once, now or later."""
        ...

    def refused(self, request: Request, error: ServiceError) -> Answer:
        """Put a refusal into an answer, and count it."""
        ...


class Connection(asyncio.Protocol):
    """Reads requests, hands them on one by one, and writes their answers."""

    def __init__(self, application: Application, connections: "set[Connection]") -> None:
        self._application = application
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._queue: deque[tuple[Request, bool]] = deque()
        self._current: Request | None = None
        self._is_current_last = False
        self._is_over = False
        self._is_in_message = False
        self._is_in_head = True
        self._is_paused = False
        self._loose_bytes = 0
        self.deadline = self._loop.time() + HEAD_SECONDS

    # --- asyncio's side -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport."""
        # uvloop's transports have the methods of asyncio's, not their classes.
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Forget the connection; an answer that is still to come is dropped, but recorded."""
        self._is_over = True
        self._queue.clear()
        self._connections.discard(self)

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        if self._is_over:
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._refuse(MalformedRequest("The request is not strict HTTP/1.1."))
            return
        if self._is_in_head and self._is_in_message:
            # The parser gives out headers only when they are whole.
            self._loose_bytes += len(data)
            if self._loose_bytes > MAX_HEAD_BYTES:
                self._refuse(HeadTooLarge(f"A head has at most {MAX_HEAD_BYTES} bytes."))

    def eof_received(self) -> bool:
        """Keep our side open for the answers that a peer which sends no more still waits for."""
        self._is_over = True
        if self._queue:
            self._queue[-1] = (self._queue[-1][0], True)
        elif self._current is not None:
            self._is_current_last = True
        return self._current is not None

    def sweep(self, now: float) -> None:
        """Close a connection whose peer takes too long."""
        if now > self.deadline and self._current is None:
            self._is_over = True
            self._transport.abort()

    def finish(self) -> None:
        """Close when what is in flight is answered."""
        if self._current is None:
            self._is_over = True
            self._transport.close()
        else:
            self._queue.clear()
            self._is_current_last = True

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    # --- the parser's side ----------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin a request."""
        now = self._loop.time()
        self.deadline = now + HEAD_SECONDS
        self._request = Request(now)
        self._target = b""
        self._head_bytes = 0
        self._loose_bytes = 0
        self._header_count = 0
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._limit = _READ_ANYWAY_BYTES
        self._is_in_message = self._is_in_head = True

    def on_url(self, url: bytes) -> None:
        """Collect the request target, which may come in parts."""
        self._target += url
        if len(self._target) > MAX_TARGET_BYTES:
            self._refuse(TargetTooLong(f"A target has at most {MAX_TARGET_BYTES} bytes."))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header; a trailer after a body is dropped."""
        if not self._is_in_head:
            return
        request = self._request
        name = name.lower()
        if name in request.headers:
            request.repeated.add(name)
        request.headers[name] = value
        self._header_count += 1
        self._head_bytes += len(name) + len(value)
        is_too_large = self._header_count > MAX_HEADERS or self._head_bytes > MAX_HEAD_BYTES
        if is_too_large:
            self._refuse(HeadTooLarge(f"A head has at most {MAX_HEADERS} headers."))

    def on_headers_complete(self) -> None:
        """Decide about a request before its body is read."""
        self._is_in_head = False
        if self._is_over:
            return
        request = self._request
        request.method = self._parser.get_method()
        self.deadline = self._loop.time() + BODY_SECONDS
        try:
            self._check_framing()
        except MalformedRequest as error:
            self._refuse(error)
            return
        try:
            self._limit = self._application.start(request, self._target)
            self._check_declared_length()
        except ServiceError as error:
            request.refusal = self._application.refused(request, error)
            if self._declared_length() > _READ_ANYWAY_BYTES or self._limit == 0:
                self._answer_and_close(request, request.refusal)
                return
            self._limit = _READ_ANYWAY_BYTES
        if b"expect" in request.headers and request.refusal is None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Collect a part of the body."""
        if self._is_over:
            return
        self._body_bytes += len(body)
        if self._body_bytes > self._limit:
            self._body.clear()
            self._refuse(BodyTooLarge(f"The body has at most {self._limit} bytes."))
        elif self._request.refusal is None:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """Hand the request on, or keep it until the one before is answered."""
        self._is_in_message = False
        if self._is_over:
            return
        request, body = self._request, self._body
        request.body = body[0] if len(body) == 1 else b"".join(body)
        is_last = not self._parser.should_keep_alive()
        if self._current is not None:
            self._queue.append((request, is_last))
            if len(self._queue) >= _MAX_PIPELINED and not self._is_paused:
                self._is_paused = True
                self._transport.pause_reading()
            return
        self._begin(request, is_last)

    # --- answers --------------------------------------------------------------------------------

    def _begin(self, request: Request, is_last: bool) -> None:
        self._current, self._is_current_last = request, is_last
        request.respond = self._respond
        if request.refusal is not None:
            self._respond(request.refusal)
        else:
            self._application.handle(request)

    def _respond(self, answer: Answer) -> None:
        request = self._current
        if request is None or self._transport.is_closing():
            self._current = None
            return
        self._transport.write(request.encode(answer, is_last=self._is_current_last))
        self._current = None
        if self._is_current_last:
            self._close()
            return
        self.deadline = self._loop.time() + IDLE_SECONDS
        if self._queue:
            self._loop.call_soon(self._next)

    def _next(self) -> None:
        if self._current is None and self._queue and not self._transport.is_closing():
            request, is_last = self._queue.popleft()
            if self._is_paused:
                self._is_paused = False
                self._transport.resume_reading()
            self._begin(request, is_last)

    def _refuse(self, error: ServiceError) -> None:
        """Answer and read no further: where the next request begins cannot be known."""
        if self._is_over:
            return
        request = getattr(self, "_request", None) or Request(self._loop.time())
        self._answer_and_close(request, self._application.refused(request, error))

    def _answer_and_close(self, request: Request, answer: Answer) -> None:
        self._is_over = True
        if self._current is not None or self._queue:
            # Earlier requests of this connection are not answered yet: theirs comes first.
            request.refusal = answer
            self._queue.append((request, True))
            return
        self._transport.write(request.encode(answer, is_last=True))
        self._close()

    def _close(self) -> None:
        self._is_over = True
        self._queue.clear()
        if self._transport.is_closing():
            return
        # A socket closed over unread bytes is reset, and the peer loses the answer: end our side,
        # let the peer finish, and drop what comes.
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self.deadline = self._loop.time() + _LINGER_SECONDS

    # --- framing --------------------------------------------------------------------------------

    def _check_framing(self) -> None:
        request = self._request
        headers, repeated = request.headers, request.repeated
        if repeated and repeated & _SINGLE:
            raise MalformedRequest("A header that must be single came more than once.")
        if b"host" not in headers and self._parser.get_http_version() != "1.0":
            raise MalformedRequest("The request names no host.")
        if not self._target.startswith(b"/"):
            raise MalformedRequest("The request target is not in origin form.")
        encoding = headers.get(b"transfer-encoding")
        if encoding is not None and (
            encoding.lower() != b"chunked" or b"content-length" in headers
        ):
            raise MalformedRequest("The length of the body is ambiguous.")
        if not headers.get(b"content-length", b"0").isdigit():
            raise MalformedRequest("The length of the body is no number.")
        if b"upgrade" in headers:
            raise MalformedRequest("This gateway does not change protocols.")

    def _declared_length(self) -> int:
        return int(self._request.headers.get(b"content-length", b"0"))

    def _check_declared_length(self) -> None:
        if self._declared_length() > self._limit:
            raise BodyTooLarge(f"The body has at most {self._limit} bytes.", limit=self._limit)
