"""A pooled keep-alive HTTP/1.1 client on httptools, over Unix sockets and TCP.

It works with callbacks, since a future and a task for each call cost more than the call.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import cast

import httptools

MAX_CONNECTIONS = 256
MAX_WAITING = 1024
MAX_ANSWER_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class UpstreamAnswer:
    """A whole answer; header names are in lower case."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Failure(Enum):
    """Why there is no answer."""

    NOT_CONNECTED = "does not take connections"
    CLOSED = "closed the connection before any byte of an answer"
    BROKEN = "broke off in the middle of an answer"
    NONSENSE = "did not answer in HTTP"
    TIMEOUT = "did not answer in time"
    BUSY = "has too many calls waiting"


class UpstreamFailed(Exception):
    """There is no answer."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


Done = Callable[[UpstreamAnswer | Failure], None]


class Upstream:
    """One address and its connections."""

    def __init__(self, address: str, *, timeout: float = 30.0) -> None:
        """Prepare, in a running event loop; nothing is connected before the first exchange.

        Args:
            address: ``unix:/path`` or ``http://host:port``.
            timeout: Seconds that an exchange may take.
        """
        self.address = address
        self.in_flight = 0
        self._timeout = timeout
        self._idle: list[_Connection] = []
        self._open: set[_Connection] = set()
        self._opening = 0
        self._waiting: deque[tuple[float, bytes, Done]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._loop = asyncio.get_running_loop()
        self._unsent: list[tuple[_Connection, bytes]] = []

    def exchange(self, request: bytes, done: Done) -> None:
        """Send a whole request; ``done`` is called once, later."""
        self.in_flight += 1
        deadline = self._loop.time() + self._timeout
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                connection.send(request, done, deadline)
                return
        if len(self._waiting) >= MAX_WAITING or self._is_closed:
            self.in_flight -= 1
            failure = Failure.NOT_CONNECTED if self._is_closed else Failure.BUSY
            self._loop.call_soon(done, failure)
            return
        self._waiting.append((deadline, request, done))
        if len(self._open) + self._opening < MAX_CONNECTIONS:
            self._opening += 1
            task = self._loop.create_task(self._connect())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def sweep(self, now: float) -> None:
        """End what took too long; to be called every now and then."""
        for connection in [c for c in self._open if c.deadline is not None and c.deadline < now]:
            connection.fail(Failure.TIMEOUT)
        while self._waiting and self._waiting[0][0] < now:
            self._finish(self._waiting.popleft()[2], Failure.TIMEOUT)

    def close(self) -> None:
        """Close idle connections now, the others after their exchange."""
        self._is_closed = True
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    def abort(self) -> None:
        """Close every connection now, whatever it waits for: the process ends."""
        self.close()
        for connection in tuple(self._open):
            connection.close()

    # --- what a connection reports --------------------------------------------------------------

    def take_back(self, connection: "_Connection") -> None:
        """Use a connection for the next exchange, or keep it for later."""
        if not connection.is_usable:
            return
        if self._waiting:
            deadline, request, done = self._waiting.popleft()
            connection.send(request, done, deadline)
        elif self._is_closed:
            connection.close()
        else:
            self._idle.append(connection)

    def forget(self, connection: "_Connection") -> None:
        """Drop a connection that ended."""
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def write(self, connection: "_Connection", request: bytes) -> None:
        """Send bytes on a connection: a lone call's at once, others with those of the same tick.

        Sent one right after the other they wake the instance once, and cost a sixth less.
        """
        if self.in_flight == 1:
            connection.write(request)
            return
        if not self._unsent:
            self._loop.call_soon(self._write_unsent)
        self._unsent.append((connection, request))

    def finish(self, done: Done, result: UpstreamAnswer | Failure) -> None:
        """Hand a result to whoever waits for it."""
        self._finish(done, result)

    def _write_unsent(self) -> None:
        unsent, self._unsent = self._unsent, []
        for connection, request in unsent:
            connection.write(request)

    def _finish(self, done: Done, result: UpstreamAnswer | Failure) -> None:
        self.in_flight -= 1
        done(result)

    async def _connect(self) -> None:
        loop = self._loop
        connection = _Connection(self)
        try:
            async with asyncio.timeout(min(self._timeout, 5.0)):
                if self.address.startswith("unix:"):
                    path = self.address.removeprefix("unix:")
                    await loop.create_unix_connection(lambda: connection, path)
                else:
                    host, _, port = self.address.removeprefix("http://").rpartition(":")
                    await loop.create_connection(lambda: connection, host, int(port))
        except (OSError, TimeoutError, ValueError):
            self._opening -= 1
            if self._waiting:
                self._finish(self._waiting.popleft()[2], Failure.NOT_CONNECTED)
            return
        self._opening -= 1
        self._open.add(connection)
        self.take_back(connection)


class _Connection(asyncio.Protocol):
    def __init__(self, pool: Upstream) -> None:
        self._pool = pool
        self._done: Done | None = None
        self._is_answering = False
        self.deadline: float | None = None

    @property
    def is_usable(self) -> bool:
        return self._done is None and not self._transport.is_closing()

    def send(self, request: bytes, done: Done, deadline: float) -> None:
        self._done = done
        self.deadline = deadline
        self._is_answering = False
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._size = 0
        self._pool.write(self, request)

    def write(self, data: bytes) -> None:
        # It may have ended since it was chosen; then `connection_lost` reports the failure.
        if not self._transport.is_closing():
            self._transport.write(data)

    def fail(self, failure: Failure) -> None:
        done, self._done = self._done, None
        self.deadline = None
        self._transport.abort()
        if done is not None:
            self._pool.finish(done, failure)

    def close(self) -> None:
        self._transport.close()

    # --- asyncio's side -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio's, not their classes.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._pool.forget(self)
        self.fail(Failure.BROKEN if self._is_answering else Failure.CLOSED)

    def data_received(self, data: bytes) -> None:
        if self._done is None:
            self._transport.abort()  # nobody asked: whose answer would it be?
            return
        self._is_answering = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.fail(Failure.NONSENSE)

    # --- the parser's side ----------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > MAX_ANSWER_BYTES:
            self.fail(Failure.NONSENSE)
            return
        self._body.append(body)

    def on_message_complete(self) -> None:
        done = self._done
        if done is None:
            return
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        answer = UpstreamAnswer(self._parser.get_status_code(), self._headers, body)
        self._done = self.deadline = None
        if self._parser.should_keep_alive():
            self._pool.take_back(self)
        else:
            self._transport.close()
        self._pool.finish(done, answer)


async def fetch(
    upstream: Upstream, method: str, path: str, *, headers: bytes = b"", body: bytes = b""
) -> UpstreamAnswer:
    """Make one exchange and wait for it; not for the hot path.

    Args:
        upstream: Where to.
        method: HTTP method.
        path: Request target.
        headers: Further header lines, each with its line end.
        body: Whole body.

    Raises:
        UpstreamFailed: There is no answer.
    """
    waiting: asyncio.Future[UpstreamAnswer | Failure] = asyncio.get_running_loop().create_future()

    def done(result: UpstreamAnswer | Failure) -> None:
        if not waiting.done():
            waiting.set_result(result)

    head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n"
    upstream.exchange(head.encode() + headers + b"\r\n" + body, done)
    result = await waiting
    if isinstance(result, Failure):
        raise UpstreamFailed(result)
    return result
