"""``jiuzhou up`` and ``jiuzhou status`` with an empty platform: real processes throughout."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from deploy.nacos.installation import NacosMissing, find_class_path
from tests.integration.scheduler_world import ROOT
from tests.servers.process import free_port, refuse_or_skip
from tests.waiting import alive, eventually

JIUZHOU = [sys.executable, "-m", "capability_sdk.cli"]


@dataclass
class Platform:
    """One platform's folder, and the supervisor that runs it."""

    data: Path
    port_base: int = field(default_factory=lambda: min(free_port(), 60_000))
    supervisor: "subprocess.Popen[bytes] | None" = None

    def up(self, *options: str) -> "Platform":
        command = [*JIUZHOU, "up", "--no-showcase", "--data", str(self.data)]
        command += ["--port-base", str(self.port_base), *(options or ("--no-proving",))]
        self.data.mkdir(exist_ok=True)
        with (self.data / "up.log").open("ab") as log:
            self.supervisor = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        return self

    def ready(self) -> dict[str, Any]:
        return eventually(self._ready_status, 180)

    def status(self, *options: str) -> "subprocess.CompletedProcess[str]":
        command = [*JIUZHOU, "status", "--data", str(self.data), *options]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    def output(self) -> str:
        return (self.data / "up.log").read_text()

    def stop(self) -> int:
        assert self.supervisor is not None
        self.supervisor.terminate()
        return self.supervisor.wait(60)

    def _ready_status(self) -> dict[str, Any]:
        assert self.supervisor is not None
        assert self.supervisor.poll() is None, self.output()
        # Looked at first, because each start of the command costs seconds of CPU.
        file = self.data / "platform.json"
        if not (file.exists() and json.loads(file.read_bytes())["ready"]):
            return {}
        answer = self.status("--json")
        if answer.returncode != 0:
            return {}
        found: dict[str, Any] = json.loads(answer.stdout)
        return found if found["ready"] else {}


Make = Callable[[], Platform]


@pytest.fixture
def make() -> Iterator[Make]:
    """Make platforms, each in a new folder; whatever still runs afterwards is stopped."""
    platforms: list[Platform] = []
    with tempfile.TemporaryDirectory(prefix="jz-") as folder:

        def make_one() -> Platform:
            platforms.append(Platform(Path(folder) / f"p{len(platforms)}"))
            return platforms[-1]

        yield make_one
        for platform in platforms:
            if platform.supervisor is not None and platform.supervisor.poll() is None:
                platform.stop()


def pids(status: dict[str, Any]) -> set[int]:
    return {process["pid"] for process in status["processes"]}


def test_an_empty_platform_starts_describes_itself_and_stops_without_orphans(make: Make) -> None:
    platform = make().up("--proving")

    status = platform.ready()

    assert httpx.get(f"{status['center']['url']}/health/ready").is_success
    assert status["center"]["url"].endswith(f":{platform.port_base}")
    assert [(process["service"], process["province"]) for process in status["processes"]] == [
        *(("center", None), ("worker", None)),
        *((service, "proving") for service in ("scheduler", "agent", "gateway")),
    ]
    assert status["provinces"] == status["accounts"] == status["applications"] == []
    assert (platform.data / "platform.json").stat().st_mode & 0o777 == 0o600
    assert "jiuzhou admin create" in platform.output()

    assert platform.supervisor is not None
    tree = {child.pid for child in psutil.Process(platform.supervisor.pid).children(recursive=True)}
    assert pids(status) & tree
    assert platform.stop() == 0
    assert not alive(tree)


def test_status_says_so_when_no_platform_runs(make: Make) -> None:
    platform = make()

    never = platform.status("--json")
    platform.up().ready()
    platform.stop()
    stopped = platform.status("--json")

    assert [never.returncode, stopped.returncode] == [1, 1]
    assert never.stdout == stopped.stdout == ""
    assert "No platform runs from" in never.stderr
    assert "has ended" in stopped.stderr


