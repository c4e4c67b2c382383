import json
import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from capability_sdk.spool import SpoolReader
from tests.gateway_province import (
    APPLICATION,
    CAPABILITY,
    INFER,
    INTERNAL_TOKEN,
    PROVINCE,
    Gateway,
    Peers,
    Province,
    Signer,
    bearer,
    infer,
    kind,
    running_gateway,
)
from tests.waiting import eventually


def test_a_call_is_forwarded_answered_and_metered(
    client: httpx.Client, province: Province, peers: Peers
) -> None:
    answer = infer(client, province.token(), headers={"x-request-id": "mine-1"})

    assert answer.status_code == 200
    seen = answer.json()
    assert seen["path"] == f"/v2/models/{CAPABILITY}/versions/1.0.0/infer"
    assert answer.headers["x-client-request-id"] == "mine-1"
    assert answer.headers["x-request-id"] == seen["headers"]["x-request-id"] != "mine-1"
    assert answer.headers["x-capability-version"] == "1.0.0"
    assert answer.headers["x-weights-digest"] == "sha256:" + "d" * 64
    assert not {"server", "x-internal-address"} & set(answer.headers)
    assert '"day";q=100000' in answer.headers["ratelimit-policy"]
    assert answer.headers["ratelimit"].startswith('"day";r=99999;')
    (record,) = province.usage()
    assert record["request_id"] == answer.headers["x-request-id"]
    assert (record["application"], record["subscription"]) == (APPLICATION, f"sub-{APPLICATION}")
    assert (record["capability"], record["version"]) == (CAPABILITY, "1.0.0")
    assert (record["status"], record["units"]) == (200, 1)
    assert record["response_bytes"] == len(answer.content)
    assert len(peers.seen()) == 1


def test_the_version_before_answers_until_its_successor_is_ready(
    client: httpx.Client, province: Province
) -> None:
    """The scheduler announces 1.0.0 alone; it ends it when 1.1.0 is ready."""
    province.deployments = {CAPABILITY: {"1.1.0": 100}}
    province.publish()
    exact = f"/v2/models/{CAPABILITY}/versions/1.1.0/infer"
    eventually(lambda: infer(client, province.token(), path=exact).status_code == 503)

    for path in (INFER, f"/v2/models/{CAPABILITY}/versions/1/infer"):
        answer = infer(client, province.token(), path=path)
        assert answer.status_code == 200
        assert answer.headers["x-capability-version"] == "1.0.0"
    gone = infer(client, province.token(), path=f"/v2/models/{CAPABILITY}/versions/1.0.0/infer")
    assert kind(gone) == (404, "not-deployed")


def test_H07_only_listed_headers_reach_an_instance(
    client: httpx.Client, province: Province
) -> None:
    spoofed = {
        "x-application": "other",
        "x_request_id": "other",
        "x-forwarded-for": "10.0.0.1",
        "cookie": "a=b",
        "inference-header-content-length": "5",
    }

    seen = infer(client, province.token(), headers=spoofed).json()["headers"]

    assert set(seen) == {
        "host", "x-request-id", "content-length", "content-type", "accept",
        "inference-header-content-length",
    }  # fmt: skip


def test_metadata_is_forwarded_and_not_metered(client: httpx.Client, province: Province) -> None:
    headers = bearer(province.token())

    for path in ("", "/versions/1.0.0", "/versions/1", "/ready"):
        answer = client.get(f"/v2/models/{CAPABILITY}{path}", headers=headers)
        assert answer.status_code == 200
    assert client.get("/v2", headers=headers).json()["name"] == "jiuzhou-gateway"
    assert client.get("/v2/health/ready", headers=headers).status_code == 200
    assert province.usage() == []


def test_nothing_but_health_is_served_without_a_token(client: httpx.Client) -> None:
    for path in ("/health/live", "/health/ready", "/v2/health/live"):
        assert client.get(path).status_code == 200
    for path in ("/v2", "/v2/health/ready", f"/v2/models/{CAPABILITY}"):
        assert kind(client.get(path)) == (401, "invalid-token")
    assert kind(client.post(INFER, json={})) == (401, "invalid-token")
    assert kind(client.post("/v1/feedback", json={})) == (401, "invalid-token")
    assert client.get("/metrics").status_code == 401


