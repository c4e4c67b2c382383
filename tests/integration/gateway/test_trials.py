"""Trials at the gateway: who may, from which pages, how much, and what stays of them."""

import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from capability_sdk.contracts.state import TrialRules
from capability_sdk.contracts.tokens import audience
from tests.gateway_province import (
    CAPABILITY,
    INFER,
    PROVINCE,
    Peers,
    Province,
    Signer,
    bearer,
    infer,
    kind,
    running_gateway,
)
from tests.waiting import eventually

CONSOLE = "http://console.example"
PERSON = "person-1"
RULES = TrialRules(origins=[CONSOLE], concurrency=2, rate_per_second=1000.0)
PREFLIGHT = {"access-control-request-method": "POST"}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    """Run one gateway for all of these tests, with an instance and an agent behind it."""
    folder = tmp_path_factory.mktemp("trials")
    province = Province(folder / PROVINCE)
    with ExitStack() as stack:
        peers = Peers(folder / "peers", stack)
        province.place({"1.0.0": peers.instance()})
        peers.agent(province)
        province.trials = RULES
        province.publish()
        stack.enter_context(running_gateway(province))
        yield province


@pytest.fixture
def province(stage: Province) -> Iterator[Province]:
    before = stage.revision
    yield stage
    if stage.revision != before:
        stage.trials, stage.revoked = RULES, []
        stage.subscribe()
        stage.publish()
        ready = f"http://127.0.0.1:{stage.port}/health/ready"
        eventually(lambda: httpx.get(ready).json()["state_revision"] == stage.revision)


@pytest.fixture
def client(province: Province) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{province.port}", timeout=60) as client:
        yield client


def trial_token(province: Province, **changes: Any) -> str:  # noqa: ANN401 - claims of any type
    """Mint what the center mints for somebody who tries a capability."""
    scope = {"sub": PERSON, "client_id": PERSON, "scope": f"trial:{CAPABILITY}", "calls": 5}
    return province.token(**{**scope, **changes})


def test_somebody_without_a_subscription_tries_as_often_as_the_token_says(
    client: httpx.Client, province: Province
) -> None:
    token = trial_token(province, calls=2)

    answers = [infer(client, token) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["x-weights-digest"].startswith("sha256:")
    assert answers[1].headers["ratelimit"].startswith('"day";r=0;')
    assert kind(answers[2]) == (429, "quota-exceeded")


def test_a_trial_is_told_to_the_instance_and_nobody_else_can_say_so(
    client: httpx.Client, province: Province
) -> None:
    forged = infer(client, province.token(), headers={"x-trial": "1"})

    assert infer(client, trial_token(province)).json()["headers"]["x-trial"] == "1"
    assert "x-trial" not in forged.json()["headers"]


def test_a_trial_is_written_down_as_one_and_counts_no_unit(
    client: httpx.Client, province: Province
) -> None:
    infer(client, trial_token(province, jti="jti-trial"))
    infer(client, province.token())

    tried, used = province.usage()[-2:]
    assert (tried["trial"], tried["units"], tried["subscription"]) == (True, 0, "jti-trial")
    assert (used.get("trial"), used["units"]) == (None, 1)


def test_replicas_do_not_follow_trials(client: httpx.Client, province: Province) -> None:
    def counted(name: str) -> float:
        internal = (province.folder / "internal.token").read_text()
        lines = client.get("/metrics", headers=bearer(internal)).text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(f"{name}{{"))

    trials, calls = counted("gateway_trials_total"), counted("gateway_call_seconds_count")
    infer(client, trial_token(province))

    assert counted("gateway_trials_total") == trials + 1
    assert counted("gateway_call_seconds_count") == calls


_CROOKED: dict[str, tuple[dict[str, Any], tuple[int, str]]] = {
    "of another capability": ({"scope": "trial:other"}, (403, "capability-not-granted")),
    "of two at once": (
        {"scope": f"trial:{CAPABILITY} trial:other"},
        (403, "capability-not-granted"),
    ),
    "of another province": ({"aud": audience("hunan")}, (403, "wrong-province")),
    "expired": ({"iat": 1, "exp": 100}, (401, "token-expired")),
    "without a number of calls": ({"calls": None}, (401, "invalid-token")),
    "for too many calls": ({"calls": 51}, (401, "invalid-token")),
    "for no call": ({"calls": 0}, (401, "invalid-token")),
    "for true calls": ({"calls": True}, (401, "invalid-token")),
    "revoked by its id": ({"jti": "jti-gone"}, (401, "invalid-token")),
    "revoked with its person": ({"credential": "c-gone"}, (401, "invalid-token")),
}


def test_a_trial_token_that_is_not_as_it_must_be_opens_nothing(
    client: httpx.Client, province: Province
) -> None:
    province.revoked = ["jti-gone", "c-gone", "jti-marker"]
    province.publish()
    eventually(lambda: infer(client, trial_token(province, jti="jti-marker")).status_code == 401)

    heard = {
        name: kind(infer(client, trial_token(province, **changes)))
        for name, (changes, _) in _CROOKED.items()
    }

    assert heard == {name: expected for name, (_, expected) in _CROOKED.items()}


