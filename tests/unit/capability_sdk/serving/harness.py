"""A runtime on a loopback port, in a thread of the test."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop

from capability_sdk.kit.clock import Clock, system_clock
from capability_sdk.packaging.digests import digests_of
from capability_sdk.serving.app import ServingApp
from capability_sdk.serving.dataplane import DataPlane
from capability_sdk.serving.journal import JournalSpool
from capability_sdk.serving.package import LoadedPackage, load_package
from capability_sdk.serving.repository import ModelRepository
from capability_sdk.serving.server import serve
from capability_sdk.spool import SpoolWriter


@dataclass(frozen=True)
class Running:
    """Where a runtime listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def connect(self) -> socket.socket:
        """Open a plain connection, to say what no client library would."""
        return socket.create_connection((self.host, self.port), timeout=60)


def load(folder: Path) -> LoadedPackage:
    """Load a package with the digests that it has."""
    digests = digests_of(folder)
    return load_package(folder, digests.code, digests.weights, 1)


def _listen(unix: Path | None) -> tuple[socket.socket, int]:
    if unix is None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        return listener, listener.getsockname()[1]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(unix))
    listener.listen()
    return listener, 0


@contextmanager
def running(
    package: LoadedPackage,
    journal: Path,
    *,
    max_waiting: int = 1024,
    batch_rows: int | None = None,
    clock: Clock = system_clock,
    unix: Path | None = None,
) -> Iterator[Running]:
    """Serve a package; stop as SIGTERM would at the end, so that the journal is complete.

    With ``unix`` it listens there, and not on a port.
    """
    spool = JournalSpool(SpoolWriter(journal))
    repository = ModelRepository(spool, max_waiting=max_waiting, batch_rows=batch_rows, clock=clock)
    repository.add(package)
    app = ServingApp(DataPlane(repository))
    listener, port = _listen(unix)
    started = threading.Event()
    end: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def live() -> None:
        stop = asyncio.Event()
        end.append((asyncio.get_running_loop(), stop))
        started.set()
        await serve(app, listener, stop)

    thread = threading.Thread(target=lambda: uvloop.run(live()), name="runtime")
    thread.start()
    assert started.wait(60)
    try:
        yield Running("127.0.0.1", port)
    finally:
        loop, stop = end[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(60)
        listener.close()
