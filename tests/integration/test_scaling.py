"""Replicas follow what gateways report: a scheduler over HTTP, with real child processes."""

import itertools
from typing import Any

import pytest

from capability_sdk.contracts.scaling import LATENCY_BOUNDS
from capability_sdk.contracts.scheduling import LocalDeployment
from scheduler.profiles import demand_of
from tests.integration.scheduler_world import Launch, SchedulerProcess, deployment, package
from tests.waiting import eventually

QUICK = {"SCHEDULER_SCALING_DOWN_AFTER": "PT2S"}
PASSPORT = {
    "requests": [
        {
            "rows": 1,
            "connections": 1,
            "latency_p50_ms": 10,
            "latency_p99_ms": 12,
            "requests_per_second": 100,
            "cpu_microseconds_per_request": 10_000,
        }
    ]
}


@pytest.fixture
def launch(launch: Launch) -> Launch:
    """Start schedulers that take replicas away soon."""
    return lambda **settings: launch(**{**QUICK, **settings})


def scaled(scheduler: SchedulerProcess, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - members of a JSON document
    rule = {"min": 1, "max": 4, **members.pop("scaling", {})}
    where = package(scheduler.province / "one")
    return {**deployment(where, passport=PASSPORT), "scaling": rule, **members}


def report(scheduler: SchedulerProcess, calls: int, *, epoch: int = 1, waiting: int = 0) -> None:
    """Say that so many calls of 10 ms were answered since the gateway's start."""
    latencies = [0] * (len(LATENCY_BOUNDS) + 1)
    latencies[3] = calls
    seen = {"capability": "digit-recognition", "version": "1.0.0", "waiting": waiting}
    seen |= {"latencies": latencies, "seconds": calls * 0.01}
    body = {"schema": 1, "gateway": "gateway-0", "epoch": epoch, "versions": [seen]}
    scheduler.http.put("/api/v1/traffic/gateway-0", json=body).raise_for_status()


def ready(scheduler: SchedulerProcess) -> int:
    return len(scheduler.endpoints())


def let_sleep(scheduler: SchedulerProcess) -> None:
    """Deploy what may sleep, once it is up: nobody calls it, so it might sleep before that."""
    scheduler.put(scaled(scheduler))
    eventually(lambda: ready(scheduler) == 1)
    scheduler.put(scaled(scheduler, scaling={"min": 0}))


def shown(scheduler: SchedulerProcess) -> dict[str, Any]:
    (view,) = scheduler.http.get("/api/v1/scaling").json()
    return dict(view)


def test_replicas_grow_with_the_calls_up_to_the_bound_and_the_reason_is_told(
    launch: Launch,
) -> None:
    scheduler = launch(SCHEDULER_SCALING_DOWN_AFTER="PT10M")
    scheduler.put(scaled(scheduler))
    eventually(lambda: ready(scheduler) == 1)

    report(scheduler, 0)
    report(scheduler, 6000)  # 100 calls a second of 10 ms over the last minute
    eventually(lambda: ready(scheduler) == 2)
    report(scheduler, 60_000)
    eventually(lambda: ready(scheduler) == 4)

    view = shown(scheduler)
    assert view["replicas"] == view["ready"] == 4
    assert "bounds and budget admit 4" in view["reason"]
    changes = scheduler.http.get("/api/v1/scaling/changes").json()
    assert [(item["before"], item["after"]) for item in changes] == [(2, 4), (1, 2)]


def test_a_budget_admits_as_many_replicas_as_its_cores_carry(launch: Launch) -> None:
    scheduler = launch(SCHEDULER_SCALING_DOWN_AFTER="PT10M")
    each = demand_of(LocalDeployment.model_validate(scaled(scheduler))).cpu_millicores
    budget = {"max": 9, "budget_millicores": each * 5 // 2}
    scheduler.put(scaled(scheduler, scaling=budget))
    eventually(lambda: ready(scheduler) == 1)

    report(scheduler, 0)
    report(scheduler, 60_000)

    eventually(lambda: ready(scheduler) == 2)
    assert shown(scheduler)["replicas"] == 2


def test_a_capability_that_nobody_calls_sleeps_and_one_waiting_call_wakes_it(
    launch: Launch,
) -> None:
    scheduler = launch()
    let_sleep(scheduler)
    eventually(lambda: not scheduler.pids() and ready(scheduler) == 0)
    assert "asleep" in shown(scheduler)["reason"]

    report(scheduler, 0, waiting=1)

    eventually(lambda: ready(scheduler) == 1)


def test_what_was_chosen_outlives_a_restart_of_the_scheduler(launch: Launch) -> None:
    first = launch()
    let_sleep(first)
    eventually(lambda: not first.pids())
    first.stop()

    second = launch()

    eventually(lambda: second.http.get("/api/v1/scaling").json())
    assert shown(second)["replicas"] == 0


def test_a_boost_raises_the_floor_of_fixed_replicas_until_it_ends(launch: Launch) -> None:
    scheduler = launch()
    where = package(scheduler.province / "one")
    boost = {"id": "b-1", "replicas": 3, "by": "ops", "reason": "flood"}
    boost |= {"begun_at": "2026-11-25T11:00:00Z", "until": "2126-11-25T12:00:00Z"}
    scheduler.put({**deployment(where, passport=PASSPORT), "boost": boost})
    eventually(lambda: ready(scheduler) == 3)

    counts = itertools.count(0, 50)

    def has_recovered() -> bool:
        # Calls go on coming; those of the first moments count for nothing yet.
        report(scheduler, next(counts))
        return shown(scheduler)["recovered_at"] is not None

    eventually(has_recovered)
    scheduler.put({**deployment(where), "boost": {**boost, "until": "2026-11-25T12:00:00Z"}})

    eventually(lambda: ready(scheduler) == 1)
