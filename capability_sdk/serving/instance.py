"""One instance put together: what it loads, the sockets it listens on, and what runs beside it."""

import contextlib
import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from capability_sdk.serving.admin import AdminApp
from capability_sdk.serving.app import ServingApp
from capability_sdk.serving.dataplane import DataPlane
from capability_sdk.serving.extras import grpc_face, traces
from capability_sdk.serving.guard import Guarded, guarded
from capability_sdk.serving.inference_log import InferenceLog, SamplingPolicy
from capability_sdk.serving.journal import JournalSpool
from capability_sdk.serving.loading import loader_of
from capability_sdk.serving.package import load_package
from capability_sdk.serving.repository import ModelRepository
from capability_sdk.serving.server import Admin, run
from capability_sdk.serving.settings import ServingSettings
from capability_sdk.serving.swapping import WeightSwaps
from capability_sdk.spool import SpoolWriter

_log = logging.getLogger("capability_sdk.serving")


@dataclass(frozen=True, slots=True)
class LoadedInstance:
    """An instance whose first version is in memory, before it listens.

    Attributes:
        repository: What it serves.
        swaps: Takes further weights.
    """

    repository: ModelRepository
    swaps: WeightSwaps


Further = Callable[[ServingApp], tuple[Guarded | None, AbstractAsyncContextManager[None] | None]]
"""Makes of the REST face what else an instance shows, and what runs beside it."""


def load_instance(settings: ServingSettings) -> LoadedInstance:
    """Load the version that the settings name.

    Raises:
        ServiceError: Package or journal cannot be used.
    """
    load_model = loader_of(settings)
    package = load_package(
        settings.package,
        settings.code_digest,
        settings.weights_digest,
        settings.threads,
        load_model,
    )
    spool = JournalSpool(SpoolWriter(settings.journal))
    repository = ModelRepository(
        spool, _samples(settings), max_waiting=settings.max_waiting, batch_rows=settings.batch_rows
    )
    model = repository.add(package)
    _log.info("%s serves %s %s", settings.instance, model.name, model.version)
    return LoadedInstance(repository, WeightSwaps(repository, settings.threads, load_model))


def serve_instance(
    settings: ServingSettings, instance: LoadedInstance, further: Further | None = None
) -> None:
    """Listen until SIGTERM; calls in flight are answered."""
    with contextlib.ExitStack() as stack:
        plane = DataPlane(instance.repository, stack.enter_context(traces(settings)))
        listener = stack.enter_context(_listening(settings.socket))
        admin = None
        if settings.admin is not None:
            admin = Admin(AdminApp(instance.swaps), stack.enter_context(_listening(settings.admin)))
        app = ServingApp(plane)
        if further is None:
            remote, beside = (
                stack.enter_context(_guarded(settings, app)),
                grpc_face(plane, settings),
            )
        else:
            remote, beside = further(app)
        run(app, listener, admin, beside, remote)


@contextlib.contextmanager
def _guarded(settings: ServingSettings, app: ServingApp) -> Iterator[Guarded | None]:
    if settings.listen is None or settings.access is None or settings.lease is None:
        yield None
        return
    with guarded(app, settings.listen, settings.access, settings.lease) as face:
        yield face


def _samples(settings: ServingSettings) -> InferenceLog | None:
    if settings.samples is None:
        return None
    policy = SamplingPolicy(settings.sample_share, settings.sample_limit_bytes)
    return InferenceLog(settings.samples, policy)


@contextlib.contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    """Bind a Unix socket that only its owner can open, from its first moment on."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(mask)
    try:
        yield listener
    finally:
        path.unlink(missing_ok=True)
