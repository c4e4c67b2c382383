"""A pooled keep-alive HTTP/1.1 client on httptools, over Unix sockets and TCP.

It works with callbacks, since a future and a task for each call cost more than the call.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Final, NamedTuple, cast

import httptools

from capability_sdk.contracts.inference import REQUEST_ID_HEADER
from edge_gateway.gateway.heads import KnownHead, learn

MAX_CONNECTIONS = 256
MAX_WAITING = 1024
MAX_ANSWER_BYTES = 64 << 20
MAX_TOGETHER = 16
_MAX_TOGETHER_BYTES: Final = 64 << 10
_REQUEST_ID = REQUEST_ID_HEADER.encode()


class AnswerHead:
    """What comes before the body of an answer; answers with equal heads share one.

    Attributes:
        status: HTTP status.
        headers: Names in lower case.
        returned: Lines of it that a caller sees, once somebody has put them together.
    """

    __slots__ = ("headers", "returned", "status")

    def __init__(self, status: int, headers: dict[bytes, bytes]) -> None:
        self.status = status
        self.headers = headers
        self.returned: bytes | None = None


class UpstreamAnswer(NamedTuple):
    """A whole answer."""

    head: AnswerHead
    body: bytes


class Failure(Enum):
    """Why there is no answer."""

    NOT_CONNECTED = "does not take connections"
    CLOSED = "closed the connection before any byte of an answer"
    BROKEN = "broke off in the middle of an answer"
    NONSENSE = "did not answer in HTTP"
    TIMEOUT = "did not answer in time"
    BUSY = "has too many calls waiting"
    SILENT = "has stopped answering and is asked again all the time"


class UpstreamFailed(Exception):
    """There is no answer."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


Done = Callable[[UpstreamAnswer | Failure], None]


class _Exchange:
    """A request on its way."""

    __slots__ = ("deadline", "done", "id", "request")

    def __init__(self, request: bytes, own_id: bytes, done: Done, deadline: float) -> None:
        self.request = request
        self.id = own_id
        self.done = done
        self.deadline = deadline


class Upstream:
    """One address and its connections.

    What one tick of the event loop brings goes out together. To an instance, up to `MAX_TOGETHER`
    requests go one after the other on a connection: it computes them in one batch anyway, and one
    write and one read for all of them cost what one request costs. None is put behind requests of
    an earlier tick.
    """

    def __init__(self, address: str, *, timeout: float = 30.0, together: int = 1) -> None:
        """Prepare, in a running event loop; nothing is connected before the first exchange.

        Args:
            address: ``unix:/path`` or ``http://host:port``.
            timeout: Seconds that an exchange may take.
            together: Requests of one tick that may share a connection, where none of them can take
                much longer than the others.
        """
        self.address = address
        self._together = together
        self.in_flight = 0
        self._timeout = timeout
        self._idle: list[_Connection] = []
        self._open: set[_Connection] = set()
        self._opening = 0
        self._unsent: list[_Exchange] = []
        self._waiting: deque[_Exchange] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._loop = asyncio.get_running_loop()

    def exchange(
        self, request: bytes, done: Done, own_id: bytes = b"", deadline: float | None = None
    ) -> None:
        """Send a whole request; ``done`` is called once, later.

        Args:
            request: Head and body.
            done: Called with the answer, or with why there is none.
            own_id: Id of the call; an answer that names another one is nonsense.
            deadline: On the loop's clock, until when; its timeout from now if None.
        """
        self.in_flight += 1
        if deadline is None:
            deadline = self._loop.time() + self._timeout
        exchange = _Exchange(request, own_id, done, deadline)
        self._unsent.append(exchange)
        if self.in_flight == 1:
            self._send_unsent()
        elif len(self._unsent) == 1:
            self._loop.call_soon(self._send_unsent)

    def sweep(self, now: float) -> None:
        """End what took too long; to be called every now and then."""
        for connection in [c for c in self._open if c.is_late(now)]:
            connection.fail(Failure.TIMEOUT)
        while self._waiting and self._waiting[0].deadline < now:
            self.finish(self._waiting.popleft(), Failure.TIMEOUT)

    def give_up(self) -> None:
        """End all exchanges now, since no answer comes in time; those not sent were not taken."""
        for connection in [c for c in self._open if not c.is_usable]:
            connection.fail(Failure.TIMEOUT)
        not_sent = [*self._waiting, *self._unsent]
        self._waiting.clear()
        self._unsent.clear()
        for exchange in not_sent:
            self.finish(exchange, Failure.NOT_CONNECTED)

    def close(self) -> None:
        """Close idle connections now, the others after their exchanges."""
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
        """Use a connection for what waits, or keep it for later."""
        if not connection.is_usable:
            return
        if self._waiting:
            connection.send(self._next_group(self._waiting))
        elif self._is_closed:
            connection.close()
        else:
            self._idle.append(connection)

    def forget(self, connection: "_Connection") -> None:
        """Drop a connection that ended."""
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def finish(self, exchange: _Exchange, result: UpstreamAnswer | Failure) -> None:
        """Hand a result to whoever waits for it."""
        self.in_flight -= 1
        exchange.done(result)

    def _send_unsent(self) -> None:
        unsent, self._unsent = deque(self._unsent), []
        while unsent:
            group = self._next_group(unsent)
            connection = self._take_idle()
            if connection is None:
                self._wait(group)
            else:
                connection.send(group)

    def _take_idle(self) -> "_Connection | None":
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                return connection
        return None

    def _wait(self, group: "list[_Exchange]") -> None:
        for exchange in group:
            if len(self._waiting) >= MAX_WAITING or self._is_closed:
                failure = Failure.NOT_CONNECTED if self._is_closed else Failure.BUSY
                self._loop.call_soon(self.finish, exchange, failure)
            else:
                self._waiting.append(exchange)
        if self._waiting and len(self._open) + self._opening < MAX_CONNECTIONS:
            self._opening += 1
            task = self._loop.create_task(self._connect())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _next_group(self, exchanges: deque[_Exchange]) -> list[_Exchange]:
        """Take the requests that share a connection: a large one keeps none behind it waiting."""
        group = [exchanges.popleft()]
        size = len(group[0].request)
        while exchanges and len(group) < self._together:
            size += len(exchanges[0].request)
            if size > _MAX_TOGETHER_BYTES:
                break
            group.append(exchanges.popleft())
        return group

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
                for exchange in self._next_group(self._waiting):
                    self.finish(exchange, Failure.NOT_CONNECTED)
            return
        self._opening -= 1
        self._open.add(connection)
        self.take_back(connection)


