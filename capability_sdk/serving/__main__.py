"""``python -m capability_sdk.serving``: one instance, on a Unix socket."""

import contextlib
import logging
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import CliApp

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.kit import logs
from capability_sdk.serving.admin import AdminApp
from capability_sdk.serving.app import ServingApp
from capability_sdk.serving.dataplane import DataPlane
from capability_sdk.serving.engines import LoadEngine, leave_out_training_libraries
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


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM; return the exit code: 2 bad arguments, 3 package or journal unusable."""
    logs.configure()
    try:
        settings = CliApp.run(ServingSettings, cli_args=arguments)
    except ValidationError as error:
        for item in error.errors():
            _log.error("--%s: %s", "-".join(map(str, item["loc"])), item["msg"])
        return 2
    try:
        load_model = loader_of(settings)
        package = load_package(
            settings.package,
            settings.code_digest,
            settings.weights_digest,
            settings.threads,
            load_model,
        )
        spool = JournalSpool(SpoolWriter(settings.journal))
        samples = _samples(settings)
    except ServiceError as error:
        _log.error("%s: %s", error.title, error)
        return 3
    repository = ModelRepository(
        spool, samples, max_waiting=settings.max_waiting, batch_rows=settings.batch_rows
    )
    model = repository.add(package)
    _log.info("%s serves %s %s", settings.instance, model.name, model.version)
    _serve(settings, repository, load_model)
    return 0


def _serve(settings: ServingSettings, repository: ModelRepository, load_model: LoadEngine) -> None:
    with contextlib.ExitStack() as stack:
        plane = DataPlane(repository, stack.enter_context(traces(settings)))
        listener = stack.enter_context(_listening(settings.socket))
        admin = None
        if settings.admin is not None:
            admin_app = AdminApp(WeightSwaps(repository, settings.threads, load_model))
            admin = Admin(admin_app, stack.enter_context(_listening(settings.admin)))
        app = ServingApp(plane)
        remote = stack.enter_context(_guarded(settings, app))
        run(app, listener, admin, grpc_face(plane, settings), remote)


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


if __name__ == "__main__":
    leave_out_training_libraries()
    sys.exit(main(sys.argv[1:]))
