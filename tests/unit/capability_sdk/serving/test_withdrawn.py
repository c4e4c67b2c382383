"""Calls whose callers went away are not computed, and hold nobody up."""

import asyncio
import json
import re
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.serving.batching import Batcher, Outputs
from capability_sdk.serving.requests import RequestReader
from tests.unit.capability_sdk.serving.harness import load, running
from tests.unit.capability_sdk.serving.packages import write_slow_package
from tests.waiting import eventually

_BODY = json.dumps(
    {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 400], "data": [0.5] * 400}]}
).encode()
_GONE = 12
_CALL = (
    b"POST /v2/models/sample/infer HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(_BODY)
    + _BODY
)


@pytest.fixture(scope="module")
def slow_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_slow_package(tmp_path_factory.mktemp("slow") / "package")


@pytest.fixture(params=["tcp", "unix"])
def address(
    request: pytest.FixtureRequest, slow_package: Path, tmp_path: Path
) -> Iterator[tuple[str, int] | str]:
    unix = tmp_path / "http.sock" if request.param == "unix" else None
    with running(load(slow_package), tmp_path / "journal", unix=unix) as runtime:
        yield str(unix) if unix else (runtime.host, runtime.port)


def connect(address: tuple[str, int] | str) -> socket.socket:
    if isinstance(address, tuple):
        return socket.create_connection(address, timeout=60)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(60)
    connection.connect(address)
    return connection


def call(address: tuple[str, int] | str) -> socket.socket:
    connection = connect(address)
    connection.sendall(_CALL)
    return connection


def give_up(connection: socket.socket) -> None:
    """Close; on TCP with a reset, since a mere end does not say that nobody reads any more."""
    if connection.family == socket.AF_INET:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def metric(address: tuple[str, int] | str, name: str) -> float:
    with connect(address) as connection, connection.makefile("rb") as stream:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        text = stream.read().decode()
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    assert found is not None
    return float(found[1])


def test_a_closed_connection_takes_its_calls_out_of_the_queue(
    address: tuple[str, int] | str,
) -> None:
    with call(address) as patient:
        leaving = [call(address) for _ in range(_GONE)]
        # A reset takes away what was not read yet: it must be calls that end, not bytes.
        eventually(lambda: metric(address, "jiuzhou_runtime_accepted_total") == 1 + _GONE)
        for connection in leaving:
            give_up(connection)
        assert patient.recv(100).startswith(b"HTTP/1.1 200 OK")

        eventually(lambda: metric(address, "jiuzhou_runtime_waiting") == 0)
        withdrawn = metric(address, "jiuzhou_runtime_withdrawn_total")

    computed = metric(address, "jiuzhou_runtime_batch_rows_sum")
    assert withdrawn > 0
    # One may have been in the model's hands when its caller went away.
    assert computed + withdrawn in {_GONE, _GONE + 1}


async def test_a_queue_that_is_left_empty_takes_the_next_call(slow_package: Path) -> None:
    package = load(slow_package)
    batcher = Batcher(
        package.engine,
        max_rows=1,
        max_waiting=9,
        on_batch=lambda _: None,
        on_failure=lambda *_: None,
    )
    wanted = RequestReader(package.manifest).read(_BODY, None)
    answered: asyncio.Future[Outputs | ServiceError] = asyncio.Future()

    assert batcher.withdraw(batcher.submit(wanted, "gone", lambda _: None))
    await asyncio.sleep(0)
    batcher.submit(wanted, "patient", answered.set_result)

    assert isinstance(await asyncio.wait_for(answered, 60), dict)
    await batcher.close()


def test_a_caller_who_only_sends_no_more_gets_the_answer(address: tuple[str, int] | str) -> None:
    with call(address) as patient:
        patient.shutdown(socket.SHUT_WR)
        assert patient.recv(100).startswith(b"HTTP/1.1 200 OK")
