"""Listening, and stopping without losing an answer."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import uvloop

from capability_sdk.serving.admin import AdminApp
from capability_sdk.serving.app import ServingApp
from capability_sdk.serving.connection import Application, Connection, OpenConnections
from capability_sdk.serving.guard import Guarded
from capability_sdk.serving.heap import return_large_blocks

_STOP_SECONDS = 8.0
_BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class Admin:
    """The admin face of an instance and the socket of its own."""

    app: AdminApp
    listener: socket.socket


def run(
    app: ServingApp,
    listener: socket.socket,
    admin: Admin | None = None,
    beside: AbstractAsyncContextManager[None] | None = None,
    guarded: Guarded | None = None,
) -> None:
    """Serve on bound sockets until SIGTERM or Ctrl-C; calls in flight are answered.

    Args:
        app: The REST face.
        listener: Its socket.
        admin: The admin face, if there is to be one.
        beside: Another face of the same data plane; it is entered before the instance is ready.
        guarded: The REST face for another machine, if there is to be one.
    """

    async def until_signal() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        await serve(app, listener, stop, admin, beside, guarded)

    return_large_blocks()
    uvloop.run(until_signal())


async def serve(
    app: ServingApp,
    listener: socket.socket,
    stop: asyncio.Event,
    admin: Admin | None = None,
    beside: AbstractAsyncContextManager[None] | None = None,
    guarded: Guarded | None = None,
) -> None:
    """Serve on bound sockets until an event; see `run`."""
    connections = OpenConnections()
    servers = [await _listen(app, listener, connections)]
    if guarded is not None:
        servers.append(await _listen(guarded.app, guarded.listener, connections))
    async with _administered(admin), beside or contextlib.nullcontext():
        app.start()
        await stop.wait()
        for server in servers:
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


@contextlib.asynccontextmanager
async def _administered(admin: Admin | None) -> AsyncIterator[None]:
    """Answer on the admin socket; what is being loaded at the end is broken off."""
    if admin is None:
        yield
        return
    connections = OpenConnections()
    server = await _listen(admin.app, admin.listener, connections)
    try:
        yield
    finally:
        server.close()
        await admin.app.close()
        for connection in tuple(connections):
            connection.abort()


async def _listen(
    app: Application, listener: socket.socket, connections: OpenConnections
) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    make = loop.create_unix_server if listener.family == socket.AF_UNIX else loop.create_server
    return await make(lambda: Connection(app, connections), sock=listener, backlog=_BACKLOG)
