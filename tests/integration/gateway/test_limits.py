import struct
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.gateway_province import (
    CAPABILITY,
    INFER,
    INTERNAL_TOKEN,
    PROVINCE,
    Peers,
    Province,
    bearer,
    infer,
    kind,
    running_gateway,
)
from tests.waiting import eventually


def test_the_split_is_exact_and_a_key_is_sticky(peers: Peers, province: Province) -> None:
    sockets = {version: peers.instance(version) for version in ("1.1.0", "2.0.0")}
    province.place(sockets)
    province.deployments[CAPABILITY] = {"1.1.0": 75, "2.0.0": 25, "3.0.0": 0}
    province.publish()
    token = province.token()
    with running_gateway(province) as gateway, httpx.Client(base_url=gateway.url) as client:
        versions = [infer(client, token).headers["x-capability-version"] for _ in range(80)]
        assert Counter(versions) == {"1.1.0": 60, "2.0.0": 20}
        for key in ("subscriber-1", "subscriber-2", "subscriber-3"):
            headers = {"x-affinity-key": key}
            found = {
                infer(client, token, headers=headers).headers["x-capability-version"]
                for _ in range(10)
            }
            assert len(found) == 1
        for asked, expected in (("2", "2.0.0"), ("1", "1.1.0"), ("1.1.0", "1.1.0")):
            path = f"/v2/models/{CAPABILITY}/versions/{asked}/infer"
            answer = infer(client, token, path=path)
            assert answer.headers["x-capability-version"] == expected
        not_started = f"/v2/models/{CAPABILITY}/versions/3.0.0/infer"
        assert kind(infer(client, token, path=not_started)) == (503, "no-instance")


