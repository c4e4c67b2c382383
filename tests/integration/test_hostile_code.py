"""A hostile package in service: each attack is stopped and told, and the neighbour does not notice."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.integration import hostile_capability
from tests.integration.serving_process import running_instance
from tests.unit.capability_sdk.serving.engines import code
from tests.unit.capability_sdk.serving.packages import identity_model, manifest, write_package

pytestmark = code.needs_sandbox

TESTS = Path(__file__).parents[1]
SECRET = "the province's internal token"
NUMBERS = {attempt.__name__: number for number, attempt in hostile_capability.ATTEMPTS.items()}


def infer(client: httpx.Client, first: float) -> httpx.Response:
    item = {"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [first, 1.0]}
    return client.post("/v2/models/sample/infer", json={"inputs": [item]})


@dataclass
class Neighbour:
    """Another capability on this machine, called without a pause."""

    client: httpx.Client
    wrong: list[str] = field(default_factory=list)
    right: int = 0

    def keep_calling(self, stop: threading.Event) -> None:
        while not stop.is_set():
            value = float(self.right % 100)
            answer = infer(self.client, value)
            if answer.status_code == 200 and answer.json()["outputs"][0]["data"] == [value, 1.0]:
                self.right += 1
            else:
                self.wrong.append(answer.text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    """A service on loopback that nobody in the sandbox may reach."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.fixture(scope="module")
def neighbour(folder: Path) -> Iterator[Neighbour]:
    declared = manifest()
    package = write_package(folder / "neighbour", declared, identity_model(declared))
    with running_instance(package, folder / "n") as instance:
        yield Neighbour(instance.data)


@pytest.fixture(scope="module")
def hostile(folder: Path, listener: socket.socket) -> Iterator[httpx.Client]:
    (folder / "internal.token").write_text(SECRET)
    foreign = [folder / "internal.token", folder / "neighbour" / "capability.toml"]
    targets = {
        "files": [*map(str, foreign), "/etc/shadow", "/etc/passwd", "/proc/kcore", "/dev/kmsg"],
        "folders": [str(folder), str(folder / "neighbour"), "/home", "/var", "/sys", str(TESTS)],
        "port": listener.getsockname()[1],
        "socket": str(folder / "n" / "http.sock"),
    }
    source = Path(hostile_capability.__file__).read_text()
    declared = code.declare(objectives={"p99_ms": 100})
    package = code.write(folder / "package", declared, source)
    (package / "model").mkdir()
    (package / "model" / "targets.json").write_text(json.dumps(targets))
    before = {path: path.read_bytes() for path in package.rglob("*") if path.is_file()}
    with running_instance(package, folder / "h") as instance:
        yield instance.data
    assert {path: path.read_bytes() for path in package.rglob("*") if path.is_file()} == before


@pytest.fixture(autouse=True)
def calm(neighbour: Neighbour) -> Iterator[None]:
    """Call the neighbour during each test; every answer of it is right."""
    stop, before = threading.Event(), neighbour.right
    caller = threading.Thread(target=neighbour.keep_calling, args=(stop,))
    caller.start()
    yield
    stop.set()
    caller.join()
    assert neighbour.wrong == []
    assert neighbour.right > before


def attack(client: httpx.Client, name: str) -> tuple[int, str]:
    """Run an attack; return the status, and the problem or how often the attack succeeded."""
    answer = infer(client, NUMBERS[name])
    content = answer.json()
    if answer.status_code == 200:
        return 200, str(content["outputs"][0]["data"][0])
    return answer.status_code, content["type"].removeprefix("/problems/")


def assert_still_serving(client: httpx.Client) -> None:
    answer = infer(client, 3.0)
    assert answer.status_code == 200, answer.text
    assert answer.json()["outputs"][0]["data"] == [6.0, 2.0]


@pytest.mark.parametrize(
    "name",
    [
        "read_foreign_files",
        "list_foreign_folders",
        "call_out",
        "write_where_it_lasts",
        "change_its_package",
        "reach_around",
    ],
)
def test_W01_what_is_tried_never_succeeds(
    name: str, hostile: httpx.Client, listener: socket.socket
) -> None:
    assert attack(hostile, name) == (200, "0.0")
    assert_still_serving(hostile)
    with pytest.raises(BlockingIOError):
        listener.accept()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("fork_bomb", {"model-failed", "model-crashed", "model-hung"}),
        ("thread_bomb", {"model-failed"}),
        ("memory_bomb", {"model-crashed", "model-failed"}),
        ("fill_the_disk", {"model-failed"}),
        ("open_everything", {"model-failed"}),
        ("shout", {"model-failed", "model-crashed"}),
        ("never_answer", {"model-hung"}),
        ("spin", {"model-hung"}),
        ("answer_too_much", {"model-failed"}),
    ],
)
def test_W02_what_takes_too_much_is_stopped_and_told(
    name: str, told: set[str], hostile: httpx.Client
) -> None:
    status, problem = attack(hostile, name)

    assert status == 500
    assert problem in told
    assert_still_serving(hostile)


@pytest.mark.parametrize("name", ["kill_everybody", "leave_a_babbler"])
def test_W01_what_it_leaves_behind_harms_no_later_call(name: str, hostile: httpx.Client) -> None:
    assert attack(hostile, name) in {(200, "0.0"), (500, "model-crashed")}
    time.sleep(0.5)  # what it left behind begins to speak
    assert_still_serving(hostile)
