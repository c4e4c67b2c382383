"""A scheduler, and with it its node, is killed at any step: what serves afterwards is never mixed."""

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.scheduler_world import Launch, SchedulerProcess, deployment, package
from tests.waiting import eventually

OTHER_CODE = "sha256:" + "1" * 64
ON_NODES = "SELECT node, state FROM reservation WHERE state != 'released'"


@pytest.fixture
def scheduler(launch: Launch) -> SchedulerProcess:
    return launch(SCHEDULER_NODE="first")


def kill(scheduler: SchedulerProcess) -> None:
    assert scheduler.process is not None
    scheduler.process.send_signal(signal.SIGKILL)
    scheduler.process.wait()


def reserved(province: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(province / "scheduler.db", timeout=20)) as database:
        return database.execute(ON_NODES).fetchall()


def ready(scheduler: SchedulerProcess) -> list[str]:
    return [item["version"] for item in scheduler.instances() if item["health"] == "ready"]


def test_E12_killed_at_each_step_of_a_deployment_and_of_its_roll_back_half_way(
    scheduler: SchedulerProcess, province: Path
) -> None:
    old = deployment(package(province / "old"), "1.0.0")
    new = deployment(package(province / "new", "slow"), "2.0.0", code_digest=OTHER_CODE)
    scheduler.put(old)
    eventually(lambda: scheduler.versions() == ["1.0.0"])

    # While the new one starts: the old one is what serves, and the new one starts again.
    scheduler.put(new)
    eventually(lambda: len(scheduler.pids()) == 2)
    kill(scheduler)
    scheduler.start()
    # No list is told before the new one is known to be ready or failed: gateways keep theirs.
    eventually(lambda: ready(scheduler) == ["1.0.0"] and len(scheduler.pids()) == 2)

    # Half-way back: the new one is given up, and nothing of it stays reserved.
    scheduler.put(old)
    kill(scheduler)
    scheduler.start()
    eventually(lambda: scheduler.versions() == ["1.0.0"])
    eventually(lambda: reserved(province) == [("first", "bound")])

    # And forward again: one version serves, never a route with both.
    (province / "new" / "go").touch()
    scheduler.put(new)
    eventually(lambda: scheduler.versions() == ["2.0.0"])
    eventually(lambda: reserved(province) == [("first", "bound")])


def test_E16_what_a_killed_node_held_is_given_back_and_placed_elsewhere(
    scheduler: SchedulerProcess, province: Path
) -> None:
    scheduler.put(deployment(package(province / "one"), replicas=2))
    eventually(lambda: len(scheduler.versions()) == 2)
    assert reserved(province) == [("first", "bound")] * 2

    kill(scheduler)
    # The province goes on on another node; the first never reports again.
    other = SchedulerProcess(province, SCHEDULER_NODE="second", SCHEDULER_NODE_LOST_AFTER="PT2S")
    try:
        other.start()
        eventually(lambda: reserved(province) == [("second", "bound")] * 2)
        eventually(lambda: len(other.versions()) == 2)
        assert {item["node"] for item in other.instances()} == {"second"}
    finally:
        other.stop()