def test_a_killed_supervisor_leaves_no_orphan_and_its_file_is_known_to_be_stale(
    make: Make,
) -> None:
    platform = make().up()
    left = pids(platform.ready())
    assert platform.supervisor is not None

    platform.supervisor.send_signal(signal.SIGKILL)
    platform.supervisor.wait(60)

    eventually(lambda: not alive(left))
    assert platform.status().returncode == 1
    assert "has ended" in platform.status().stderr
    assert alive(pids(platform.up().ready()))


def test_two_platforms_that_want_the_same_ports_run_side_by_side(make: Make) -> None:
    first, second = make(), make()
    second.port_base = first.port_base

    first_status = first.up().ready()
    second_status = second.up().ready()

    assert first_status["center"]["url"] != second_status["center"]["url"]
    assert httpx.get(f"{second_status['center']['url']}/health/ready").is_success
    assert second.stop() == 0
    assert httpx.get(f"{first_status['center']['url']}/health/ready").is_success


def test_a_port_that_a_stranger_holds_is_left_to_it(make: Make) -> None:
    platform = make()
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", platform.port_base))
        stranger.listen()

        status = platform.up().ready()

    assert not status["center"]["url"].endswith(f":{platform.port_base}")


def test_a_second_supervisor_of_the_same_folder_is_refused(make: Make) -> None:
    platform = make().up()
    before = platform.ready()
    second = Platform(platform.data).up()

    assert second.supervisor is not None
    assert second.supervisor.wait(60) == 1
    assert "runs from" in platform.output()
    assert platform.ready() == before


def test_state_is_kept_from_one_start_to_the_next(make: Make) -> None:
    platform = make().up()
    platform.ready()
    password = "correct horse battery"
    create = [*JIUZHOU, "admin", "create", "li-na", "--data", str(platform.data / "center")]
    subprocess.run(
        [*create, "--password-file", "-"], input=password, text=True, check=True, cwd=ROOT
    )
    platform.stop()

    url = platform.up().ready()["center"]["url"]

    body = {"name": "li-na", "password": password}
    assert httpx.post(f"{url}/api/v1/sessions", json=body).status_code == 201


def test_a_process_that_dies_is_started_again_and_the_status_follows(make: Make) -> None:
    platform = make().up()
    before = platform.ready()
    center = before["processes"][0]["pid"]

    os.kill(center, signal.SIGKILL)

    after = eventually(
        lambda: s if (s := platform.ready())["processes"][0]["pid"] not in (None, center) else {}
    )
    eventually(lambda: _answers(after["center"]["url"]))


def test_a_folder_with_a_path_too_long_for_sockets_is_refused_before_anything_starts(
    make: Make,
) -> None:
    deep = make().data / ("x" * 90)
    command = [*JIUZHOU, "up", "--data", str(deep)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "bytes too long" in done.stderr
    assert not (deep / "center").exists()


def test_a_center_that_cannot_start_is_reported_with_its_own_words(make: Make) -> None:
    platform = make()
    (platform.data / "center" / "center.db").mkdir(parents=True)

    platform.up()

    assert platform.supervisor is not None
    assert platform.supervisor.wait(60) == 1
    assert "The center keeps ending: center: " in platform.output()
    assert "center.log" in platform.output()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready").is_success
    except httpx.HTTPError:
        return False


def test_a_platform_on_nacos_registers_its_nodes_there_and_says_how_old_its_view_is(
    make: Make,
) -> None:
    try:
        find_class_path()
    except NacosMissing:
        refuse_or_skip("nacos", "make nacos")
    platform = make().up("--nacos", "--proving")
    status = platform.ready()
    assert "nacos" in {process["service"] for process in status["processes"]}

    answered = eventually(
        lambda: "nacos of proving answered" in platform.status().stdout, 60, pause=1.0
    )

    assert answered
    password = (platform.data / "nacos" / "password").read_text()
    assert (platform.data / "nacos" / "password").stat().st_mode & 0o777 == 0o600
    for log in platform.data.rglob("*.log"):
        assert password not in log.read_text(errors="replace"), log
    assert platform.stop() == 0