class _Connection(asyncio.Protocol):
    def __init__(self, pool: Upstream) -> None:
        self._pool = pool
        self._pending: deque[_Exchange] = deque()
        self._parser = httptools.HttpResponseParser(self)
        self._is_answering = False
        self._begun = 0
        self._known: tuple[KnownHead, AnswerHead] | None = None

    @property
    def is_usable(self) -> bool:
        return not self._pending and not self._transport.is_closing()

    def is_late(self, now: float) -> bool:
        return bool(self._pending) and self._pending[0].deadline < now

    def send(self, group: list[_Exchange]) -> None:
        self._pending.extend(group)
        # It may have ended since it was chosen; then `connection_lost` reports the failure.
        if not self._transport.is_closing():
            self._transport.write(b"".join([exchange.request for exchange in group]))

    def fail(self, failure: Failure) -> None:
        """End the connection; what waited behind the exchange that failed was not answered at all."""
        pending, self._pending = self._pending, deque()
        self._transport.abort()
        for exchange in pending:
            self._pool.finish(exchange, failure)
            failure = Failure.CLOSED

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
        if self._known is not None and not self._is_answering:
            data = self._take_known(data, *self._known)
        if not data:
            return
        if not self._pending:
            self._transport.abort()  # nobody asked: whose answer would it be?
            return
        self._parse(data, self._pending[0].id)

    def _take_known(self, data: bytes, known: KnownHead, head: AnswerHead) -> bytes:
        """Take whole answers with the head of the one before; return what is left."""
        pending = self._pending
        while data and pending:
            place = known.read(data, pending[0].id)
            if place is None or place[1] > len(data):
                break
            begin, end = place
            answer, data = UpstreamAnswer(head, data[begin:end]), data[end:]
            self._conclude(answer)
        return data

    def _parse(self, data: bytes, own_id: bytes) -> None:
        is_at_start, self._begun = not self._is_answering, 0
        self._is_answering = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.fail(Failure.NONSENSE)
            return
        is_whole = not self._is_answering and not self._transport.is_closing()
        if is_at_start and self._begun == 1 and is_whole:
            is_framed = b"transfer-encoding" not in self._headers
            found = learn(data, own_id) if is_framed else None
            self._known = None if found is None else (found, self._head)

    # --- the parser's side ----------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._begun += 1
        self._is_answering = True
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._size = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > MAX_ANSWER_BYTES:
            self.fail(Failure.NONSENSE)
            return
        self._body.append(body)

    def on_message_complete(self) -> None:
        if not self._pending:
            return
        own_id = self._pending[0].id
        if own_id and self._headers.get(_REQUEST_ID, own_id) != own_id:
            self.fail(Failure.NONSENSE)
            return
        self._is_answering = False
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._head = AnswerHead(self._parser.get_status_code(), self._headers)
        is_last = not self._parser.should_keep_alive()
        if is_last:
            self._transport.close()
        self._conclude(UpstreamAnswer(self._head, body))
        if is_last:
            # What was sent behind it is not answered any more.
            self.fail(Failure.CLOSED)

    def _conclude(self, answer: UpstreamAnswer) -> None:
        exchange = self._pending.popleft()
        if not self._pending:
            self._pool.take_back(self)
        self._pool.finish(exchange, answer)
