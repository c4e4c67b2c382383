from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from capability_sdk.contracts.inference import Datatype
from tests.unit.capability_sdk.serving.harness import Running, load, running
from tests.unit.capability_sdk.serving.packages import (
    identity_model,
    manifest,
    write_digits_package,
    write_package,
)


@pytest.fixture(scope="session")
def digits_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that recognises real handwritten digits."""
    return write_digits_package(tmp_path_factory.mktemp("digits") / "package")


@pytest.fixture(scope="session")
def echo_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A capability for each datatype ``D``: input ``D`` of shape [-1, 2] comes back as ``o_D``."""
    declared = manifest(
        name="echo",
        inputs=[{"name": str(kind), "datatype": kind, "shape": [2]} for kind in Datatype],
        outputs=[{"name": f"o_{kind}", "datatype": kind, "shape": [2]} for kind in Datatype],
        max_batch_size=8,
    )
    folder = tmp_path_factory.mktemp("echo") / "package"
    return write_package(folder, declared, identity_model(declared))


@pytest.fixture(scope="session")
def pair_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A capability that gives back two FP32 numbers a row, at most 8 rows."""
    declared = manifest(max_batch_size=8)
    folder = tmp_path_factory.mktemp("pair") / "package"
    return write_package(folder, declared, identity_model(declared))


@pytest.fixture
def digits(digits_package: Path, tmp_path: Path) -> Iterator[Running]:
    with running(load(digits_package), tmp_path / "journal") as runtime:
        yield runtime


@pytest.fixture
def echo(echo_package: Path, tmp_path: Path) -> Iterator[httpx.Client]:
    with (
        running(load(echo_package), tmp_path / "journal") as runtime,
        httpx.Client(base_url=f"{runtime.url}/v2/models/echo") as client,
    ):
        yield client


@pytest.fixture
def pair(pair_package: Path, tmp_path: Path) -> Iterator[Running]:
    with running(load(pair_package), tmp_path / "journal") as runtime:
        yield runtime
