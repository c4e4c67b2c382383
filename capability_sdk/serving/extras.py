"""What a setting may ask for beside HTTP; each loads its library then alone.

An instance that speaks HTTP and traces nothing pays for neither (measured: gRPC 10 MB, traces 4 MB).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from capability_sdk.serving.dataplane import DataPlane
    from capability_sdk.serving.settings import ServingSettings
    from capability_sdk.serving.tracing import Tracing


def grpc_face(
    plane: DataPlane, settings: ServingSettings
) -> AbstractAsyncContextManager[None] | None:
    """Return what answers gRPC, if a socket is named for it."""
    if settings.grpc is None:
        return None
    from capability_sdk.serving.grpc.server import listening  # noqa: PLC0415 - see above

    return listening(plane, settings.grpc)


@contextlib.contextmanager
def traces(settings: ServingSettings) -> Iterator[Tracing | None]:
    """Provide what traces calls, if a collector is named; at the end, send what is left."""
    if settings.otlp_endpoint is None:
        yield None
        return
    from capability_sdk.serving.tracing import Tracing  # noqa: PLC0415 - see above

    tracing = Tracing(str(settings.otlp_endpoint), settings.instance, settings.trace_ratio)
    try:
        yield tracing
    finally:
        tracing.close()
