"""Trials at the center: who gets a token, for how many calls, and what its reports come to."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from capability_sdk.contracts.state import DesiredState
from center.instance.domain import Deployment, Plan, Share
from center.instance.store import DeploymentStore
from center.trial.store import TrialStore
from tests.center_stock import DIGITS
from tests.center_world import Person, decode_part
from tests.integration.telemetry_world import Center, keep_files, running_center, usage

OFFER = f"/capabilities/{DIGITS}/trial"
TOKENS = f"/capabilities/{DIGITS}/trial-tokens"


@pytest.fixture
def center(database_url: str, tmp_path: Path) -> Iterator[Center]:
    with running_center(database_url, tmp_path) as made:
        _deploy(made, "zhejiang")
        yield made


@pytest.fixture
def person(center: Center) -> Person:
    return center.world.add_person("chen", "operator", "guizhou")


def _deploy(center: Center, province: str) -> None:
    item = Deployment(
        province, DIGITS, Plan((Share("1.0.0", 100, 1),)), 1, "root", center.world.clock()
    )
    with center.database.session() as session:
        DeploymentStore(session).put(item)


def _begin(person: Person, province: str = "zhejiang", calls: int = 1) -> Response:
    return person.post(TOKENS, {"province": province, "calls": calls})


def _kind(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def _state(center: Center, province: str) -> DesiredState:
    path = f"/edges/{center.edges[province]}/desired-state"
    answer = center.ask(path, f"edge of {province}")
    return DesiredState.model_validate_json(decode_part(answer.text, 1))


def _tried(seq: int, token: str, application: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    fields = {"trial": True, "units": 0, "subscription": token, "application": application}
    return usage(seq, **{**fields, **changes})


def test_a_person_gets_a_short_token_for_one_capability_and_one_province(
    center: Center, person: Person
) -> None:
    answer = _begin(person, calls=3)

    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    claims = json.loads(decode_part(body["access_token"], 1))
    assert claims["scope"] == f"trial:{DIGITS}"
    assert (claims["aud"], claims["calls"]) == ("urn:jiuzhou:gateway:zhejiang", 3)
    assert claims["exp"] - claims["iat"] == 300
    assert "chen" not in json.dumps(claims)
    assert body["gateway_url"] == "http://127.0.0.1:8500"
    assert body["allowance"]["remaining"] == 17
    first = center.get("/audit", "admin", limit="1")["items"][0]
    assert (first["act"], first["actor"]) == ("trial.begun", "chen")
    assert first["detail"] == {"trial": body["id"], "province": "zhejiang", "calls": 3}


def test_the_offer_says_where_and_how_often(person: Person) -> None:
    _begin(person)

    offer = person.get(OFFER).json()

    (place,) = offer["places"]
    assert (place["province"], place["versions"]) == ("zhejiang", ["1.0.0"])
    assert (place["open"], place["own"]) == (True, False)
    assert (offer["allowance"]["daily_calls"], offer["allowance"]["remaining"]) == (20, 19)
    assert offer["allowance"]["renews_at"] == "2026-11-21T00:00:00Z"


def test_a_day_holds_twenty_calls_of_one_person_even_of_all_at_once(
    center: Center, person: Person
) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: _begin(person, calls=6), range(4)))

    assert sorted(answer.status_code for answer in answers) == [201, 201, 201, 429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert _kind(refused) == (429, "trial-quota-exceeded")
    assert 0 < int(refused.headers["retry-after"]) <= 86_400
    other = center.world.add_person("other", "engineer")
    assert _begin(other, calls=20).status_code == 201
    center.world.clock.move(timedelta(hours=11, minutes=45))  # past midnight, UTC
    assert _begin(person, calls=20).status_code == 201


def test_what_cannot_be_tried_is_told_with_a_reason(center: Center, person: Person) -> None:
    nowhere = _begin(person, "guizhou")
    assert _kind(nowhere) == (404, "nowhere-to-try")
    assert "zhejiang" in nowhere.json()["detail"]
    unknown = person.post("/capabilities/unknown/trial-tokens", {"province": "zhejiang"})
    assert unknown.status_code == 404
    assert _begin(person, calls=0).status_code == 422
    assert center.client("nobody").post(f"/api/v1{TOKENS}", json={}).status_code == 401
    edge = center.client("edge of zhejiang").post(f"/api/v1{TOKENS}", json={"province": "x"})
    assert edge.status_code == 403


def test_the_center_switches_a_provinces_trials_off(center: Center, person: Person) -> None:
    state = _state(center, "zhejiang")
    assert state.trials is not None
    assert state.trials.origins == ["http://127.0.0.1:8400"]
    terms = {"enabled": False}
    path = "/api/v1/provinces/zhejiang/trials"

    answer = center.client("admin").put(path, json=terms)

    assert answer.json()["enabled"] is False
    after = _state(center, "zhejiang")
    assert (after.trials, after.revision) == (None, state.revision + 1)
    assert _state(center, "guizhou").trials is not None
    assert _kind(_begin(person)) == (403, "trials-off")
    assert person.get(OFFER).json()["places"][0]["open"] is False
    assert person.http.put(path, json=terms).status_code == 403


def test_a_trial_is_revoked_by_its_person_or_an_admin_and_nobody_else(
    center: Center, person: Person
) -> None:
    trials = [_begin(person).json()["id"] for _ in range(2)]
    other = center.world.add_person("other", "operator", "zhejiang")

    assert _kind(other.post(f"/trial-tokens/{trials[0]}:revoke")) == (404, "no-such-trial")
    assert person.post(f"/trial-tokens/{trials[0]}:revoke").status_code == 204
    assert center.world.admin.post(f"/trial-tokens/{trials[1]}:revoke").status_code == 204

    assert set(trials) <= set(_state(center, "zhejiang").revoked_tokens)
    center.world.clock.move(timedelta(minutes=6))
    late = person.post(f"/trial-tokens/{trials[0]}:revoke")
    assert _kind(late) == (409, "trial-over")


def test_a_disabled_persons_trials_fall_with_the_account(center: Center, person: Person) -> None:
    claims = json.loads(decode_part(_begin(person).json()["access_token"], 1))

    assert center.world.admin.post("/users/chen:disable").status_code == 200

    assert claims["credential"] in _state(center, "zhejiang").revoked_tokens


def test_what_was_tried_is_kept_out_of_usage_and_counted_once(
    center: Center, person: Person
) -> None:
    begun = _begin(person, calls=5).json()
    application = json.loads(decode_part(begun["access_token"], 1))["sub"]
    records = [_tried(n, begun["id"], application) for n in (1, 2)] + [usage(3)]

    for _ in range(2):
        assert center.send(records).json()["applied_through"] == 3

    assert center.calls() == 1
    assert len(center.get("/usage/calls", "admin")["items"]) == 1
    with center.database.session() as session:
        assert TrialStore(session).known({begun["id"]})[begun["id"]].used == 2


def test_a_province_cannot_pass_usage_off_as_a_trial_nor_a_trial_as_usage(
    center: Center, person: Person
) -> None:
    begun = _begin(person).json()
    application = json.loads(decode_part(begun["access_token"], 1))["sub"]

    assert center.send([usage(1, trial=True)]).status_code == 422
    passed_off = _tried(1, begun["id"], application, trial=False)
    assert center.send([passed_off]).status_code == 422
    other = _tried(1, begun["id"], application)
    assert center.send([other], of="guizhou").status_code == 422
    assert center.calls() == 0


def test_samples_of_the_package_are_there_to_begin_with(center: Center, person: Person) -> None:
    sample = {"request": {"inputs": [{"name": "image", "data": [1]}]}, "expected": {}}
    keep_files(center, {"samples/digit-1.json": json.dumps(sample), "README.md": "#"})

    found = person.get(f"/capabilities/{DIGITS}/versions/1.0.0/samples").json()

    assert found == {"items": [{"name": "digit-1", "request": sample["request"]}]}
    assert person.get(f"/capabilities/{DIGITS}/versions/9.9.9/samples").status_code == 404
