"""HTTP/1.1 on httptools: one connection, without a framework.

No task, scope or queue is made for a request. In two successive runs of ``tests.bench.serving`` at 64
connections, a call took 67 us of CPU with a raw ASGI application on uvicorn, 34 us with this.
"""

import asyncio
import select
from collections import deque
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final, Protocol, cast

import httptools

from capability_sdk.contracts.errors import InvalidRequest
from capability_sdk.serving.calls import Withdraw
from capability_sdk.serving.replies import Reply, problem_reply

Headers = Mapping[bytes, bytes]
"""Request headers, names in lower case."""

Respond = Callable[[Reply], None]

_MAX_HEAD: Final = 64 << 10
_MAX_PIPELINED: Final = 64
_LINGER_SECONDS: Final = 2.0
_STATUS = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}


class Application(Protocol):
    """What a connection asks."""

    def before_body(self, method: bytes, path: bytes, headers: Headers) -> Reply | None:
        """Refuse a request whose body is not worth reading."""
        ...

    def handle(
        self, method: bytes, path: bytes, headers: Headers, body: bytes, respond: Respond
    ) -> Withdraw | None:
        """Take a request; ``respond`` is called once, now or later.

        Returns:
            What takes the request back, where it waits.
        """
        ...

    def body_limit(self, method: bytes, path: bytes) -> int:
        """Return the bytes that a body may have."""
        ...

    def too_large(self, path: bytes, headers: Headers) -> Reply:
        """Refuse a body that turned out larger than the limit."""
        ...


class HeadTooLarge(InvalidRequest):
    """Request line and headers are over the limit."""

    code = "head-too-large"
    title = "Request line and headers are too large"
    status = 431
    cure = "Send fewer or shorter headers."


class _Slot:
    """The place of one answer in the order of requests."""

    __slots__ = ("is_head", "is_last", "reply", "withdraw")

    def __init__(self) -> None:
        self.reply: Reply | None = None
        self.withdraw: Withdraw | None = None
        self.is_head = False
        self.is_last = False


class OpenConnections(set["Connection"]):
    """The connections of a server; they leave it by themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.left = asyncio.Event()

    def discard(self, connection: object) -> None:
        """Take out a connection that ended."""
        super().discard(cast("Connection", connection))
        self.left.set()


class Connection(asyncio.Protocol):
    """Reads requests, hands them on, and writes the answers in the order of the requests."""

    def __init__(self, application: Application, connections: "OpenConnections") -> None:
        self._application = application
        self._connections = connections
        self._parser = httptools.HttpRequestParser(self)
        self._slots: deque[_Slot] = deque()
        self._is_over = False
        self._is_reading = True
        self._lingering: asyncio.TimerHandle | None = None
        self.on_message_begin()

    # --- asyncio's side -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport."""
        # uvloop's transports have the methods of asyncio's, not their classes.
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Forget the connection; what it still waits for need not be computed."""
        self._is_over = True
        for slot in self._slots:
            if slot.reply is None and slot.withdraw is not None:
                slot.withdraw()
        self._connections.discard(self)
        if self._lingering is not None:
            self._lingering.cancel()

    def eof_received(self) -> bool:
        """Keep our side open for the answers that a peer which sends no more still waits for."""
        if self._slots and self._is_abandoned():
            return False
        if self._slots:
            self._slots[-1].is_last = True
        return bool(self._slots)

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        if self._is_over:
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._refuse(problem_reply(InvalidRequest("The request is not HTTP/1.1.")))

    def pause_writing(self) -> None:
        """Take nothing more from a peer that does not read."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        self._transport.resume_reading()

    def finish(self) -> None:
        """Close when the requests in flight are answered."""
        if self._slots:
            self._slots[-1].is_last = True
        else:
            self._is_over = True
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    # --- the parser's side ----------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._path = b""
        self._headers: dict[bytes, bytes] = {}
        self._head_size = 0
        self._body: bytes | bytearray = b""

    def on_url(self, url: bytes) -> None:
        """Collect the request target, which may come in parts."""
        self._path += url
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header."""
        self._headers[name.lower()] = value
        self._count_head(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """Refuse what is not worth reading; invite the body of a peer that waits for it."""
        if self._is_over:
            return
        self._path = self._path.partition(b"?")[0]
        self._method = self._parser.get_method()
        self._limit = self._application.body_limit(self._method, self._path)
        refusal = self._application.before_body(self._method, self._path, self._headers)
        if refusal is not None:
            self._refuse(refusal)
        elif b"expect" in self._headers and not self._slots:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Collect a part of the body."""
        if self._is_over:
            return
        if len(self._body) + len(body) > self._limit:
            self._body = b""
            self._refuse(self._application.too_large(self._path, self._headers))
        elif not self._body:
            self._body = body
        else:
            # In place: a body in chunks of two bytes would otherwise be a list of a million objects.
            if type(self._body) is bytes:
                self._body = bytearray(self._body)
            self._body += body

    def on_message_complete(self) -> None:
        """Hand the request on."""
        if self._is_over:
            return
        slot = _Slot()
        slot.is_head = self._method == b"HEAD"
        slot.is_last = not self._parser.should_keep_alive()
        self._slots.append(slot)
        if len(self._slots) > _MAX_PIPELINED:
            self._is_reading = False
            self._transport.pause_reading()

        def respond(reply: Reply) -> None:
            slot.reply = reply
            # It leads back to here; as a cycle, body and tensors would wait for the collector.
            slot.withdraw = None
            self._write()

        # Not kept here: a connection that ended is freed only when cycles are looked for.
        body, self._body = bytes(self._body), b""
        slot.withdraw = self._application.handle(
            self._method, self._path, self._headers, body, respond
        )

    def _is_abandoned(self) -> bool:
        """Tell whether the peer reads no more either, which only a Unix socket says at once."""
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), 0)
        return any(events & select.POLLHUP for _, events in poll.poll(0))

    # --- answers --------------------------------------------------------------------------------

    def _count_head(self, size: int) -> None:
        self._head_size += size
        if self._head_size > _MAX_HEAD and not self._is_over:
            error = HeadTooLarge(f"Request line and headers have at most {_MAX_HEAD} bytes.")
            self._refuse(problem_reply(error))

    def _refuse(self, reply: Reply) -> None:
        """Answer and read no further: where the next request begins cannot be known."""
        slot = _Slot()
        slot.is_last = True
        slot.reply = reply
        self._slots.append(slot)
        self._write()
        self._is_over = True

    def _write(self) -> None:
        slots = self._slots
        while slots and (reply := slots[0].reply) is not None:
            slot = slots.popleft()
            if self._transport.is_closing():
                return
            end = b"connection: close\r\n" if slot.is_last else b""
            body = b"" if slot.is_head else reply.body
            self._transport.write(
                b"%b%b%bcontent-length: %d\r\n\r\n%b"
                % (_STATUS[reply.status], reply.head, end, len(reply.body), body)
            )
            if slot.is_last:
                self._close()
                return
        if not self._is_reading and len(slots) <= _MAX_PIPELINED // 2:
            self._is_reading = True
            self._transport.resume_reading()

    def _close(self) -> None:
        self._is_over = True
        if self._transport.is_closing():
            return
        if not self._transport.can_write_eof():
            self._transport.close()
            return
        # A socket closed over unread bytes is reset, and the peer loses the answer: end our side,
        # let the peer finish, and drop what comes.
        self._transport.write_eof()
        loop = asyncio.get_running_loop()
        self._lingering = loop.call_later(_LINGER_SECONDS, self._transport.abort)