def test_metrics_are_for_the_provinces_own_processes(
    client: httpx.Client, province: Province
) -> None:
    infer(client, province.token())
    client.get("/nothing")

    assert client.get("/metrics", headers=bearer(province.token())).status_code == 401
    text = client.get("/metrics", headers=bearer(INTERNAL_TOKEN)).text

    assert f'gateway_call_seconds_count{{capability="{CAPABILITY}",status="200"}} 1.0' in text
    assert 'gateway_refusals_total{code="no-such-path",status="404"} 1.0' in text
    assert "gateway_usage_last_seq 1.0" in text


def test_each_refusal_has_its_own_answer(client: httpx.Client, province: Province) -> None:
    now = int(time.time())
    stranger = "app-2"

    expired = province.token(iat=now - 800, exp=now - 30)
    foreign = province.token(aud="urn:jiuzhou:gateway:guizhou")
    other = province.token(scope="infer:another")
    assert kind(infer(client, expired)) == (401, "token-expired")
    assert kind(infer(client, foreign)) == (403, "wrong-province")
    assert kind(infer(client, other)) == (403, "capability-not-granted")
    assert kind(infer(client, province.application_token(stranger))) == (
        403,
        "capability-not-granted",
    )
    assert kind(infer(client, province.token(Signer("token-1")))) == (401, "invalid-token")
    assert province.usage() == []


def test_a_capability_that_does_not_run_here_says_whom_to_ask(
    client: httpx.Client, province: Province
) -> None:
    province.subscribe("app-1", capability="speech", id="sub-speech")
    province.publish()
    token = province.token(scope="infer:speech")

    eventually(lambda: infer(client, token, path="/v2/models/speech/infer").status_code == 404)
    absent = infer(client, token, path="/v2/models/speech/infer")

    assert kind(absent) == (404, "not-deployed")
    assert f"ask the operator of {PROVINCE}" in absent.json()["error"]
    assert "ask the province's operator to deploy" in absent.json()["cure"]


def test_a_version_that_does_not_run_here_names_those_that_do(
    client: httpx.Client, province: Province
) -> None:
    answer = infer(client, province.token(), path=f"/v2/models/{CAPABILITY}/versions/9.0.0/infer")

    assert kind(answer) == (404, "not-deployed")
    assert "1.0.0" in answer.json()["detail"]


def test_J20_keys_rotate_without_refusing_a_valid_call(
    client: httpx.Client, province: Province
) -> None:
    old, new = province.token_key, Signer("token-2")
    old_token, new_token = province.token(old), province.token(new)
    assert infer(client, old_token).status_code == 200
    assert infer(client, new_token).status_code == 401

    province.token_keys, province.key_version = [old, new], 2
    province.publish()
    eventually(lambda: infer(client, new_token).status_code == 200)
    assert infer(client, old_token).status_code == 200

    province.token_keys, province.key_version = [new], 3
    province.publish()
    eventually(lambda: infer(client, old_token).status_code == 401)
    assert infer(client, new_token).status_code == 200


@pytest.mark.parametrize("act", ["suspend", "deactivate", "revoke"])
def test_J24_what_is_revoked_holds_at_once(
    client: httpx.Client, province: Province, act: str
) -> None:
    token = province.token(jti="the-token")
    assert infer(client, token).status_code == 200

    if act == "suspend":
        province.subscribe(active=False)
    elif act == "deactivate":
        province.applications[APPLICATION] = False
    else:
        province.revoked = ["the-token"]
    province.publish()

    expected = (401, "invalid-token") if act == "revoke" else (403, "capability-not-granted")
    eventually(lambda: infer(client, token).status_code == expected[0])
    assert kind(infer(client, token)) == expected


