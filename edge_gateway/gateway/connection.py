"""HTTP/1.1 on httptools: one connection of a caller, strictly framed.

Where two readers could disagree about where a request ends or whom it is for, the connection is
refused and closed. Requests of one connection are answered one after the other.
"""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol, cast

import httptools

from capability_sdk.contracts.errors import BodyTooLarge, ServiceError
from edge_gateway.errors import HeadTooLarge, MalformedRequest, TargetTooLong
from edge_gateway.gateway.framing import check_framing, is_repeatable
from edge_gateway.gateway.heads import KnownHead, learn
from edge_gateway.gateway.messages import Answer, Head, Request, nobody
from edge_gateway.gateway.paths import MAX_TARGET_BYTES

MAX_HEAD_BYTES: Final = 32 << 10
MAX_HEADERS: Final = 100
_MAX_PIPELINED: Final = 32
_LINGER_SECONDS: Final = 2.0
_READ_ANYWAY_BYTES: Final = 64 << 10
_MAX_LESSONS: Final = 8
"""Heads that are remembered in vain before a connection stops remembering any."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a peer may take: for a head, for a body, between requests, to read answers."""

    head: float = 10.0
    body: float = 60.0
    idle: float = 75.0


class Application(Protocol):
    """What a connection asks."""

    def start(self, request: Request) -> int:
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

    def failed(self, request: Request) -> Answer:
        """Answer a request over which something broke that should not."""
        ...


class Connection(asyncio.Protocol):
    """Reads requests, hands them on one by one, and writes their answers."""

    def __init__(
        self, application: Application, connections: "set[Connection]", patience: Patience
    ) -> None:
        self._application = application
        self._patience = patience
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
        self._is_unread = False
        self._loose_bytes = 0
        self._begun = 0
        self._request = Request(self._loop.time(), Head())
        self._known: tuple[KnownHead, Head] | None = None
        self._lessons = _MAX_LESSONS
        self.deadline = self._loop.time() + patience.head

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
        """Take what came: requests whose head is known, then what the parser has to read."""
        try:
            if self._known is not None:
                data = self._take_known(data, *self._known)
            if data and not self._is_over:
                self._parse(data)
        except Exception:  # noqa: BLE001 - ours, not the peer's: nothing gets through by it
            _log.exception("unexpected failure while a request was read")
            self._answer_and_close(self._request, self._application.failed(self._request))

    def _take_known(self, data: bytes, known: KnownHead, head: Head) -> bytes:
        """Take whole requests with a head that was read before; return what is left."""
        while data and not self._is_in_message and not self._is_over:
            place = known.read(data)
            if place is None or place[1] > len(data):
                break
            begin, end = place
            self._request = Request(self._loop.time(), head)
            self._limit = _READ_ANYWAY_BYTES
            self._lessons = _MAX_LESSONS
            if self._decide(self._request, end - begin):
                self._request.body = data[begin:end]
                self._take(self._request, is_last=False)
            data = data[end:]
        return data

    def _parse(self, data: bytes) -> None:
        is_at_start, self._begun = not self._is_in_message, 0
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError:
            raise  # a callback of ours failed
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._refuse(MalformedRequest("The request is not strict HTTP/1.1."))
            return
        if self._is_in_head and self._is_in_message:
            # The parser gives out headers only when they are whole.
            self._loose_bytes += len(data)
            if self._loose_bytes > MAX_HEAD_BYTES:
                self._refuse(HeadTooLarge(f"A head has at most {MAX_HEAD_BYTES} bytes."))
        elif is_at_start and self._begun == 1 and self._lessons > 0:
            self._lessons -= 1
            self._remember(data)

    def _remember(self, data: bytes) -> None:
        head = self._request.head
        is_taken = not self._is_over and self._request.refusal is None
        known = None
        if is_taken and is_repeatable(head, self._parser.get_http_version()):
            known = learn(data)
        self._known = None if known is None else (known, head)

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
        if now > self.deadline and (self._current is None or self._is_unread):
            self._is_over = True
            self._transport.abort()

    def pause_writing(self) -> None:
        """Answer and take nothing more while the peer does not read."""
        self._is_unread = True
        self.deadline = self._loop.time() + self._patience.idle
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        self._is_unread = False
        if not self._is_paused:
            self._transport.resume_reading()
        if self._queue:
            self._loop.call_soon(self._next)

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
        self.deadline = now + self._patience.head
        self._begun += 1
        self._request = Request(now, Head())
        self._head_bytes = 0
        self._loose_bytes = 0
        self._header_count = 0
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._limit = _READ_ANYWAY_BYTES
        self._is_in_message = self._is_in_head = True

    def on_url(self, url: bytes) -> None:
        """Collect the request target, which may come in parts."""
        head = self._request.head
        head.target += url
        if len(head.target) > MAX_TARGET_BYTES:
            self._refuse(TargetTooLong(f"A target has at most {MAX_TARGET_BYTES} bytes."))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header; a trailer after a body is dropped."""
        if not self._is_in_head:
            return
        head = self._request.head
        name = name.lower()
        if name in head.headers:
            head.repeated.add(name)
        head.headers[name] = value
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
        request.head.method = self._parser.get_method()
        self.deadline = self._loop.time() + self._patience.body
        try:
            check_framing(request.head, self._parser.get_http_version())
        except MalformedRequest as error:
            self._refuse(error)
            return
        if not self._decide(request, int(request.head.headers.get(b"content-length", b"0"))):
            return
        # An invitation between the answers of earlier requests would be read as one of theirs.
        is_next = self._current is None and not self._queue
        if b"expect" in request.head.headers and request.refusal is None and is_next:
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
        """Put the request together."""
        self._is_in_message = False
        if self._is_over:
            return
        request, body = self._request, self._body
        request.body = body[0] if len(body) == 1 else b"".join(body)
        self._take(request, is_last=not self._parser.should_keep_alive())

    def _decide(self, request: Request, declared: int) -> bool:
        """Ask the application about a head; return whether its ``declared`` bytes are read."""
        try:
            self._limit = self._application.start(request)
            if declared > self._limit:
                raise BodyTooLarge(f"The body has at most {self._limit} bytes.", limit=self._limit)
        except ServiceError as error:
            request.refusal = self._application.refused(request, error)
            if declared > _READ_ANYWAY_BYTES or self._limit == 0:
                self._answer_and_close(request, request.refusal)
                return False
            self._limit = _READ_ANYWAY_BYTES
        return True

    def _take(self, request: Request, *, is_last: bool) -> None:
        """Begin a whole request, or keep it until the one before is answered."""
        if self._current is not None or self._queue or self._is_unread:
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
        # Whoever answers it once more must not answer the request after it.
        request.respond = nobody
        self._current = None
        if self._is_current_last:
            self._close()
            return
        if self._is_unread:
            return
        self.deadline = self._loop.time() + self._patience.idle
        if self._queue:
            self._loop.call_soon(self._next)

    def _next(self) -> None:
        is_free = self._current is None and not self._is_unread
        if is_free and self._queue and not self._transport.is_closing():
            request, is_last = self._queue.popleft()
            if self._is_paused:
                self._is_paused = False
                self._transport.resume_reading()
            self._begin(request, is_last)

    def _refuse(self, error: ServiceError) -> None:
        """Answer and read no further: where the next request begins cannot be known."""
        if self._is_over:
            return
        self._answer_and_close(self._request, self._application.refused(self._request, error))

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
