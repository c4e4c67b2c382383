"""Room on nodes, and who has it: two schedulers on one folder, and work that makes room."""

import contextlib
import json
import signal
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scheduler.checker.check import check
from tests.e2e.harness import Person
from tests.integration.scheduler_world import SchedulerProcess, deployment, package
from tests.waiting import eventually

OTHER_CODE = "sha256:" + "1" * 64
HELD = "SELECT instance, node, state, cpu_millicores FROM reservation WHERE state != 'released'"


@pytest.fixture
def scheduler() -> Iterator[SchedulerProcess]:
    """A scheduler in a folder with a path short enough for Unix sockets."""
    with tempfile.TemporaryDirectory(prefix="jz-") as folder:
        process = SchedulerProcess(Path(folder)).start()
        yield process
        process.stop()


@pytest.fixture
def successor(scheduler: SchedulerProcess) -> Iterator[SchedulerProcess]:
    """A second scheduler on the same folder and port, which stands by."""
    second = scheduler.beside()
    yield second
    second.stop()


@contextlib.contextmanager
def file_of(scheduler: SchedulerProcess) -> Iterator[sqlite3.Connection]:
    file = scheduler.province / "scheduler.db"
    with contextlib.closing(sqlite3.connect(file, isolation_level=None, timeout=20)) as database:
        yield database


def held(scheduler: SchedulerProcess) -> list[tuple[str, str, str, int]]:
    with file_of(scheduler) as database:
        return database.execute(HELD).fetchall()


def own_node(scheduler: SchedulerProcess) -> dict[str, Any]:
    (view,) = scheduler.http.get("/api/v1/nodes").json()
    metadata: dict[str, Any] = view["metadata"]
    return metadata


def offer(scheduler: SchedulerProcess, engine: str) -> None:
    node = own_node(scheduler)
    better = {**node, "epoch": node["epoch"] + 1, "engines": [*node["engines"], engine]}
    assert scheduler.http.put(f"/api/v1/nodes/{node['node']}", json=better).is_success


def record(scheduler: SchedulerProcess, decision: dict[str, Any]) -> dict[str, Any]:
    inputs = scheduler.http.get(f"/api/v1/decisions/{decision['id']}/inputs").json()
    return {"decision": decision, "inputs": inputs}


def kill(scheduler: SchedulerProcess) -> None:
    assert scheduler.process is not None
    scheduler.process.send_signal(signal.SIGKILL)
    scheduler.process.wait()


def test_E15_a_scheduler_killed_between_decision_and_commit_has_taken_nothing(
    scheduler: SchedulerProcess, successor: SchedulerProcess
) -> None:
    scheduler.put(deployment(package(scheduler.province / "one"), engine="triton"))
    eventually(scheduler.decisions)
    log = scheduler.province / "scheduler.log"
    with file_of(scheduler) as database:
        database.execute("BEGIN IMMEDIATE")
        offer(scheduler, "triton")
        eventually(lambda: " bound to " in log.read_text())
        kill(scheduler)
        database.execute("ROLLBACK")

    successor.take_over()

    assert held(successor) == []
    offer(successor, "triton")
    eventually(lambda: successor.versions() == ["1.0.0"])
    (only,) = held(successor)
    assert only[2:] == ("bound", 10)


def test_E15_the_one_that_stands_by_goes_on_with_the_same_instances(
    scheduler: SchedulerProcess, successor: SchedulerProcess
) -> None:
    scheduler.put(deployment(package(scheduler.province / "one"), replicas=2))
    eventually(lambda: len(scheduler.versions()) == 2)
    before = sorted(held(scheduler))

    kill(scheduler)
    successor.take_over()

    assert len(successor.versions()) == 2
    assert sorted(held(successor)) == before


def test_best_effort_work_makes_room_for_standard_work_and_never_the_other_way_round(
    scheduler: SchedulerProcess,
) -> None:
    cores = own_node(scheduler)["cpu_millicores"]
    large = {"cpu_millicores": cores - 100, "memory_mib": 64}
    spare = deployment(
        package(scheduler.province / "spare"),
        name="training",
        resources=large,
        priority="best-effort",
    )
    scheduler.put(spare)
    (victim,) = [item["instance"] for item in eventually(scheduler.endpoints)]

    wanted = deployment(
        package(scheduler.province / "wanted"), resources=large | {"cpu_millicores": 200}
    )
    scheduler.put(spare, wanted)

    def served() -> list[str]:
        return [item["capability"] for item in scheduler.endpoints()]

    eventually(lambda: served() == ["digit-recognition"])
    (preempting,) = [item for item in scheduler.decisions() if item["victims"]]
    assert preempting["victims"] == [victim]
    assert victim in preempting["reason"]

    def refused() -> list[dict[str, Any]]:
        return [item for item in scheduler.decisions() if item["node"] is None]

    # It is wanted still, and told what it lacks; what took its place stays.
    decision = eventually(refused)[0]
    assert decision["capability"] == "training"
    change = decision["change"]
    assert [(c["act"], c["constraint"], c["amount"]) for c in change["changes"]] == [
        ("free", "cpu", 100)
    ]
    assert served() == ["digit-recognition"]
    assert sum(cpu for _, _, _, cpu in held(scheduler)) <= cores


def test_a_person_reads_why_and_the_checker_agrees(
    scheduler: SchedulerProcess, tmp_path: Path
) -> None:
    cores = own_node(scheduler)["cpu_millicores"]
    scheduler.put(
        deployment(package(scheduler.province / "one")),
        deployment(package(scheduler.province / "two"), "2.0.0", code_digest=OTHER_CODE)
        | {"apart": "required", "replicas": 2},
        deployment(
            package(scheduler.province / "big"),
            name="big",
            resources={"cpu_millicores": cores, "memory_mib": 64},
        ),
    )
    eventually(lambda: len(scheduler.decisions()) == 4)
    person, folder = Person(tmp_path), ("--data", str(scheduler.province))

    listed = person.reads("node", "decisions", *folder, "--refused")
    apart, big = sorted(listed, key=lambda item: str(item["capability"] == "big"))
    number = big["id"]
    assert (apart["version"], apart["refused"]) == ("2.0.0", {"apart": 1})
    assert [item["act"] for item in apart["change"]["changes"]] == ["move"]
    told = person.does("node", "decision", str(number), *folder, "--save", str(tmp_path / "d"))
    held = [problem for item in scheduler.decisions() for problem in check(record(scheduler, item))]
    assert f"Smallest change that would have admitted it: on {own_node(scheduler)['node']}" in told
    assert "free 20 millicores" in told
    assert held == []

    saved = json.loads((tmp_path / "d").read_text())
    saved["decision"]["change"]["changes"][0]["amount"] -= 1
    (tmp_path / "d").write_text(json.dumps(saved))
    outcome = person.tries("node", "check-decision", str(tmp_path / "d"))
    assert (outcome.code, "not admitted after the change" in outcome.err) == (1, True)
    missing = scheduler.http.get("/api/v1/decisions/99")
    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/decision-not-found")
