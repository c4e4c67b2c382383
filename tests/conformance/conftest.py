"""Both servers, each started once, over the same models."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance import models
from tests.conformance.clients import Addresses
from tests.servers.process import free_port, running
from tests.servers.triton import running_triton

_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """The serving runtime, in a process of its own."""
    folder = tmp_path_factory.mktemp("ours")
    models.write_packages(folder / "packages")
    port, grpc = free_port(), folder / "grpc.sock"
    command = [
        *(sys.executable, "-m", "tests.conformance.instance", "--listen", str(port)),
        *("--packages", str(folder / "packages"), "--journal", str(folder / "journal")),
        *("--grpc", str(grpc)),
    ]
    environment = {"PYTHONPATH": str(_ROOT)}
    with running(command, log=folder / "log", is_ready=grpc.exists, environment=environment):
        yield Addresses(f"127.0.0.1:{port}", f"unix:{grpc}")


@pytest.fixture(scope="session")
def triton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """A real tritonserver."""
    folder = tmp_path_factory.mktemp("triton")
    models.write_repository(folder / "models")
    with running_triton(folder / "models", folder) as server:
        yield Addresses(server.http, server.grpc)
