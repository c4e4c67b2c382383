"""Roll-outs through HTTP, driven as the worker drives them; on every database."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from capability_sdk.contracts.nodes import InstanceHealth, InstanceStatus
from capability_sdk.contracts.telemetry import HealthReport
from center.instance.content_store import keep_contents
from center.rollout.driving import Driving
from tests.center_store_world import Shop, digest_of, manifest, open_shop
from tests.center_world import EdgeWorld, running_center

NAME = "digit-recognition"
CANARY = {"provinces": ["zhejiang"], "percent": 10, "soak_minutes": 30}
HALF = {"provinces": ["zhejiang"], "percent": 50, "soak_minutes": 30}
FULL = {"provinces": ["zhejiang", "guizhou"], "percent": 100, "soak_minutes": 0}


class Country:
    """Two provinces that run 1.0.0 and 1.1.0, and a version 2.0.0 that is published."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.edges: dict[str, EdgeWorld] = {}
        self._sent = 0
        for version in ("1.0.0", "1.1.0", "2.0.0"):
            shop.publish(manifest(version=version))
        for province in ("zhejiang", "guizhou"):
            self.edges[province] = shop.world.enrol(province).sign_in()
            shares = [{"version": "1.0.0", "weight": 2}, {"version": "1.1.0", "weight": 1}]
            self.deploy(province, shares)
            self.runs(province)
        self.application = shop.application()
        self.subscription = shop.subscribe(self.application)
        shop.admin.post(f"/subscriptions/{self.subscription}:approve")

    def deploy(self, province: str, shares: list[dict[str, Any]]) -> None:
        path = f"/api/v1/provinces/{province}/deployments/{NAME}"
        answer = self.shop.admin.http.put(path, json={"versions": shares})
        assert answer.status_code == 200, answer.text

    def begin(self, *stages: dict[str, Any], **rails: Any) -> Response:  # noqa: ANN401 - members of a body
        body = {"capability": NAME, "version": "2.0.0", "stages": list(stages)}
        chosen = {"least_calls": 10, "failure_share": 0.1, "p99_ms": 100, **rails}
        return self.shop.admin.post("/rollouts", {**body, "rails": chosen})

    def drive(self, minutes: float = 0) -> None:
        self.shop.world.clock.move(timedelta(minutes=minutes))
        Driving(self.shop.world.database, self.shop.world.clock).run()

    def weights(self, province: str) -> dict[str, int]:
        found = self.shop.admin.get(f"/provinces/{province}/deployments/{NAME}").json()
        return {share["version"]: share["weight"] for share in found["versions"]}

    def runs(self, province: str) -> None:
        """Report the new version as ready, as an edge does."""
        ready = InstanceStatus(
            id="i-1",
            capability=NAME,
            version="2.0.0",
            node="node-1",
            health=InstanceHealth.READY,
            code_digest=digest_of("code"),
            weights_digest=digest_of("weights"),
        )
        at = self.shop.world.clock()
        report = HealthReport(at=at, state_revision=1, instances=[ready])
        with self.shop.world.database.session() as session:
            keep_contents(session, province, report)

    def calls(self, number: int, *, failed: int = 0, latency_ms: int = 20) -> None:
        """Have the edge of Zhejiang tell of calls of the new version."""
        edge, records = self.edges["zhejiang"].sign_in(), []
        for index in range(number):
            self._sent += 1
            body = {
                "request_id": f"{self._sent:032x}",
                "at": self.shop.world.clock().isoformat(),
                "application": self.application,
                "subscription": self.subscription,
                "capability": NAME,
                "version": "2.0.0",
                "status": 500 if index < failed else 200,
                "units": int(index >= failed),
                "latency_us": latency_ms * 1000,
                "request_bytes": 1,
                "response_bytes": 1,
            }
            records.append({"seq": self._sent, "kind": "usage", "body": body})
        batch = {"schema": 1, "stream": "usage-0", "epoch": 1, "records": records}
        sent = edge.http.post(f"/api/v1/edges/{edge.identity.edge}/telemetry", json=batch)
        assert sent.json() == {"applied_through": self._sent}, sent.text

    def show(self, rollout: str) -> Any:  # noqa: ANN401 - a JSON document
        return self.shop.admin.get(f"/rollouts/{rollout}").json()

    def act(self, rollout: str, act: str) -> Response:
        return self.shop.admin.post(f"/rollouts/{rollout}:{act}", {"reason": "as we agreed"})


@pytest.fixture
def country(database_url: str, tmp_path: Path) -> Iterator[Country]:
    with running_center(database_url, tmp_path) as world:
        yield Country(open_shop(world))


