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

    def calls(
        self, number: int, *, failed: int = 0, latency_ms: int = 20, version: str = "2.0.0"
    ) -> None:
        """Have the edge of Zhejiang tell of calls."""
        edge, records = self.edges["zhejiang"].sign_in(), []
        for index in range(number):
            self._sent += 1
            body = {
                "request_id": f"{self._sent:032x}",
                "at": self.shop.world.clock().isoformat(),
                "application": self.application,
                "subscription": self.subscription,
                "capability": NAME,
                "version": version,
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

    def served(self, rollout: str, province: str) -> dict[str, tuple[float, int, float | None]]:
        """Return what each version should get, how often it was called, and which part that is."""
        shown = {one["province"]: one["versions"] for one in self.show(rollout)["provinces"]}
        return {
            one["version"]: (one["share"], one["calls"], one["served"]) for one in shown[province]
        }

    def finish(self, *stages: dict[str, Any]) -> str:
        """Bring the new version everywhere at once; returns the roll-out."""
        made: str = self.begin(*stages, least_calls=0).json()["id"]
        for _ in stages:
            self.drive()
        assert self.show(made)["state"] == "finished"
        return made

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

    back = country.act(made["id"], "roll-back").json()
    assert (back["state"], back["reason"]) == ("rolled-back", "as we agreed")
    assert country.weights("guizhou") == country.weights("zhejiang") == {"1.0.0": 2, "1.1.0": 1}
    newest = country.shop.admin.get("/audit?act=rollout.rolled-back").json()["items"][0]
    assert newest["detail"] == {"reason": "as we agreed", "left": {}}
    assert country.act(made["id"], "roll-back").json()["type"] == "/problems/rollout-ended"


def test_what_each_version_should_get_and_what_it_got_stand_side_by_side(country: Country) -> None:
    country.calls(5, version="1.0.0")
    made = country.begin(CANARY, FULL, least_calls=0).json()
    country.calls(6, version="1.0.0")
    country.calls(3, version="1.1.0")
    country.calls(1)
    country.shop.world.clock.move(timedelta(minutes=50))
    country.calls(10, version="1.0.0")

    assert country.served(made["id"], "zhejiang") == {
        "1.0.0": (0.6, 16, 0.8),
        "1.1.0": (0.3, 3, 0.15),
        "2.0.0": (0.1, 1, 0.05),
    }
    country.shop.world.clock.move(timedelta(minutes=20))
    country.act(made["id"], "pause")
    assert country.served(made["id"], "zhejiang")["1.0.0"][1] == 16  # counted on, not anew
    country.act(made["id"], "roll-back")
    country.calls(2, version="1.1.0")
    assert country.served(made["id"], "zhejiang") == {
        "1.0.0": (2 / 3, 0, 0),
        "1.1.0": (1 / 3, 2, 1),
        "2.0.0": (0, 0, 0),
    }
    (shown, _) = country.show(made["id"])["provinces"]
    assert shown["heard_at"] == shown["changed_at"]
    assert shown["back"] is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_finished_roll_out_says_beforehand_which_province_cannot_go_back_and_leaves_it(
    country: Country,
) -> None:
    country.deploy("zhejiang", [{"version": "1.0.0", "weight": 1}])
    made = country.finish({**FULL})
    for version, act in (("1.0.0", "deprecate"), ("1.1.0", "withdraw")):
        body = {"reason": "2.0.0 follows"}
        ended = country.shop.author.post(f"/capabilities/{NAME}/versions/{version}:{act}", body)
        assert ended.status_code == 200, ended.text

    ways = {one["province"]: one["back"] for one in country.show(made)["provinces"]}
    assert ways["zhejiang"] == {
        "versions": [{"version": "1.0.0", "weight": 1}],
        "obstacle": None,
        "detail": "",
    }
    assert ways["guizhou"]["obstacle"] == "not-deployable"
    country.act(made, "roll-back")

    assert country.weights("zhejiang") == {"1.0.0": 1}
    assert country.weights("guizhou") == {"2.0.0": 1}
    left = {one["province"]: one["left"] for one in country.show(made)["provinces"]}
    assert left == {"zhejiang": None, "guizhou": "not-deployable"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_finished_roll_out_with_no_way_back_anywhere_is_refused_with_its_cure(
    country: Country,
) -> None:
    made = country.finish({**FULL, "provinces": ["zhejiang"]})
    country.deploy("zhejiang", [{"version": "1.1.0", "weight": 1}])

    refused = country.act(made, "roll-back")

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/no-way-back")
    assert refused.json()["left"] == {"zhejiang": "Somebody changed the deployment since."}
    assert country.show(made)["state"] == "finished"


def test_a_stage_waits_for_calls_enough_to_be_judged(country: Country) -> None:
    made = country.begin(CANARY, FULL).json()
    country.calls(9)
    country.drive(31)
    assert country.show(made["id"])["stage"] == 0

    country.calls(1)
    country.drive()

    assert country.show(made["id"])["stage"] == 1
    seen = [country.served(made["id"], name)["2.0.0"] for name in ("zhejiang", "guizhou")]
    assert seen == [(1, 0, None), (1, 0, None)]  # counted anew from the stage's beginning


@pytest.mark.parametrize(
    ("calls", "says"),
    [
        ({"failed": 4}, "zhejiang: 20.00% of 20 calls failed, more than 10.00%"),
        ({"latency_ms": 400}, "p99 is"),
    ],
)
def test_a_broken_rail_pauses_by_itself_and_one_act_brings_everything_back(
    country: Country, calls: dict[str, Any], says: str
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
    country.act(made["id"], "roll-back")
    assert country.show(made["id"])["provinces"][0]["left"] == "changed"
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
