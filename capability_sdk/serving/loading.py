"""How this instance brings models into memory: by the runtime's engines, or a tritonserver."""

from functools import partial

from capability_sdk.contracts.manifest import Engine
from capability_sdk.serving.engines import LoadEngine, load_engine
from capability_sdk.serving.settings import ServingSettings


def loader_of(settings: ServingSettings) -> LoadEngine:
    """Give the function that loads models; what a killed predecessor left behind is removed.

    Raises:
        TritonMissing: A tritonserver is asked for, and none is configured.
    """
    if settings.engine is not Engine.TRITON:
        return load_engine
    # gRPC and the client cost 30 MB, which no other instance is to pay.
    from capability_sdk.serving.triton import engine, installation  # noqa: PLC0415 - see above

    folder = settings.socket.parent
    engine.sweep(folder)
    found = installation.find_triton(settings.triton)
    return partial(engine.load_triton, installation=found, folder=folder)
