"""The gate's queue: leases, two workers, crashes."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from capability_sdk.contracts.packages import GateReport
from capability_sdk.gate.proving import Tell
from center.capability.gate import LEASE, MAX_ATTEMPTS, RETRY_DELAY, run_pending
from center.capability.gate_queue import GateQueue
from tests.center_store_world import PASSED, Shop, approval_of, manifest, open_shop
from tests.center_world import Person, running_center


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    with running_center(database_url, tmp_path) as world:
        yield open_shop(world)


class Crash(BaseException):
    """The worker ends in the middle of its work."""


def _crash(_: Path, _tell: Tell) -> GateReport:
    raise Crash


def _run(shop: Shop, run: object) -> bool:
    state = shop.world.app.state
    return run_pending(state.database, state.packages, run, clock=state.clock)  # type: ignore[arg-type]  # tests pass what fails


def test_two_workers_never_gate_one_version_and_together_gate_all(shop: Shop) -> None:
    paths = [shop.keep(manifest(version=f"1.{number}.0")) for number in range(8)]
    gated: list[str] = []
    start = threading.Barrier(4)

    def note(archive: Path, _tell: Tell) -> GateReport:
        gated.append(archive.name)
        return PASSED

    def work() -> None:
        start.wait()
        for _ in range(20):
            _run(shop, note)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(gated) == len(set(gated)) == 8
    assert {shop.author.get(path).json()["stage"] for path in paths} == {"gated"}


def test_a_version_shows_what_its_gate_is_at(shop: Shop) -> None:
    path = shop.keep(manifest())
    seen = []

    def slow(_: Path, tell: Tell) -> GateReport:
        tell("starting two instances")
        seen.append(shop.author.get(path).json()["gate_progress"])
        return PASSED

    assert _run(shop, slow)

    assert seen == ["starting two instances"]
    assert shop.author.get(path).json()["gate_progress"] is None


def test_a_lease_keeps_others_away_until_it_runs_out(shop: Shop) -> None:
    path = shop.keep(manifest())
    clock = shop.world.clock
    with shop.world.database.session() as session:
        # A worker that is killed outright gives nothing back.
        assert GateQueue(session).take("the killed one", clock(), LEASE) is not None

    assert not shop.gate()
    clock.move(LEASE + timedelta(seconds=1))
    assert shop.gate()

    shop.author = shop.world.add_person("late", "engineer")
    assert shop.author.get(path).json()["stage"] == "gated"


def test_a_late_report_of_a_lost_lease_changes_nothing(shop: Shop) -> None:
    path = shop.keep(manifest())
    clock = shop.world.clock
    with shop.world.database.session() as session:
        ticket = GateQueue(session).take("slow", clock(), LEASE)
    assert ticket is not None
    clock.move(LEASE + timedelta(seconds=1))
    with shop.world.database.session() as session:
        assert GateQueue(session).take("next", clock(), LEASE) is not None

    with shop.world.database.session() as session:
        assert not GateQueue(session).finish(ticket, "slow", PASSED)

    assert shop.author.get(path).json()["stage"] == "gating"


def test_a_gate_that_always_crashes_fails_the_version_and_blocks_nobody(shop: Shop) -> None:
    path = shop.keep(manifest())
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(Crash):
            _run(shop, _crash)
        assert not shop.gate()
        shop.world.clock.move(RETRY_DELAY + timedelta(seconds=1))
    assert _run(shop, _crash)

    report = shop.author.get(f"{path}/gate-report").json()
    assert shop.author.get(path).json()["stage"] == "gate_failed"
    assert [check["name"] for check in report["checks"]] == ["gate"]


def test_a_damaged_archive_is_named_in_the_report(shop: Shop) -> None:
    path = shop.keep(manifest())
    (archive,) = (shop.world.settings.data / "packages").glob("??/*.tar.gz")
    archive.unlink()

    assert shop.gate()

    report = shop.author.get(f"{path}/gate-report").json()
    assert (report["passed"], report["checks"][0]["name"]) == (False, "package-store")


def test_of_two_decisions_at_once_exactly_one_holds(shop: Shop) -> None:
    reviewers = [shop.admin, shop.world.add_person("second", "admin")]
    for number in range(4):
        path = shop.keep(manifest(version=f"1.{number}.0"))
        shop.gate()
        shop.author.post(f"{path}:request-review")
        approval = approval_of(shop.admin, path)
        bodies = [(":approve", approval), (":return", {"comment": "not yet"})]
        start = threading.Barrier(2)
        statuses: list[int] = []

        def decide(
            who: Person,
            act: tuple[str, dict[str, Any]],
            path: str = path,
            start: threading.Barrier = start,
            statuses: list[int] = statuses,
        ) -> None:
            start.wait()
            statuses.append(who.post(f"{path}{act[0]}", act[1]).status_code)

        threads = [
            threading.Thread(target=decide, args=pair)
            for pair in zip(reviewers, bodies, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(statuses) == [200, 409]
        view = shop.author.get(path).json()
        assert (view["stage"] == "published") == (view["published_at"] is not None)