def test_a_used_up_quota_is_told_with_the_time_of_its_end(
    client: httpx.Client, province: Province
) -> None:
    province.subscribe("app-2", daily_quota=5)
    province.applications["app-2"] = True
    province.publish()
    token = province.application_token("app-2")
    eventually(lambda: infer(client, token).status_code == 200)

    answers = [infer(client, token) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 2
    assert answers[3].headers["ratelimit"].startswith('"day";r=0;')
    assert kind(answers[4]) == (429, "quota-exceeded")
    assert 0 < int(answers[4].headers["retry-after"]) <= 86_400
    assert sum(record["units"] for record in province.usage()) == 5
    eventually(lambda: province.turned_away("app-2") == 2)
    metrics = client.get("/metrics", headers=bearer(INTERNAL_TOKEN)).text
    assert 'gateway_refusals_total{code="quota-exceeded",status="429"} 2.0' in metrics


def test_a_failing_instance_costs_no_quota(client: httpx.Client, province: Province) -> None:
    province.subscribe(daily_quota=3)
    province.publish()
    token = province.token()
    eventually(lambda: "q=3;" in infer(client, token).headers["ratelimit-policy"])
    broken = {"act": "fail", "status": 500}

    assert [infer(client, token, json=broken).status_code for _ in range(5)] == [500] * 5
    assert infer(client, token).status_code == 200
    assert sum(r["units"] for r in province.usage() if r["status"] == 500) == 0


def test_rate_and_concurrency_are_limited(client: httpx.Client, province: Province) -> None:
    province.subscribe("slow", rate_per_second=0.05)
    province.subscribe("narrow", concurrency=2)
    province.applications |= {"slow": True, "narrow": True}
    province.publish()
    slow, narrow = province.application_token("slow"), province.application_token("narrow")
    eventually(lambda: infer(client, slow).status_code == 200)

    limited = infer(client, slow)
    asked = client.get(f"/v2/models/{CAPABILITY}", headers=bearer(slow))
    go = province.folder / "go"
    with ThreadPoolExecutor(6) as pool:
        hold = {"act": "hold", "until": str(go)}
        calls = [pool.submit(infer, client, narrow, json=hold) for _ in range(6)]
        eventually(lambda: sum(call.done() for call in calls) == 4)
        go.touch()
    answers = [call.result() for call in calls]

    assert kind(limited) == (429, "rate-limited")
    assert int(limited.headers["retry-after"]) >= 1
    assert Counter(answer.status_code for answer in answers) == {200: 2, 429: 4}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert kind(refused) == (429, "concurrency-limited")
    assert infer(client, narrow).status_code == 200  # places are given back
    eventually(lambda: (province.turned_away("slow"), province.turned_away("narrow")) == (1, 4))
    assert asked.status_code == 429  # who asks about a model makes no call


def test_H15_without_the_ledger_a_quota_still_ends(tmp_path: Path, peers: Peers) -> None:
    province = Province(tmp_path / PROVINCE)
    province.place({"1.0.0": peers.instance()})
    province.subscribe(daily_quota=8)
    province.publish()
    with running_gateway(province) as gateway, httpx.Client(base_url=gateway.url) as client:
        token = province.token()

        statuses = [infer(client, token).status_code for _ in range(12)]

        assert statuses == [200] * 8 + [429] * 4
        assert client.get("/health/ready").json()["quota_ledger"] == "local"
        peers.agent(province)
        eventually(lambda: infer(client, token).status_code == 200)
        assert client.get("/health/ready").json()["quota_ledger"] == "shared"
        admitted = 9
        while infer(client, token).status_code == 200:
            admitted += 1
        assert admitted <= 16


def test_a_body_over_the_limit_is_refused_before_it_is_read(province: Province) -> None:
    with (
        running_gateway(province, "--max-body-bytes", "2000") as gateway,
        httpx.Client(base_url=gateway.url) as client,
    ):
        token = province.token()
        chunks = (b"x" * 500 for _ in range(10))

        declared = client.post(INFER, content=b"x" * 2001, headers=bearer(token))
        chunked = client.post(INFER, content=chunks, headers=bearer(token))

        assert kind(declared) == (413, "body-too-large")
        assert kind(chunked) == (413, "body-too-large")
        assert infer(client, token).status_code == 200


def test_a_slow_and_a_crashing_instance_have_their_answers(province: Province) -> None:
    with (
        running_gateway(province, "--instance-timeout", "PT1S") as gateway,
        httpx.Client(base_url=gateway.url) as client,
    ):
        token = province.token()

        slow = infer(client, token, json={"act": "sleep", "seconds": 30})
        crashed = infer(client, token, json={"act": "crash"})

        assert kind(slow) == (504, "instance-timeout")
        assert crashed.status_code in (502, 503)
        # A process takes a moment to end; until then its socket takes connections.
        eventually(lambda: kind(infer(client, token)) == (503, "no-instance"))
        assert {record["units"] for record in province.usage()} == {0}


def test_it_stops_in_order_and_serves_again_from_what_it_kept(province: Province) -> None:
    province.subscribe(rate_per_second=0.05)
    province.publish()
    token = province.token()
    with running_gateway(province) as gateway, httpx.Client(base_url=gateway.url) as client:
        assert infer(client, token).status_code == 200
        assert infer(client, token).status_code == 429
        assert gateway.stop() == 0
        gateway.start()
        assert infer(client, token).status_code == 200
    records = province.usage()
    assert [(record["status"], record.get("turned_away", 0)) for record in records] == [
        *((200, 0), (429, 1), (200, 0))
    ]


def test_strict_metering_waits_for_the_disk(province: Province) -> None:
    mark = province.folder / "spool" / "usage-0" / "mark"
    with (
        running_gateway(province, "--strict", "--sync-window", "PT5S") as gateway,
        httpx.Client(base_url=gateway.url) as client,
    ):
        synced = []
        for _ in range(10):
            assert infer(client, province.token()).status_code == 200
            synced.append(struct.unpack_from("<QQ", mark.read_bytes())[1])

    assert synced == list(range(1, 11))
