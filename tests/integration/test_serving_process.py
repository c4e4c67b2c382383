"""An instance as the scheduler starts it: a process of its own on a Unix socket."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from capability_sdk.packaging.digests import digests_of
from capability_sdk.spool import SpoolReader
from tests.unit.capability_sdk.serving.packages import identity_model, manifest, write_package

ROOT = Path(__file__).parents[2]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    declared = manifest(
        quality={"task": "regression", "output": "y"},
        outputs=[{"name": "y", "datatype": "FP32", "shape": [1]}],
        inputs=[{"name": "x", "datatype": "FP32", "shape": [1]}],
    )
    return write_package(tmp_path / "package", declared, identity_model(declared))


@pytest.fixture
def process(package: Path, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    digests = digests_of(package)
    command = [sys.executable, "-m", "capability_sdk.serving", "--package", str(package)]
    command += ["--socket", str(tmp_path / "http.sock"), "--journal", str(tmp_path / "journal")]
    command += ["--instance", "i-1", "--threads", "1"]
    command += ["--code-digest", digests.code, "--weights-digest", digests.weights]
    # A socket that a killed predecessor left behind is no obstacle.
    (tmp_path / "http.sock").touch()
    with (tmp_path / "log").open("wb") as log:
        child = subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log
        )
        yield child
        child.kill()
        child.wait()


def client(folder: Path) -> httpx.Client:
    transport = httpx.HTTPTransport(uds=str(folder / "http.sock"))
    return httpx.Client(transport=transport, base_url="http://instance")


def wait_until_ready(folder: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        # Not with httpx: it leaks the socket of a refused connection.
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(folder / "http.sock")) == 0:
                break
        time.sleep(0.05)
    else:
        raise AssertionError((folder / "log").read_text())
    with client(folder) as http:
        assert http.get("/v2/health/ready").status_code == 200


def predictions(folder: Path) -> list[dict[str, Any]]:
    reader = SpoolReader(folder / "journal")
    (epoch,) = reader.epochs()
    return [json.loads(record.payload) for record in reader.read(epoch, 0, 1000)]


def infer(http: httpx.Client, request_id: str) -> httpx.Response:
    item = {"name": "x", "datatype": "FP32", "shape": [1, 1], "data": [2.5]}
    headers = {"x-request-id": request_id}
    return http.post("/v2/models/sample/infer", json={"inputs": [item]}, headers=headers)


def test_an_instance_serves_on_a_socket_of_its_owner_and_stops_cleanly(
    process: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    wait_until_ready(tmp_path)
    mode = (tmp_path / "http.sock").stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    with client(tmp_path) as http:
        assert infer(http, "call-1").status_code == 200

        process.send_signal(signal.SIGTERM)

        assert process.wait(60) == 0
    assert not (tmp_path / "http.sock").exists()
    assert [record["values"] for record in predictions(tmp_path)] == [[2.5]]


def test_what_was_answered_is_in_the_journal_even_of_a_killed_instance(
    process: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    wait_until_ready(tmp_path)
    ids = [f"call-{number}" for number in range(50)]
    with client(tmp_path) as http:
        for name in ids:
            assert infer(http, name).status_code == 200
        process.kill()
        process.wait(60)

    assert [record["request_id"] for record in predictions(tmp_path)] == ids


def test_serving_loads_neither_web_framework_nor_sql_nor_whylogs() -> None:
    program = (
        "import sys, capability_sdk.serving.__main__;"
        "print([n for n in ('fastapi', 'starlette', 'sqlalchemy', 'whylogs', 'httpx', 'pandas')"
        " if n in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True
    )

    assert result.stdout.strip() == "[]"
