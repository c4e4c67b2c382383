"""An instance on a TCP port, since wrk has no Unix sockets; everything else is as shipped."""

import argparse
import socket
from pathlib import Path

from capability_sdk.packaging.digests import digests_of
from capability_sdk.serving.app import ServingApp
from capability_sdk.serving.dataplane import DataPlane
from capability_sdk.serving.journal import JournalSpool
from capability_sdk.serving.package import load_package
from capability_sdk.serving.repository import ModelRepository
from capability_sdk.serving.server import run
from capability_sdk.spool import SpoolWriter


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=Path, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    digests = digests_of(arguments.package)
    package = load_package(arguments.package, digests.code, digests.weights, 1)
    repository = ModelRepository(JournalSpool(SpoolWriter(arguments.journal)))
    repository.add(package)
    listener = socket.create_server(("127.0.0.1", arguments.port), backlog=1024)
    run(ServingApp(DataPlane(repository)), listener)


if __name__ == "__main__":
    main()
