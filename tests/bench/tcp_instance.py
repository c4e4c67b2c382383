"""An instance on a TCP port, since wrk has no Unix sockets; everything else is as shipped.

Profile, metrics, journal and inference log are on; batches are as large as the anchor model's passport
says they should be.
"""

import argparse
import socket
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from capability_sdk.packaging.digests import digests_of
from capability_sdk.serving.app import ServingApp
from capability_sdk.serving.dataplane import DataPlane
from capability_sdk.serving.inference_log import InferenceLog, SamplingPolicy
from capability_sdk.serving.journal import JournalSpool
from capability_sdk.serving.package import load_package
from capability_sdk.serving.repository import ModelRepository
from capability_sdk.serving.server import run
from capability_sdk.serving.settings import ServingSettings
from capability_sdk.spool import SpoolWriter

_BEST_BATCH = 16


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=Path, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--grpc", type=Path, help="Unix socket to answer gRPC on as well")
    arguments = parser.parse_args()
    digests = digests_of(arguments.package)
    package = load_package(arguments.package, digests.code, digests.weights, 1)
    repository = ModelRepository(
        JournalSpool(SpoolWriter(arguments.journal)),
        _log(arguments.journal.with_name("samples")),
        batch_rows=_BEST_BATCH,
    )
    repository.add(package)
    plane = DataPlane(repository)
    listener = socket.create_server(("127.0.0.1", arguments.port), backlog=1024)
    run(ServingApp(plane), listener, beside=_grpc(plane, arguments.grpc))


def _log(folder: Path) -> InferenceLog:
    """Keep the inference log that an instance keeps where nobody says otherwise."""
    share, limit_bytes = (
        ServingSettings.model_fields[name].default
        for name in ("sample_share", "sample_limit_bytes")
    )
    return InferenceLog(folder, SamplingPolicy(share, limit_bytes))


def _grpc(plane: DataPlane, path: Path | None) -> AbstractAsyncContextManager[None] | None:
    if path is None:
        return None
    # As in an instance: who speaks HTTP alone does not pay for gRPC's memory.
    from capability_sdk.serving.grpc.server import listening  # noqa: PLC0415 - only where gRPC is measured

    return listening(plane, path)


if __name__ == "__main__":
    main()
