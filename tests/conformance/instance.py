"""The serving runtime over several packages, over HTTP (stock clients need a port) and gRPC."""

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
    parser.add_argument("--listen", required=True, help="a port of loopback, or a Unix socket")
    parser.add_argument("--grpc", type=Path, required=True)
    arguments = parser.parse_args()
    repository = ModelRepository(JournalSpool(SpoolWriter(arguments.journal)))
    for package in sorted(arguments.packages.iterdir()):
        digests = digests_of(package)
        repository.add(load_package(package, digests.code, digests.weights, 1))
    plane = DataPlane(repository)
    listener = _listen(arguments.listen)
    run(ServingApp(plane), listener, beside=listening(plane, arguments.grpc))


def _listen(where: str) -> socket.socket:
    if where.isdigit():
        return socket.create_server(("127.0.0.1", int(where)), backlog=1024)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(where)
    return listener


if __name__ == "__main__":
    main()
