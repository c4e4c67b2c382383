"""``jiuzhou up`` as a newcomer meets it: interrupted, started again, found ready, stopped."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.harness import Person, running
from tests.servers.process import free_port
from tests.waiting import alive, eventually

pytestmark = pytest.mark.timeout(600)  # two whole first starts, also on a busy machine


@contextmanager
def demo(data: Path, base: int) -> Iterator[Path]:
    """Run the demo platform; yields what it prints."""
    log = data.with_name(f"{data.name}-{len(list(data.parent.glob('*.log')))}.log")
    with running(log, "up", "--data", str(data), "--port-base", str(base)):
        yield log


def described(data: Path) -> dict[str, Any]:
    outcome = Person(data.parent / "nobody").tries("status", "--json", "--data", str(data))
    return outcome.json if outcome.code == 0 and outcome.json["ready"] else {}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("d") / "demo"


@pytest.fixture(scope="module")
def base() -> int:
    return free_port()


@pytest.fixture(scope="module")
def interrupted(data: Path, base: int) -> list[int]:
    """Stop the first start in the middle of its showcase; returns the processes it had."""
    with demo(data, base) as log:
        eventually(lambda: "\n4. " in log.read_text(), 300)
        supervisor = psutil.Process(next(iter(_supervisors(data))))
        return [child.pid for child in supervisor.children(recursive=True)]


def _supervisors(data: Path) -> list[int]:
    return [
        process.info["pid"]
        for process in psutil.process_iter(["pid", "cmdline"])
        if "deploy.embedded" in (process.info["cmdline"] or [])
        and str(data) in (process.info["cmdline"] or [])
    ]


@pytest.fixture(scope="module")
def platform_again(data: Path, base: int, interrupted: list[int]) -> Iterator[tuple[Path, Any]]:
    assert interrupted
    with demo(data, base) as log:
        yield log, eventually(lambda: described(data), 300)


def test_an_interrupted_start_leaves_no_process(interrupted: list[int]) -> None:
    assert alive(interrupted) == []


def test_the_next_start_goes_on_and_shows_what_the_center_sees(
    platform_again: tuple[Path, dict[str, Any]],
) -> None:
    said = platform_again[0].read_text()

    assert "zhejiang: stable" in said
    assert "guizhou: drift" in said
    assert said.count("equal to the caller's own") == 2


def test_the_status_tells_scripts_everything(
    platform_again: tuple[Path, dict[str, Any]], data: Path
) -> None:
    found = platform_again[1]

    assert [province["name"] for province in found["provinces"]] == ["zhejiang", "guizhou"]
    assert {a["role"] for a in found["accounts"]} == {"admin", "engineer", "operator"}
    assert {a["province"] for a in found["applications"]} == {"zhejiang", "guizhou"}
    assert {p["service"] for p in found["processes"]} == {
        *("center", "worker", "gateway", "agent", "scheduler", "instance")
    }
    assert all(psutil.pid_exists(process["pid"]) for process in found["processes"])
    assert stat.S_IMODE((data / "platform.json").stat().st_mode) == 0o600


def test_the_people_of_the_demo_can_sign_in(
    platform_again: tuple[Path, dict[str, Any]], data: Path
) -> None:
    found = platform_again[1]
    for account in found["accounts"]:
        person = Person(data.parent / account["name"])
        person.does(
            *("login", "--center", found["center"]["url"], "--name", account["name"]),
            *("--password-file", "-"),
            stdin=account["password"],
        )
        assert [row["name"] for row in person.reads("store")] == ["digit-recognition"]


def test_a_stopped_demo_starts_again_without_walking_again(
    data: Path, base: int, platform_again: tuple[Path, dict[str, Any]]
) -> None:
    pids = [process["pid"] for process in platform_again[1]["processes"]]
    psutil.Process(platform_again[1]["supervisor_pid"]).terminate()
    eventually(lambda: not alive(pids))

    with demo(data, base) as log:
        found = eventually(lambda: described(data), 180)
        assert "showcase" not in log.read_text()

    assert found["accounts"] == platform_again[1]["accounts"]
    assert found["applications"] == platform_again[1]["applications"]
