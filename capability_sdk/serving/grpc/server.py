"""Listening for gRPC beside the HTTP server; loaded where a setting asks for it alone."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc

from capability_sdk.serving.dataplane import DataPlane
from capability_sdk.serving.grpc.service import InferenceService
from capability_sdk.serving.limits import body_limit

_GRACE_SECONDS = 8.0


@asynccontextmanager
async def listening(plane: DataPlane, path: Path) -> AsyncIterator[None]:
    """Answer on a Unix socket of its owner; at the end, calls in flight are answered.

    Args:
        plane: Has its models in service already; they say how large a message may be.
        path: The socket; made with mode 0600.
    """
    models = plane.repository.served.values()
    limit = max(body_limit(model.package.manifest) for model in models)
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", limit)])
    server.add_generic_rpc_handlers((InferenceService(plane).handlers(),))
    _bind(server, path)
    await server.start()
    try:
        yield
    finally:
        await server.stop(_GRACE_SECONDS)


def _bind(server: grpc.aio.Server, path: Path) -> None:
    """Bind a Unix socket that only its owner can open, from its first moment on."""
    path.unlink(missing_ok=True)
    mask = os.umask(0o177)
    try:
        server.add_insecure_port(f"unix:{path}")
    finally:
        os.umask(mask)