def test_a_roll_out_goes_through_its_stages_with_exact_weights_and_ends_alone(
    country: Country,
) -> None:
    made = country.begin(CANARY, HALF, {**FULL, "soak_minutes": 5}, least_calls=0).json()
    assert country.weights("zhejiang") == {"1.0.0": 6, "1.1.0": 3, "2.0.0": 1}
    country.drive(29)
    assert country.show(made["id"])["stage"] == 0

    country.drive(1)
    country.drive()
    assert country.weights("zhejiang") == {"1.0.0": 2, "1.1.0": 1, "2.0.0": 3}
    assert country.weights("guizhou") == {"1.0.0": 2, "1.1.0": 1}

    country.drive(30)
    assert country.weights("guizhou") == {"1.0.0": 0, "1.1.0": 0, "2.0.0": 1}
    country.drive(5)
    country.drive()
    assert country.show(made["id"])["state"] == "finished"
    assert country.weights("guizhou") == country.weights("zhejiang") == {"2.0.0": 1}
    acts = [item["act"] for item in country.shop.admin.get("/audit?limit=200").json()["items"]]
    assert acts.count("rollout.stage") == 3


def test_a_stage_waits_for_calls_enough_to_be_judged(country: Country) -> None:
    made = country.begin(CANARY, FULL).json()
    country.calls(9)
    country.drive(31)
    assert country.show(made["id"])["stage"] == 0

    country.calls(1)
    country.drive()

    assert country.show(made["id"])["stage"] == 1
    seen = {one["province"]: one["calls"] for one in country.show(made["id"])["provinces"]}
    assert seen == {"zhejiang": 0, "guizhou": 0}  # counted anew from the stage's beginning


@pytest.mark.parametrize(
    ("calls", "says"),
    [
        ({"failed": 4}, "zhejiang: 20.00% of 20 calls failed, more than 10.00%"),
        ({"latency_ms": 400}, "p99 is"),
    ],
)
def test_a_broken_rail_pauses_by_itself_and_one_act_brings_everything_back(
    country: Country, calls: dict[str, int], says: str
) -> None:
    made = country.begin(CANARY, FULL).json()
    country.calls(20, **calls)

    country.drive(31)
    country.drive(31)

    shown = country.show(made["id"])
    assert (shown["state"], shown["stage"]) == ("paused", 0)
    assert says in shown["reason"]
    assert says.removeprefix("zhejiang: ") in shown["provinces"][0]["broken"][0]
    back = country.act(made["id"], "roll-back").json()
    assert back["state"] == "rolled-back"
    assert country.weights("zhejiang") == {"1.0.0": 2, "1.1.0": 1}
    assert country.act(made["id"], "continue").json()["type"] == "/problems/rollout-ended"


def test_a_paused_roll_out_stays_and_one_that_goes_on_is_watched_anew(country: Country) -> None:
    made = country.begin(CANARY, FULL, least_calls=0).json()
    assert country.act(made["id"], "pause").json()["state"] == "paused"
    country.drive(60)
    assert country.weights("guizhou") == {"1.0.0": 2, "1.1.0": 1}

    assert country.act(made["id"], "continue").json()["state"] == "running"
    country.drive(29)
    assert country.show(made["id"])["stage"] == 0
    country.drive(1)
    assert country.show(made["id"])["stage"] == 1


def test_what_somebody_changes_by_hand_pauses_it_and_is_not_overwritten(country: Country) -> None:
    made = country.begin(CANARY, FULL).json()
    country.deploy("zhejiang", [{"version": "1.1.0", "weight": 1}])

    country.drive()

    assert country.show(made["id"])["reason"].startswith("zhejiang: somebody changed")
    assert "zhejiang" in country.act(made["id"], "roll-back").json()["reason"]
    assert country.weights("zhejiang") == {"1.1.0": 1}


@pytest.mark.parametrize(
    ("stages", "code"),
    [
        ([CANARY], "bad-rollout"),
        ([HALF, CANARY, FULL], "bad-rollout"),
        ([{**FULL, "provinces": ["hubei"]}], "deployment-not-found"),
    ],
)
def test_stages_that_lead_nowhere_are_refused_and_change_nothing(
    country: Country, stages: list[dict[str, Any]], code: str
) -> None:
    assert country.begin(*stages).json()["type"] == f"/problems/{code}"
    assert country.weights("zhejiang") == {"1.0.0": 2, "1.1.0": 1}


def test_a_second_roll_out_and_another_provinces_operator_are_refused(country: Country) -> None:
    made = country.begin(CANARY, FULL).json()
    operator = country.shop.operator

    assert country.begin(FULL).json()["type"] == "/problems/rollout-runs"
    assert operator.get(f"/rollouts/{made['id']}").status_code == 200
    assert [
        one["province"] for one in operator.get(f"/rollouts/{made['id']}").json()["provinces"]
    ] == ["zhejiang"]
    body = {"reason": "mine alone"}
    assert operator.post(f"/rollouts/{made['id']}:roll-back", body).status_code == 403
    assert [item["id"] for item in operator.get("/rollouts").json()["items"]] == [made["id"]]
    assert country.shop.colleague.get(f"/rollouts/{made['id']}").status_code == 404