def test_a_tampered_trial_token_is_refused_like_any_other(
    client: httpx.Client, province: Province
) -> None:
    assert infer(client, trial_token(province) + "x").status_code == 401
    stranger = province.token(Signer("token-1"), sub=PERSON, client_id=PERSON, calls=1)
    assert infer(client, stranger).status_code == 401


def test_a_trial_token_neither_subscribes_nor_gives_feedback(
    client: httpx.Client, province: Province
) -> None:
    feedback: dict[str, list[str]] = {"items": []}

    answer = client.post("/v1/feedback", json=feedback, headers=bearer(trial_token(province)))

    assert answer.status_code in (403, 422)
    assert infer(client, trial_token(province, scope=f"infer:{CAPABILITY}")).status_code == 403


def test_the_center_switches_trials_off_at_once(client: httpx.Client, province: Province) -> None:
    token = trial_token(province, calls=50)
    assert infer(client, token).status_code == 200

    province.trials = None
    province.publish()

    eventually(lambda: kind_or_none(infer(client, token)) == (403, "trials-off"))
    assert infer(client, province.token()).status_code == 200


def test_trials_share_a_limit_of_their_own_and_take_nothing_from_a_subscription(
    client: httpx.Client, province: Province
) -> None:
    go = province.folder / "go"
    slow = {"act": "hold", "until": str(go)}
    tokens = [trial_token(province) for _ in range(2)]
    seen = province.folder.parent / "peers" / "1.0.0.seen"
    before = len(seen.read_text().splitlines())
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(infer, client, token, json=slow) for token in tokens]
        # Nobody else may hold a place at the moment when these two come.
        eventually(lambda: len(seen.read_text().splitlines()) == before + 2)
        others = infer(client, trial_token(province))
        again = infer(client, tokens[0])
        subscriber = infer(client, province.token())
        go.touch()

    assert [kind_or_none(item.result()) for item in running] == [None, None]
    assert kind(others) == (429, "trials-busy")
    assert kind(again) == (429, "concurrency-limited")
    assert subscriber.status_code == 200
    assert infer(client, trial_token(province)).status_code == 200


def kind_or_none(answer: httpx.Response) -> tuple[int, str] | None:
    return kind(answer) if answer.status_code >= 400 else None


def test_a_subscriber_at_its_limit_is_not_helped_by_a_trial_nor_hindered(
    client: httpx.Client, province: Province
) -> None:
    province.subscribe(rate_per_second=0.01)
    province.publish()
    token = province.token()
    eventually(lambda: kind_or_none(infer(client, token)) == (429, "rate-limited"))

    tried = trial_token(province, calls=1)
    assert [infer(client, tried).status_code for _ in range(2)] == [200, 429]
    assert kind(infer(client, token)) == (429, "rate-limited")
    eventually(lambda: province.turned_away() == 2)
    assert province.turned_away(PERSON) == 0


def test_the_consoles_pages_may_call_after_asking_without_a_token(
    client: httpx.Client, province: Province
) -> None:
    asked = client.options(INFER, headers={"origin": CONSOLE, **PREFLIGHT})

    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == CONSOLE
    assert asked.headers["access-control-allow-methods"] == "POST"
    assert asked.headers["access-control-allow-headers"] == "authorization, content-type"
    assert "access-control-allow-credentials" not in asked.headers
    answer = infer(client, trial_token(province), headers={"origin": CONSOLE})
    assert answer.headers["access-control-allow-origin"] == CONSOLE
    assert "x-weights-digest" in answer.headers["access-control-expose-headers"]
    assert answer.headers["vary"] == "Origin"


def test_a_page_reads_refusals_too(client: httpx.Client, province: Province) -> None:
    expired = trial_token(province, iat=1, exp=100)

    answer = infer(client, expired, headers={"origin": CONSOLE})

    assert kind(answer) == (401, "token-expired")
    assert answer.headers["access-control-allow-origin"] == CONSOLE


def test_no_other_page_and_no_other_path_is_open_to_browsers(
    client: httpx.Client, province: Province
) -> None:
    places = [
        *((origin, INFER) for origin in ("http://evil.example", "null", f"{CONSOLE}.evil.example")),
        *((CONSOLE, path) for path in ("/v1/feedback", "/oauth2/token", "/health/live")),
    ]
    for origin, path in places:
        asked = client.options(path, headers={"origin": origin, **PREFLIGHT})
        answer = client.post(path, headers={"origin": origin, **bearer(trial_token(province))})

        assert kind(asked) == (405, "method-not-allowed")
        names = [*asked.headers, *answer.headers]
        assert not [name for name in names if name.startswith("access-control-")]


def test_two_origins_at_once_are_nobodys(client: httpx.Client) -> None:
    twice = [("origin", CONSOLE), ("origin", CONSOLE), *PREFLIGHT.items()]

    asked = client.request("OPTIONS", INFER, headers=twice)

    assert "access-control-allow-origin" not in asked.headers
    assert asked.status_code >= 400


def test_a_trial_in_the_binary_form_is_a_trial_too(
    client: httpx.Client, province: Province
) -> None:
    body = b'{"inputs":[]}' + struct.pack("<f", time.time())
    headers = {**bearer(trial_token(province)), "inference-header-content-length": "13"}

    answer = client.post(INFER, content=body, headers=headers)

    assert answer.json()["headers"]["x-trial"] == "1"
