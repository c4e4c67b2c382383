"""The weights of placement, set over HTTP while a scheduler runs."""

from pathlib import Path
from typing import Any

import pytest

from tests.integration.scheduler_world import Launch, SchedulerProcess, deployment, package
from tests.waiting import eventually


@pytest.fixture
def scheduler(launch: Launch) -> SchedulerProcess:
    return launch(SCHEDULER_SPREAD_WEIGHT="3")


def read(scheduler: SchedulerProcess) -> dict[str, Any]:
    found: dict[str, Any] = scheduler.http.get("/api/v1/placement/weights").json()
    return found


def test_weights_that_are_set_count_from_the_next_placement_on_and_outlive_a_restart(
    scheduler: SchedulerProcess, province: Path
) -> None:
    at_first = read(scheduler)
    weights = {**at_first["weights"], "spread": 0.25, "balance": 7}

    asked = {"revision": 0, "weights": weights}
    answer = scheduler.http.put("/api/v1/placement/weights", json=asked)
    scheduler.put(deployment(package(province / "packages" / "one")))
    decision = eventually(scheduler.decisions)[0]
    inputs = scheduler.http.get(f"/api/v1/decisions/{decision['id']}/inputs").json()
    scheduler.stop()
    again = SchedulerProcess(province).start()
    kept = read(again)
    again.stop()

    assert at_first["revision"] == 0
    assert at_first["weights"]["spread"] == 3
    assert answer.json() == {"revision": 1, "weights": weights}
    assert inputs["weights"] == weights
    assert kept == {"revision": 1, "weights": weights}


def test_a_change_made_for_other_weights_is_refused(scheduler: SchedulerProcess) -> None:
    asked = read(scheduler)
    first = scheduler.http.put("/api/v1/placement/weights", json=asked)
    second = scheduler.http.put("/api/v1/placement/weights", json=asked)

    assert first.is_success
    assert (second.status_code, second.json()["type"]) == (409, "/problems/stale-weights")
    assert read(scheduler)["revision"] == 1


def test_absurd_and_misspelt_weights_are_refused(scheduler: SchedulerProcess) -> None:
    sound = read(scheduler)["weights"]
    without_one = {name: value for name, value in sound.items() if name != "idle"}
    refused = [
        {**sound, "spread": -1},
        {**sound, "spread": 1e9},
        {**sound, "spread": "much"},
        {**sound, "spraed": 1},
        without_one,
    ]

    answers = [
        scheduler.http.put("/api/v1/placement/weights", json={"revision": 0, "weights": weights})
        for weights in refused
    ]

    assert [answer.status_code for answer in answers] == [422] * len(refused)
    assert read(scheduler)["revision"] == 0
