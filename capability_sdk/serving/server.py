"""Listening, and stopping without losing an answer."""

import asyncio
import contextlib
import signal
import socket

import uvloop

from capability_sdk.serving.app import ServingApp
from capability_sdk.serving.connection import Connection, OpenConnections

_STOP_SECONDS = 8.0
_BACKLOG = 2048


def run(app: ServingApp, listener: socket.socket) -> None:
    """Serve on a bound socket until SIGTERM or Ctrl-C; calls in flight are answered."""

    async def until_signal() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        await serve(app, listener, stop)

    uvloop.run(until_signal())


async def serve(app: ServingApp, listener: socket.socket, stop: asyncio.Event) -> None:
    """Serve on a bound socket until an event."""
    connections = OpenConnections()
    loop = asyncio.get_running_loop()
    make = loop.create_unix_server if listener.family == socket.AF_UNIX else loop.create_server
    server = await make(lambda: Connection(app, connections), sock=listener, backlog=_BACKLOG)
    app.start()
    await stop.wait()
    server.close()
    for connection in tuple(connections):
        connection.finish()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_STOP_SECONDS):
            while connections:
                connections.left.clear()
                await connections.left.wait()
    for connection in tuple(connections):
        connection.abort()
    await app.stop()