def test_J22_an_older_state_and_a_forged_one_change_nothing(
    client: httpx.Client, province: Province, gateway: Gateway
) -> None:
    older = province.document()
    province.subscribe(daily_quota=77)
    province.publish()
    token = province.token()
    eventually(lambda: "q=77;" in infer(client, token).headers["ratelimit-policy"])

    for bad in (older, province.document(Signer("state-1")), province.document(complete=False)):
        reported = gateway.log.read_text().count("not taken over")
        (province.folder / "state.jws").write_bytes(bad)
        eventually(lambda n=reported: gateway.log.read_text().count("not taken over") > n)  # type: ignore[misc]  # a default binds the loop's value
        assert "q=77;" in infer(client, token).headers["ratelimit-policy"]


def test_without_a_state_nothing_is_served(tmp_path: Path) -> None:
    province = Province(tmp_path / PROVINCE)
    with running_gateway(province) as gateway, httpx.Client(base_url=gateway.url) as client:
        assert client.get("/health/live").status_code == 200
        assert client.get("/health/ready").status_code == 503
        assert kind(infer(client, province.token())) == (503, "no-state")

        province.token_keys = []
        province.publish()
        eventually(lambda: infer(client, province.token()).status_code == 401)
        assert client.get("/health/ready").status_code == 503


def test_an_expired_state_is_not_served_from(client: httpx.Client, province: Province) -> None:
    token = province.token()
    province.lifetime = timedelta(seconds=1.5)
    province.publish()

    eventually(lambda: infer(client, token).status_code == 503)
    assert kind(infer(client, token)) == (503, "no-state")


def test_feedback_is_spooled_with_its_application(client: httpx.Client, province: Province) -> None:
    headers = bearer(province.token())
    items = [{"request_id": "r-1", "row": 0, "truth": "7"}, {"request_id": "r-2", "truth": 3}]

    accepted = client.post("/v1/feedback", json={"items": items}, headers=headers)

    assert (accepted.status_code, accepted.json()) == (202, {"accepted": 2})
    reader = SpoolReader(province.folder / "spool" / "feedback-0")
    records = [json.loads(r.payload) for r in reader.read(reader.epochs()[0], 0, 10)]
    assert [(r["application"], r["request_id"], r["truth"]) for r in records] == [
        (APPLICATION, "r-1", "7"),
        (APPLICATION, "r-2", 3),
    ]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b'{"items": []}', 422), (b'{"items": [{"request_id": "r"}]}', 422),
     (b'{"items": [{"request_id": "r", "truth": 1, "more": 2}]}', 422)],
)  # fmt: skip
def test_broken_feedback_is_refused_as_a_whole(
    client: httpx.Client, province: Province, body: bytes, status: int
) -> None:
    answer = client.post("/v1/feedback", content=body, headers=bearer(province.token()))

    assert answer.status_code == status


def test_token_requests_are_relayed_to_the_agent(client: httpx.Client) -> None:
    form = {"grant_type": "client_credentials", "client_id": APPLICATION, "scope": "infer:other"}

    good = client.post("/oauth2/token", data={**form, "client_secret": "right"})
    basic = client.post(
        "/oauth2/token", data={"grant_type": "client_credentials"}, auth=(APPLICATION, "right")
    )
    bad = client.post("/oauth2/token", data={**form, "client_secret": "wrong"})
    no_form = client.post("/oauth2/token", json=form)

    assert (good.status_code, good.json()) == (
        200,
        {"client_id": APPLICATION, "scope": "infer:other"},
    )
    assert good.headers["cache-control"] == "no-store"
    assert (basic.status_code, basic.json()["client_id"]) == (200, APPLICATION)
    assert bad.status_code == 401
    assert no_form.status_code == 400


def test_without_the_agent_a_token_request_is_told_why(tmp_path: Path, peers: Peers) -> None:
    province = Province(tmp_path / PROVINCE)
    province.place({"1.0.0": peers.instance()})
    province.publish()
    form = {"grant_type": "client_credentials", "client_id": APPLICATION, "client_secret": "s"}

    with running_gateway(province) as gateway:
        answer = httpx.post(f"{gateway.url}/oauth2/token", data=form, trust_env=False)

    assert kind(answer) == (503, "agent-away")
    assert answer.headers["retry-after"] == "2"
