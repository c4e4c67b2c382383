"""How this instance brings models into memory: by the runtime's engines, or a tritonserver."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from capability_sdk.contracts.errors import InvalidInput
from capability_sdk.contracts.manifest import Engine, Manifest
from capability_sdk.contracts.settings import Value, digest_of
from capability_sdk.serving.engines import Engine as LoadedEngine
from capability_sdk.serving.engines import LoadEngine, load_engine
from capability_sdk.serving.errors import UnusablePackage
from capability_sdk.serving.settings import ServingSettings


def loader_of(settings: ServingSettings) -> LoadEngine:
    """Give the function that loads models; what a killed predecessor left behind is removed.

    Raises:
        UnusablePackage: What the province chose is not what its digest says.
        TritonMissing: A tritonserver is asked for, and none is configured.
    """
    if settings.overlay is not None:
        if settings.engine is Engine.TRITON:
            raise UnusablePackage("A server around the model reads no settings: deploy without.")
        return partial(_load_chosen, read_overlay(settings.overlay, settings.overlay_digest))
    if settings.engine is not Engine.TRITON:
        return load_engine
    # gRPC and the client cost 30 MB, which no other instance is to pay.
    from capability_sdk.serving.triton import engine, installation  # noqa: PLC0415 - see above

    folder = settings.socket.parent
    engine.sweep(folder)
    found = installation.find_triton(settings.triton)
    return partial(engine.load_triton, installation=found, folder=folder)


def read_overlay(file: Path, digest: str | None) -> dict[str, Value]:
    """Read what a province chose, after its digest was computed anew.

    Raises:
        UnusablePackage: The file cannot be read, or is another one.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UnusablePackage(f"The settings cannot be read: {error.strerror}.") from error
    if (actual := digest_of(content)) != digest:
        raise UnusablePackage(f"The overlay digest is {actual}, expected {digest}.")
    values: dict[str, Value] = json.loads(content)
    return values


def _load_chosen(
    values: Mapping[str, Value], package_dir: Path, manifest: Manifest, threads: int
) -> LoadedEngine:
    try:
        return load_engine(package_dir, manifest.chosen(values), threads)
    except InvalidInput as error:
        raise UnusablePackage(f"The settings do not fit: {error}") from error
