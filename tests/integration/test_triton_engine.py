"""An instance with ``--engine triton``: it starts, feeds, watches and ends a real tritonserver."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from capability_sdk.packaging.digests import digests_of
from capability_sdk.serving.triton.server import SHARED_MEMORY, region_of
from capability_sdk.spool import SpoolReader
from tests.servers import peers
from tests.unit.capability_sdk.serving.engines.trees import (
    CLASSES,
    LABEL,
    LABELS,
    ROWS,
    declare,
    write,
    xgboost_model,
)
from tests.unit.capability_sdk.serving.harness import load, running

INFER = "/v2/models/sample/infer"
UNANSWERED = 503


@dataclass(frozen=True)
class Instance:
    """A running instance."""

    process: psutil.Process
    folder: Path

    def tree(self) -> list[psutil.Process]:
        return self.process.children(recursive=True)

    def server(self) -> psutil.Process:
        """The tritonserver; its stub is a child of it."""
        return next(item for item in self.tree() if item.name() == "tritonserver")

    def infer(self, *rows: int) -> httpx.Response:
        with self.client() as http:
            return http.post(INFER, json=request(*rows))

    def client(self) -> httpx.Client:
        transport = httpx.HTTPTransport(uds=str(self.folder / "http.sock"))
        return httpx.Client(transport=transport, base_url="http://instance", timeout=30)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    outputs: list[dict[str, Any]] = [
        LABEL,
        {"name": "probabilities", "datatype": "FP32", "shape": [3]},
    ]
    quality = {"task": "classification", "output": "label", "labels": LABELS}
    declared = declare("xgboost", outputs, quality=quality)
    booster = xgboost_model("multi:softprob", CLASSES, num_class=3)
    folder = tmp_path_factory.mktemp("trees") / "package"
    return write(folder, declared, "model.ubj", bytes(booster.save_raw("ubj")))


@pytest.fixture(scope="module")
def environment() -> Path:
    return peers.environment("tritonserver")


@pytest.fixture
def instance(package: Path, environment: Path, tmp_path: Path) -> Iterator[Instance]:
    with started(package, tmp_path, "--triton", str(environment)) as found:
        yield found


@contextmanager
def started(package: Path, folder: Path, *options: str) -> Iterator[Instance]:
    log = folder / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(command(package, folder, *options), stdout=output, stderr=output) as child,
    ):
        found = Instance(psutil.Process(child.pid), folder)
        try:
            wait_for(lambda: listens(folder / "http.sock") or child.poll() is not None)
            assert child.poll() is None, log.read_text()
            yield found
        finally:
            child.terminate()


def listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def command(package: Path, folder: Path, *options: str) -> Sequence[str]:
    digests = digests_of(package)
    return [
        *(sys.executable, "-m", "capability_sdk.serving", "--package", str(package)),
        *("--socket", str(folder / "http.sock"), "--journal", str(folder / "journal")),
        *("--instance", "i-1", "--engine", "triton", *options),
        *("--code-digest", digests.code, "--weights-digest", digests.weights),
    ]


def request(*rows: int) -> dict[str, Any]:
    values = ROWS[list(rows)]
    tensor = {"name": "features", "datatype": "FP32", "shape": list(values.shape)}
    return {"inputs": [{**tensor, "data": values.tolist()}]}


def wait_for(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def answers_again(instance: Instance) -> httpx.Response:
    """Ask until there is an answer; whatever comes before it is a plain "try again"."""
    deadline = time.monotonic() + 60
    while (answer := instance.infer(1)).status_code == UNANSWERED:
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["type"] == "/problems/triton-down"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return answer


def test_it_answers_what_the_runtime_answers_with_the_same_headers_and_journal(
    instance: Instance, package: Path, tmp_path: Path
) -> None:
    with running(load(package), tmp_path / "own") as own:
        expected = httpx.post(own.url + INFER, json=request(1, 2, 3))
    answer = instance.infer(1, 2, 3)

    assert answer.json() == expected.json()
    for header in ("x-capability-version", "x-code-digest", "x-weights-digest"):
        assert answer.headers[header] == expected.headers[header]
    (epoch,) = SpoolReader(instance.folder / "journal").epochs()
    assert SpoolReader(instance.folder / "journal").read(epoch, 0, 10)


def test_no_port_of_the_machine_is_opened(instance: Instance) -> None:
    processes = [instance.process, *instance.tree()]

    assert not [c for item in processes for c in item.net_connections("inet")]


def test_E17_a_killed_tritonserver_is_started_again_and_callers_are_told_to_come_back(
    instance: Instance,
) -> None:
    before = instance.server().pid
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: not psutil.pid_exists(before))

    assert answers_again(instance).status_code == 200
    assert instance.server().pid != before


def test_E17_a_killed_stub_fails_the_calls_that_it_held_and_no_later_ones(
    instance: Instance,
) -> None:
    for stub in instance.server().children():
        stub.kill()

    wait_for(lambda: instance.infer(1).status_code == 200)


def test_E18_a_hung_tritonserver_is_replaced(instance: Instance) -> None:
    before = instance.server().pid
    os.kill(before, signal.SIGSTOP)

    first = instance.infer(1)
    assert first.status_code == UNANSWERED
    assert first.json()["type"] == "/problems/triton-down"
    assert answers_again(instance).status_code == 200
    assert not psutil.pid_exists(before)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_its_instance(instance: Instance, how: signal.Signals) -> None:
    children = instance.tree()
    instance.process.send_signal(how)
    _, alive = psutil.wait_procs(children, timeout=30)

    assert len(children) >= 2
    assert not alive


def test_nothing_of_a_killed_instance_is_left_after_the_next_start_and_end(
    package: Path, environment: Path, tmp_path: Path
) -> None:
    with started(package, tmp_path, "--triton", str(environment)) as first:
        region = region_of(tmp_path / "t0")
        first.process.kill()
        psutil.wait_procs(first.tree(), timeout=30)
    with started(package, tmp_path, "--triton", str(environment)) as second:
        assert second.infer(1).status_code == 200
        second.process.terminate()
        second.process.wait(60)

    assert not list(tmp_path.glob("t[0-9]*"))
    assert not list(SHARED_MEMORY.glob(f"{region}*"))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ((), "No tritonserver is configured: set SERVING_TRITON"),
        (("--triton", sys.prefix), "has no tritonserver"),
        (("--triton", "/nowhere"), "is no Python environment that works"),
    ],
)
def test_an_instance_without_a_tritonserver_says_why_it_does_not_start(
    package: Path, tmp_path: Path, options: tuple[str, ...], reason: str
) -> None:
    done = subprocess.run(
        command(package, tmp_path, *options),
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if name != "SERVING_TRITON"},
    )

    assert done.returncode == 3
    assert reason in done.stderr
