"""A link between edges and center that goes wrong, from a seed: HTTP/1.1, in a thread of its own.

It understands just enough to treat a batch of telemetry as a whole: it repeats it, lets it overtake
others, loses it on the way there, or its acknowledgement on the way back. Everything else passes,
or is reset now and then. What it did is counted; what it saw acknowledged is kept.
"""

import asyncio
import contextlib
import gzip
import json
import random
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.servers.process import free_port

_RESET = struct.pack("ii", 1, 0)
_LATEST_SECONDS = 1.5
_RESET_SHARE = 0.03
_HEAD_BYTES = 64 << 10
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TELEMETRY = re.compile(rb"POST /api/v1/edges/([^/ ]+)/telemetry ")
_CONNECTION = re.compile(rb"\r\nconnection:[^\r]*", re.IGNORECASE)

Stream = tuple[str, str, int]
"""Edge, stream and epoch."""


@dataclass(frozen=True)
class _Request:
    """One request as it goes to the center, which closes the connection after its answer."""

    content: bytes
    stream: Stream | None = None
    """None where it is no batch."""
    last: int = 0
    """Number of the batch's last record."""


class FaultLink:
    """Listens on ``port``, forwards to the center.

    Attributes:
        is_hostile: Batches meet fates.
        is_cut: Nothing passes.
        is_cut_for_calls: No batch of calls passes, while every other stream goes on.
        happened: How often each fate befell a batch.
        stopped: Largest number of a record that the cut link stopped, for each stream.
        acknowledged: Largest ``applied_through`` that the center answered, for each stream.
    """

    def __init__(self, center_port: int, seed: int) -> None:
        self.port = free_port()
        self.is_hostile = False
        self.is_cut = False
        self.is_cut_for_calls = False
        self.happened: Counter[str] = Counter()
        self.stopped: dict[Stream, int] = {}
        self.acknowledged: dict[Stream, int] = {}
        self.seen: list[_Request] = []
        self._center_port = center_port
        self._random = random.Random(seed)  # noqa: S311 - a campaign must be repeatable
        self._deck: list[str] = []
        self._once: dict[str, Callable[[], None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._serving: set[asyncio.Task[None] | None] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._fates: dict[str, Callable[[_Request, asyncio.StreamWriter], Any]] = {
            "passed": self._pass,
            "delayed": self._delay,
            "sent twice": self._send_twice,
            "sent twice at once": self._send_twice_at_once,
            "repeated later": self._repeat_later,
            "arrived after its repetition": self._arrive_late,
            "acknowledgement dropped": self._drop_answer,
            "lost on the way": self._lose,
            "torn": self._tear,
        }

    # --- what a campaign calls, from its own thread ---------------------------------------------

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()
        opening = asyncio.start_server(
            self._serve, "127.0.0.1", self.port, limit=_HEAD_BYTES, backlog=256
        )
        self._server = asyncio.run_coroutine_threadsafe(opening, self._loop).result(60)

    def stop(self) -> None:
        """Stop listening; what was held back is dropped."""

        async def end() -> None:
            self._server.close()
            while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()

    def at_next(self, moment: str, act: Callable[[], None]) -> threading.Event:
        """Act once, at the next fresh batch of calls: when ``forwarded``, or ``acknowledged``.

        Returns:
            An event that is set once it was done.
        """
        done = threading.Event()

        def once() -> None:
            act()
            done.set()

        self._once[moment] = once
        return done

    def edges_heard(self, since: int) -> set[str]:
        """Name the edges that have sent a batch since so many were ``seen``."""
        return {request.stream[0] for request in self.seen[since:] if request.stream is not None}

    def settle(self) -> None:
        """Wait until everything that was held back has arrived."""

        async def wait() -> None:
            while self._tasks:
                await asyncio.gather(*self._tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(wait(), self._loop).result(60)

    def repeat_everything(self) -> int:
        """Send every batch that was ever seen once more, in random order; return how many."""
        again = list(self.seen)
        self._random.shuffle(again)

        async def repeat() -> None:
            for request in again:
                with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                    await self._ask(request)

        asyncio.run_coroutine_threadsafe(repeat(), self._loop).result(300)
        return len(again)

    # --- connections ----------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Once the edge's side is gone, nothing else holds the task that still awaits the center.
        self._serving.add(asyncio.current_task())
        try:
            request = await _read(reader)
            await self._treat(request, writer)
        except (OSError, asyncio.IncompleteReadError):
            _reset(writer)
        finally:
            writer.close()
            self._serving.discard(asyncio.current_task())

    async def _treat(self, request: _Request, writer: asyncio.StreamWriter) -> None:
        if self.is_cut or (self.is_cut_for_calls and _holds_calls(request)):
            self.happened["cut"] += 1
            if request.stream is not None:
                before = self.stopped.get(request.stream, 0)
                self.stopped[request.stream] = max(before, request.last)
            _reset(writer)
        elif request.stream is None:
            if self.is_hostile and self._random.random() < _RESET_SHARE:
                self.happened["other request reset"] += 1
                _reset(writer)
            else:
                await self._pass(request, writer)
        else:
            self.seen.append(request)
            fate = self._next_fate() if self.is_hostile else "passed"
            self.happened[fate] += 1
            await self._fates[fate](request, writer)

    def _next_fate(self) -> str:
        """Deal fates like cards, so that even a short run meets each of them."""
        if not self._deck:
            self._deck = list(self._fates)
            self._random.shuffle(self._deck)
        return self._deck.pop()

    # --- fates ----------------------------------------------------------------------------------

    async def _pass(self, request: _Request, writer: asyncio.StreamWriter) -> None:
        await _give(writer, await self._ask(request))

    async def _delay(self, request: _Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self._random.uniform(0.02, 0.3))
        await self._pass(request, writer)

    async def _send_twice(self, request: _Request, writer: asyncio.StreamWriter) -> None:
        await self._ask(request)
        await _give(writer, await self._ask(request))

    async def _send_twice_at_once(self, request: _Request, writer: asyncio.StreamWriter) -> None:
        answers = await asyncio.gather(self._ask(request), self._ask(request))
        await _give(writer, self._random.choice(answers))

    async def _repeat_later(self, request: _Request, writer: asyncio.StreamWriter) -> None:
        self._send_later(request)
        await self._pass(request, writer)

    async def _arrive_late(self, request: _Request, writer: asyncio.StreamWriter) -> None:
        self._send_later(request)
        _reset(writer)

    async def _drop_answer(self, request: _Request, writer: asyncio.StreamWriter) -> None:
        await self._ask(request)
        _reset(writer)

    async def _lose(self, _: _Request, writer: asyncio.StreamWriter) -> None:
        _reset(writer)

    async def _tear(self, request: _Request, writer: asyncio.StreamWriter) -> None:
        _, center = await asyncio.open_connection("127.0.0.1", self._center_port)
        center.write(request.content[: self._random.randrange(1, len(request.content))])
        await center.drain()
        _reset(center)
        _reset(writer)

    def _send_later(self, request: _Request) -> None:
        async def later() -> None:
            await asyncio.sleep(self._random.uniform(0.05, _LATEST_SECONDS))
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._ask(request)

        task = self._loop.create_task(later())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- the center -----------------------------------------------------------------------------

    async def _ask(self, request: _Request) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._center_port)
        try:
            writer.write(request.content)
            await writer.drain()
            if "forwarded" in self._once and self._has_new_calls(request):
                pause = self._random.uniform(0.0, 0.02)
                self._loop.call_later(pause, self._once.pop("forwarded"))
            answer = await reader.read(-1)
        finally:
            writer.close()
        if not answer:
            raise ConnectionResetError
        if request.stream is not None and answer.startswith(b"HTTP/1.1 200"):
            has_new_calls = self._has_new_calls(request)
            applied = int(json.loads(answer.partition(b"\r\n\r\n")[2])["applied_through"])
            before = self.acknowledged.get(request.stream, 0)
            self.acknowledged[request.stream] = max(before, applied)
            if has_new_calls and "acknowledged" in self._once:
                self._once.pop("acknowledged")()
        return answer

    def _has_new_calls(self, request: _Request) -> bool:
        """Tell whether the center has yet to acknowledge calls of a batch."""
        if request.stream is None or not _holds_calls(request):
            return False
        return request.last > self.acknowledged.get(request.stream, 0)


def _holds_calls(request: _Request) -> bool:
    return request.stream is not None and request.stream[1].startswith("usage-")


async def _read(reader: asyncio.StreamReader) -> _Request:
    head = await reader.readuntil(b"\r\n\r\n")
    found = _LENGTH.search(head)
    body = await reader.readexactly(int(found[1])) if found else b""
    plain = _CONNECTION.sub(b"", head)[:-4]
    content = b"%b\r\nconnection: close\r\n\r\n%b" % (plain, body)
    batch = _TELEMETRY.match(head)
    if batch is None:
        return _Request(content)
    told = json.loads(gzip.decompress(body))
    stream = (batch[1].decode(), told["stream"], told["epoch"])
    # A batch that only names lost records has none.
    return _Request(content, stream, max((r["seq"] for r in told["records"]), default=0))


async def _give(writer: asyncio.StreamWriter, answer: bytes) -> None:
    writer.write(answer)
    await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST, as a link does that breaks."""
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
