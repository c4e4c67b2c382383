"""A line between two services, as a TCP proxy that is slow, can be cut or fall silent."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from tests.servers.process import free_port

_CHUNK_BYTES = 65_536
_SECONDS = 10.0


class Link:
    """Carries bytes to a port; may be told to stop doing so from any thread.

    A connection that lived through a silence stays dead for good, as one whose state a firewall
    has forgotten: nobody ever hears that it is over.

    Args:
        target_port: Where the bytes go.
        late_seconds: How long an answer takes on its way back.
    """

    def __init__(self, target_port: int, late_seconds: float = 0.0) -> None:
        self.port = free_port()
        self._target_port = target_port
        self._late_seconds = late_seconds
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="link", daemon=True)
        self._server: asyncio.Server | None = None
        self._pairs: set[_Pair] = set()
        self._is_silent = False

    @property
    def url(self) -> str:
        """Where a province finds its center."""
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Reset every connection and refuse new ones."""
        self._do(self._cut())

    def fall_silent(self) -> None:
        """Swallow every byte; connections are still accepted."""
        self._do(self._fall_silent())

    def slow_down(self, seconds: float) -> None:
        """Let every answer take so long from now on, on open connections too."""
        self._late_seconds = seconds
        for pair in list(self._pairs):
            pair.late_seconds = seconds

    def break_off(self, after: int) -> None:
        """Fall silent on every open connection once so many bytes of its next answer have passed."""
        for pair in list(self._pairs):
            pair.last_bytes = after

    def mend(self) -> None:
        """Carry new connections again."""
        self._do(self._mend())

    def redirect(self, port: int) -> None:
        """End every connection and carry new ones to another port."""
        self.cut()
        self._target_port = port
        self.mend()

    def open(self) -> None:
        """Begin to carry."""
        self._thread.start()
        self.mend()

    def close(self) -> None:
        """End every connection and the thread."""
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SECONDS)
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_SECONDS)

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for pair in list(self._pairs):
            pair.abort()
        while self._pairs:  # noqa: ASYNC110 - a few rounds, until their tasks have seen it
            await asyncio.sleep(0.005)

    async def _fall_silent(self) -> None:
        self._is_silent = True
        for pair in self._pairs:
            pair.is_dead = True

    async def _mend(self) -> None:
        self._is_silent = False
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pair = _Pair(writer, self._late_seconds, is_dead=self._is_silent)
        self._pairs.add(pair)
        try:
            # Whatever ends it, the caller sees an ended connection and nothing else.
            with contextlib.suppress(OSError):
                await pair.carry(reader, self._target_port)
        finally:
            pair.abort()
            self._pairs.discard(pair)


class _Pair:
    """A connection from the near side and the one to the far side."""

    def __init__(self, near: asyncio.StreamWriter, late_seconds: float, *, is_dead: bool) -> None:
        self.is_dead = is_dead
        self.late_seconds = late_seconds
        self.last_bytes: int | None = None
        self._writers = [near]

    async def carry(self, near: asyncio.StreamReader, port: int) -> None:
        far, to_far = await asyncio.open_connection("127.0.0.1", port)
        self._writers.append(to_far)
        ways = [self._pump(near, to_far), self._pump(far, self._writers[0], is_answer=True)]
        tasks = [asyncio.create_task(way) for way in ways]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if self.is_dead and not tasks[0].done():
            # The far side hung up on a dead connection: the near one must not hear of it.
            await tasks[0]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def abort(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool = False
    ) -> None:
        while data := await reader.read(_CHUNK_BYTES):
            await asyncio.sleep(self.late_seconds if is_answer else 0)
            if not self.is_dead:
                is_last = is_answer and self.last_bytes is not None
                writer.write(data[: self.last_bytes] if is_last else data)
                self.is_dead = is_last
                await writer.drain()


@contextmanager
def running_link(target_port: int, late_seconds: float = 0.0) -> Iterator[Link]:
    """Run a link for the length of a ``with`` block."""
    link = Link(target_port, late_seconds)
    link.open()
    try:
        yield link
    finally:
        link.close()
