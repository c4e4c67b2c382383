"""Spare capacity lent and taken back: a scheduler over HTTP, with real child processes."""

from typing import Any

from tests.integration.scheduler_world import Launch, SchedulerProcess, deployment, package
from tests.waiting import eventually


def node(scheduler: SchedulerProcess) -> dict[str, Any]:
    (found,) = scheduler.http.get("/api/v1/nodes").json()
    return dict(found)


def cores(scheduler: SchedulerProcess) -> int:
    return int(node(scheduler)["metadata"]["cpu_millicores"])


def lend(scheduler: SchedulerProcess, millicores: int) -> Any:  # noqa: ANN401 - httpx's Response
    request = {"holder": "training-7", "purpose": "retrain the recogniser", "memory_mib": 64}
    return scheduler.http.post(
        "/api/v1/loans", json={**request, "cpu_millicores": millicores, "seconds": 3600}
    )


def lent(scheduler: SchedulerProcess) -> list[dict[str, Any]]:
    return list(scheduler.http.get("/api/v1/loans").json()["loans"])


def large(scheduler: SchedulerProcess) -> dict[str, Any]:
    """Something that needs half of the machine."""
    resources = {"cpu_millicores": cores(scheduler) // 2, "memory_mib": 64}
    return deployment(package(scheduler.province / "one"), resources=resources)


def test_what_is_lent_is_reserved_until_it_is_given_back(launch: Launch) -> None:
    scheduler = launch()
    whole = cores(scheduler)

    loan = lend(scheduler, whole - 100)

    assert loan.status_code == 201, loan.text
    assert node(scheduler)["reserved_cpu_millicores"] == whole - 100
    refused = lend(scheduler, 200)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/no-spare-capacity")
    assert refused.json()["cpu_millicores"] == 100
    assert f"scheduler_lent_cores {(whole - 100) / 1000}" in scheduler.http.get("/metrics").text
    path = f"/api/v1/loans/{loan.json()['id']}"
    assert scheduler.http.post(f"{path}:renew", json={"seconds": 7200}).status_code == 200
    assert scheduler.http.delete(path).status_code == 204
    assert scheduler.http.delete(path).status_code == 404
    assert node(scheduler)["reserved_cpu_millicores"] == 0


def test_inference_that_fits_nowhere_gets_back_what_was_lent_after_a_notice(launch: Launch) -> None:
    scheduler = launch(SCHEDULER_LOAN_NOTICE="PT1H")
    loan = lend(scheduler, cores(scheduler) - 100).json()

    scheduler.put(large(scheduler)).raise_for_status()

    (recalled,) = eventually(lambda: [i for i in lent(scheduler) if i["state"] == "recalled"])
    assert "digit-recognition 1.0.0 needs it" in recalled["detail"]
    path = f"/api/v1/loans/{loan['id']}"
    refused = scheduler.http.post(f"{path}:renew", json={"seconds": 7200})
    assert refused.json()["type"] == "/problems/loan-recalled"
    assert scheduler.endpoints() == []
    scheduler.http.delete(path).raise_for_status()
    eventually(lambda: len(scheduler.endpoints()) == 1)


def test_a_borrower_that_does_not_stop_loses_the_loan_when_the_notice_is_over(
    launch: Launch,
) -> None:
    scheduler = launch(SCHEDULER_LOAN_NOTICE="PT0.5S")
    lend(scheduler, cores(scheduler) - 100)

    scheduler.put(large(scheduler)).raise_for_status()

    eventually(lambda: len(scheduler.endpoints()) == 1)
    assert lent(scheduler) == []


def test_a_loan_outlives_the_scheduler_that_granted_it(launch: Launch) -> None:
    first = launch()
    loan = lend(first, 100).json()
    first.stop()

    second = launch()

    assert eventually(lambda: lent(second)) == [loan]
    assert eventually(lambda: node(second)["reserved_cpu_millicores"]) == 100
