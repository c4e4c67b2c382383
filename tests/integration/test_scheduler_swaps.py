"""A version that differs in its weights alone is served by the instance that runs already."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.integration.scheduler_world import SchedulerProcess, deployment, package
from tests.waiting import eventually


@contextmanager
def serving(**settings: str) -> Iterator[SchedulerProcess]:
    """Run a scheduler whose one instance serves 1.0.0."""
    with tempfile.TemporaryDirectory(prefix="jz-") as folder:
        process = SchedulerProcess(Path(folder), **settings).start()
        try:
            process.put(deployment(package(process.province / "1.0.0"), "1.0.0"))
            eventually(lambda: process.versions() == ["1.0.0"])
            yield process
        finally:
            process.stop()


@pytest.fixture
def scheduler() -> Iterator[SchedulerProcess]:
    with serving() as process:
        yield process


@pytest.fixture
def lingering() -> Iterator[SchedulerProcess]:
    """One whose versions take seconds to leave."""
    with serving(SCHEDULER_DRAIN="PT3S") as process:
        yield process


def asked(scheduler: SchedulerProcess) -> list[str]:
    """Return what the one process was told over its admin socket, in order."""
    logs = scheduler.province.glob("instances/*/admin.log")
    return [line for log in logs for line in log.read_text().splitlines()]


def is_running(scheduler: SchedulerProcess, versions: list[str]) -> bool:
    return sorted(scheduler.versions()) == versions


def wanted(scheduler: SchedulerProcess, version: str, conduct: str = "serve") -> dict[str, object]:
    return deployment(package(scheduler.province / version, conduct), version)


def test_both_are_announced_by_one_process_and_the_old_leaves_after_its_drain(
    scheduler: SchedulerProcess,
) -> None:
    pids = scheduler.pids()
    old, new = wanted(scheduler, "1.0.0"), wanted(scheduler, "1.1.0")

    scheduler.put(old, new)
    eventually(lambda: scheduler.versions() == ["1.0.0", "1.1.0"])
    assert len({item["address"] for item in scheduler.endpoints()}) == 1
    assert {item["weights_digest"] for item in scheduler.instances()} == {
        old["weights_digest"],
        new["weights_digest"],
    }
    (decision, _) = scheduler.decisions()
    assert "only weights differ" in decision["reason"]

    scheduler.put(new)
    eventually(lambda: scheduler.versions() == ["1.1.0"])
    eventually(lambda: asked(scheduler) == ["load 1.1.0", "unload 1.0.0"])
    assert scheduler.pids() == pids


def test_what_comes_back_before_its_drain_is_over_stays(lingering: SchedulerProcess) -> None:
    old, new = wanted(lingering, "1.0.0"), wanted(lingering, "1.1.0")
    for deployments, versions in (
        ([new], ["1.1.0"]),
        ([old], ["1.0.0"]),
        ([old, new], ["1.0.0", "1.1.0"]),
    ):
        lingering.put(*deployments)
        eventually(partial(is_running, lingering, versions))
    log = lingering.province / "scheduler.log"
    eventually(lambda: log.read_text().count(": stopped") == 2)

    assert asked(lingering) == ["load 1.1.0", "load 1.0.0", "load 1.1.0"]
    assert sorted(lingering.versions()) == ["1.0.0", "1.1.0"]
    assert len(lingering.pids()) == 1


def test_the_old_serves_until_the_new_is_loaded(scheduler: SchedulerProcess) -> None:
    scheduler.put(wanted(scheduler, "1.1.0", "slow"))
    eventually(lambda: asked(scheduler) == ["load 1.1.0"])
    assert scheduler.versions() == ["1.0.0"]

    (scheduler.province / "1.1.0" / "go").touch()

    eventually(lambda: scheduler.versions() == ["1.1.0"])


def test_weights_that_are_refused_take_nothing_away_and_are_named(
    scheduler: SchedulerProcess,
) -> None:
    scheduler.put(wanted(scheduler, "1.1.0", "refuse"))

    (failed,) = eventually(lambda: [i for i in scheduler.instances() if i["health"] == "failed"])

    assert (failed["version"], failed["detail"]) == ("1.1.0", "package-refused")
    assert scheduler.versions() == ["1.0.0"]
    # It is tried again, and is no reason to start anything.
    eventually(lambda: asked(scheduler).count("load 1.1.0") > 1)
    assert len(scheduler.pids()) == 1


def test_E12_a_process_killed_while_it_loads_comes_back_with_the_old_and_loads_again(
    scheduler: SchedulerProcess,
) -> None:
    scheduler.put(wanted(scheduler, "1.1.0", "slow"))
    eventually(lambda: asked(scheduler) == ["load 1.1.0"])
    (before,) = scheduler.pids()

    os.kill(before, signal.SIGKILL)

    eventually(lambda: scheduler.pids() - {before} and scheduler.versions() == ["1.0.0"])
    (scheduler.province / "1.1.0" / "go").touch()
    eventually(lambda: scheduler.versions() == ["1.1.0"])


def test_E12_a_process_killed_after_the_swap_comes_back_with_the_new_alone(
    scheduler: SchedulerProcess,
) -> None:
    scheduler.put(wanted(scheduler, "1.1.0"))
    eventually(lambda: asked(scheduler) == ["load 1.1.0", "unload 1.0.0"])
    (before,) = scheduler.pids()

    os.kill(before, signal.SIGKILL)

    eventually(lambda: scheduler.pids() - {before})
    eventually(lambda: scheduler.versions() == ["1.1.0"])
    assert asked(scheduler) == ["load 1.1.0", "unload 1.0.0"]


def test_E12_a_scheduler_killed_in_the_middle_of_a_swap_goes_on_with_it(
    scheduler: SchedulerProcess,
) -> None:
    scheduler.put(wanted(scheduler, "1.1.0", "slow"))
    eventually(lambda: asked(scheduler) == ["load 1.1.0"])
    assert scheduler.process is not None

    scheduler.process.kill()
    scheduler.process.wait()
    scheduler.start()

    # The process began with what it had served before, and loads the other again.
    eventually(lambda: asked(scheduler) == ["load 1.1.0"] * 2)
    (scheduler.province / "1.1.0" / "go").touch()
    eventually(lambda: scheduler.versions() == ["1.1.0"])
    assert len(scheduler.pids()) == 1
