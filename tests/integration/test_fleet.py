"""``jiuzhou fleet`` at a running center: told through the real protocol, once, and removable."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from capability_sdk.client import CenterClient
from capability_sdk.kit.clock import system_clock
from capability_sdk.kit.processes import python
from center.adapters.folder_packages import FolderPackageStore
from center.capability.gate import run_pending
from center.database import Database
from center.monitoring.counting import Monitor
from center.monitoring.references import package_references
from center.settings import CenterSettings
from tests.center_process import PASSED, CenterProcess, running_center_process

SIZE = ("--provinces", "6", "--capabilities", "5", "--days", "3")
DRIFTING, WORSE = "cell-outage-detection", "cell-load-warning"


class FleetWorld:
    """A center whose worker runs in a thread of the test; its gate does not run the samples."""

    def __init__(self, center: CenterProcess, config: Path, folder: Path) -> None:
        self.center = center
        self.folder = folder
        self._environment = os.environ | {"JIUZHOU_CONFIG": str(config)}

    def fleet(self, *arguments: str) -> str:
        command = python("capability_sdk.cli", "fleet", *arguments, "--folder", str(self.folder))
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, env=self._environment
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def admin(self) -> CenterClient:
        return self.center.admin

    def figures(self) -> dict[str, Any]:
        """Return what was counted, by province and capability."""
        hours = self.admin.get("/usage", by="province,capability", limit=1000)["items"]
        quality = list(self.admin.pages("/quality", limit=500))
        return {
            "calls": {(u["province"], u["capability"]): (u["calls"], u["errors"]) for u in hours},
            "quality": {(q["province"], q["capability"]): q["accuracy"] for q in quality},
            "labelled": sum(q["labelled"] for q in quality),
        }

    def judge(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Let the worker judge what came; returns verdicts by province and capability."""
        with _database(self.center) as database:
            packages = FolderPackageStore(self.center.data / "packages")
            monitor = Monitor(database, package_references(database, packages), system_clock)
            while monitor.run():
                pass
        found = self.admin.pages("/drift", limit=500)
        return {(item["province"], item["capability"]): item for item in found}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetWorld]:
    folder = tmp_path_factory.mktemp("fleet")
    with running_center_process(folder / "center") as center, _gating(center):
        config = folder / "config"
        config.mkdir()
        account = {"center": center.url, "name": "root", "token": center.token("root")}
        (config / "account.json").write_text(json.dumps(account))
        yield FleetWorld(center, config, folder / "fleet")


def test_a_fleet_is_told_by_the_real_protocol_and_a_second_run_counts_nothing_twice(
    world: FleetWorld,
) -> None:
    said = world.fleet(*SIZE)
    assert "6 simulated provinces are enrolled" in said

    provinces = {item["name"]: item for item in world.admin.pages("/provinces")}
    assert len(provinces) == 6
    assert all(item["simulated"] for item in provinces.values())
    edges = list(world.admin.pages("/edges"))
    assert [edge["epoch"] for edge in edges] == [1] * 6
    first = world.figures()
    assert ("xizang", DRIFTING) not in first["calls"]
    calls, errors = first["calls"]["guangdong", DRIFTING]
    assert errors > 0.1 * calls
    assert first["quality"]["henan", WORSE] < first["quality"]["guangxi", WORSE] - 0.1

    verdicts = world.judge()
    drifting = {place for place, item in verdicts.items() if item["verdict"] == "drift"}
    assert drifting == {("yunnan", DRIFTING), ("guangxi", DRIFTING)}
    assert {
        item["verdict"] for (_, name), item in verdicts.items() if name == "energy-saving-advice"
    } == {"learning"}
    assert verdicts["gansu", DRIFTING]["window_to"] < verdicts["henan", DRIFTING]["window_to"]

    world.fleet(*SIZE)

    again = world.figures()
    assert again == first or again["labelled"] >= first["labelled"]  # an hour may have begun
    uncounted = world.admin.get("/provinces/yunnan/uncounted-telemetry")
    assert uncounted["total"] == 0


def test_another_size_in_the_same_folder_is_refused(world: FleetWorld) -> None:
    with pytest.raises(AssertionError, match="other provinces"):
        world.fleet("--provinces", "5", "--capabilities", "5", "--days", "3")


def test_a_removed_fleet_leaves_nothing_but_the_trail(world: FleetWorld) -> None:
    world.fleet("remove")

    assert world.admin.get("/provinces")["total"] == 0
    assert world.figures() == {"calls": {}, "quality": {}, "labelled": 0}
    assert world.admin.get("/audit:verify")["intact"]
    assert not world.folder.exists()


@contextmanager
def _gating(center: CenterProcess) -> Iterator[None]:
    over = threading.Event()

    def work() -> None:
        with _database(center) as database:
            packages = FolderPackageStore(center.data / "packages")
            while not over.wait(0.05):
                run_pending(database, packages, lambda *_: PASSED, clock=system_clock)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join()


@contextmanager
def _database(center: CenterProcess) -> Iterator[Database]:
    database = Database(CenterSettings(data=center.data).sqlalchemy_url)
    try:
        yield database
    finally:
        database.close()
