"""Bounds of replicas and boosts, through HTTP, on every database."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from capability_sdk.contracts.scaling import BoostOutcome
from center.instance.boost_store import BoostStore
from center.instance.document import deployments
from tests.center_store_world import Shop, manifest, open_shop
from tests.center_world import running_center

PATH = "/provinces/zhejiang/deployments/digit-recognition"
FLOOD = {"replicas": 4, "minutes": 30, "reason": "a flood of calls"}


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    with running_center(database_url, tmp_path) as world:
        made = open_shop(world)
        made.publish(manifest())
        yield made


def _deploy(shop: Shop, replicas: int = 1, **scaling: Any) -> Any:  # noqa: ANN401 - members of a JSON document, and httpx2's Response
    share: dict[str, Any] = {"version": "1.0.0", "weight": 100, "replicas": replicas}
    share |= {"scaling": scaling} if scaling else {}
    return shop.operator.http.put(f"/api/v1{PATH}", json={"versions": [share]})


def _post(shop: Shop, action: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 - httpx2's Response
    return shop.operator.http.post(f"/api/v1{PATH}:{action}", json=body)


def _state(shop: Shop) -> Any:  # noqa: ANN401 - a contract's model, looked into by the tests
    with shop.world.database.session(write=False) as session:
        (found,) = deployments(session, "zhejiang", shop.world.clock())
    return found


def test_bounds_of_replicas_reach_the_desired_state(shop: Shop) -> None:
    made = _deploy(shop, min=0, max=8, budget_millicores=4000, target_p99_ms=50)

    bounds = {"min": 0, "max": 8, "budget_millicores": 4000, "target_p99_ms": 50.0}
    assert made.status_code == 200, made.text
    assert shop.operator.get(PATH).json()["versions"][0]["scaling"] == bounds
    assert _state(shop).versions[0].scaling.model_dump() == bounds


@pytest.mark.parametrize(
    ("replicas", "scaling", "says"),
    [
        (1, {"min": 3, "max": 2}, "more than max"),
        (9, {"min": 1, "max": 8}, "not within"),
        (1, {"min": 2, "max": 8}, "not within"),
        (1, {"min": 1, "max": 0}, "max"),
        (1, {"min": 1}, "max"),
        (1, {"max": 2, "budget_millicores": 0}, "budget_millicores"),
    ],
)
def test_bounds_that_make_no_sense_are_refused(
    shop: Shop, replicas: int, scaling: dict[str, Any], says: str
) -> None:
    refused = _deploy(shop, replicas, **scaling)

    assert refused.status_code == 422
    assert says in refused.text


def test_a_boost_is_in_the_desired_state_with_who_and_why_until_it_ends(shop: Shop) -> None:
    _deploy(shop)

    made = _post(shop, "boost", FLOOD)

    assert made.status_code == 201, made.text
    boost = _state(shop).boost
    assert (boost.replicas, boost.by, boost.reason) == (4, "operator", "a flood of calls")
    assert boost.until - boost.begun_at == timedelta(minutes=30)
    assert _post(shop, "end-boost", {}).status_code == 204
    assert _state(shop).boost is None
    assert _post(shop, "end-boost", {}).json()["type"] == "/problems/no-boost"
    (listed,) = shop.operator.get(f"{PATH}/boosts").json()["items"]
    assert (listed["ordered_by"], listed["ended_at"] is None) == ("operator", False)
    acts = [item["act"] for item in shop.admin.get("/audit").json()["items"]]
    assert {"deployment.boost", "deployment.end-boost"} <= set(acts)


def test_a_later_boost_takes_the_place_of_the_one_before(shop: Shop) -> None:
    _deploy(shop)
    _post(shop, "boost", FLOOD)

    _post(shop, "boost", {**FLOOD, "replicas": 2})

    assert _state(shop).boost.replicas == 2
    assert len(shop.operator.get(f"{PATH}/boosts").json()["items"]) == 2


def test_a_boost_beyond_the_bounds_says_what_to_do(shop: Shop) -> None:
    _deploy(shop, min=1, max=3)

    refused = _post(shop, "boost", FLOOD)

    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/bad-boost")
    assert "higher max" in refused.json()["detail"]
    assert _state(shop).boost is None


def test_another_provinces_operator_and_an_engineer_may_not_boost(shop: Shop) -> None:
    _deploy(shop)
    other = PATH.replace("zhejiang", "gansu")

    assert shop.operator.http.post(f"/api/v1{other}:boost", json=FLOOD).status_code in (403, 404)
    assert shop.author.http.post(f"/api/v1{PATH}:boost", json=FLOOD).status_code == 403
    assert _state(shop).boost is None


def test_the_recovery_that_a_province_reports_first_is_kept(shop: Shop) -> None:
    _deploy(shop)
    made = _post(shop, "boost", FLOOD).json()
    begun = datetime.fromisoformat(made["begun_at"])

    for seconds in (90, 200):
        outcome = BoostOutcome(id=made["id"], recovered_at=begun + timedelta(seconds=seconds))
        with shop.world.database.session() as session:
            BoostStore(session).recover(
                "gansu", [outcome.model_copy(update={"recovered_at": begun})]
            )
            BoostStore(session).recover("zhejiang", [outcome])

    (listed,) = shop.operator.get(f"{PATH}/boosts").json()["items"]
    assert listed["recovery_seconds"] == pytest.approx(90)
