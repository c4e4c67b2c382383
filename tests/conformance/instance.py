"""The serving runtime over several packages: gRPC, and HTTP on a port, which stock clients need."""

import argparse
import socket
from pathlib import Path

from capability_sdk.packaging.digests import digests_of
from capability_sdk.serving.app import ServingApp
from capability_sdk.serving.dataplane import DataPlane
from capability_sdk.serving.grpc.server import listening
from capability_sdk.serving.journal import JournalSpool
from capability_sdk.serving.package import load_package
from capability_sdk.serving.repository import ModelRepository
from capability_sdk.serving.server import run
from capability_sdk.spool import SpoolWriter


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--grpc", type=Path, required=True)
    arguments = parser.parse_args()
    repository = ModelRepository(JournalSpool(SpoolWriter(arguments.journal)))
    for package in sorted(arguments.packages.iterdir()):
        digests = digests_of(package)
        repository.add(load_package(package, digests.code, digests.weights, 1))
    plane = DataPlane(repository)
    listener = socket.create_server(("127.0.0.1", arguments.port), backlog=1024)
    run(ServingApp(plane), listener, beside=listening(plane, arguments.grpc))


if __name__ == "__main__":
    main()
