"""Tokens, keys and revocation on every engine, through HTTP."""

import json
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from httpx2 import Response

from capability_sdk.contracts.tokens import Claims
from center.access.service import current_key_set, revoked_tokens
from tests.center_world import EdgeWorld, World, decode_part, running_center


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    with running_center(database_url, tmp_path) as made:
        made.add_province("zhejiang")
        yield made


@pytest.fixture
def edge(world: World) -> EdgeWorld:
    return world.enrol("zhejiang")


def _relay(edge: EdgeWorld, application: dict[str, str], scope: str = "") -> Response:
    body = {**application, "scope": scope}
    return edge.http.post(f"/api/v1/edges/{edge.identity.edge}/tokens", json=body)


def _application(world: World) -> dict[str, str]:
    body = {"name": secrets.token_hex(4), "province": "zhejiang"}
    made: dict[str, str] = world.admin.post("/applications", body).json()
    return made


def test_an_edge_proves_its_key_and_gets_a_token_for_the_center(edge: EdgeWorld) -> None:
    answer = edge.ask_token()

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
    claims = json.loads(decode_part(body["access_token"], 1))
    assert (claims["aud"], claims["sub"], claims["epoch"]) == (
        "urn:jiuzhou:center",
        "edge-zhejiang",
        1,
    )


def test_an_assertion_is_used_once_even_at_the_same_moment(edge: EdgeWorld) -> None:
    assertion = edge.assertion()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(edge.ask_token, [assertion] * 4))

    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


Change = Callable[[EdgeWorld], str]


_ASSERTIONS: dict[str, Change] = {
    "expired": lambda e: e.assertion(exp=int(e.clock().timestamp()) - 31),
    "lives too long": lambda e: e.assertion(exp=int(e.clock().timestamp()) + 3600),
    "not yet valid": lambda e: e.assertion(nbf=int(e.clock().timestamp()) + 3600),
    "from the future": lambda e: e.assertion(iat=int(e.clock().timestamp()) + 3600),
    "no expiry": lambda e: e.assertion(exp=None),
    "expiry as text": lambda e: e.assertion(exp="9999999999"),
    "expiry as truth": lambda e: e.assertion(exp=True),
    "no id": lambda e: e.assertion(jti=None),
    "other audience": lambda e: e.assertion(aud="urn:jiuzhou:gateway:zhejiang"),
    "audience in a list": lambda e: e.assertion(aud=["urn:jiuzhou:center"]),
    "other issuer": lambda e: e.assertion(iss="edge-guizhou"),
    "unknown edge": lambda e: e.assertion(iss="edge-hunan", sub="edge-hunan"),
    "subject in a list": lambda e: e.assertion(sub=["edge-zhejiang"]),
    "other key": lambda e: EdgeWorld(
        e.app, e.clock, e.identity, generate_private_key(SECP256R1())
    ).assertion(),
    "not signed": lambda e: jwt.encode(_claims(e), "", "none"),
    "signed with the public key as secret": lambda e: jwt.encode(_claims(e), "x" * 32, "HS256"),
    "embedded key": lambda e: jwt.encode(_claims(e), e.key, "ES256", headers={"jwk": {}}),
    "key address": lambda e: jwt.encode(
        _claims(e), e.key, "ES256", headers={"jku": "http://127.0.0.1:9/"}
    ),
    "critical header": lambda e: jwt.encode(
        _claims(e), e.key, "ES256", headers={"crit": ["x"], "x": 1}
    ),
    "access token type": lambda e: jwt.encode(
        _claims(e), e.key, "ES256", headers={"typ": "at+jwt"}
    ),
    "no signature": lambda e: e.assertion().rpartition(".")[0] + ".",
    "other spelling of the signature": lambda e: _respell(e.assertion()),
    "empty": lambda _: "x",
    "huge": lambda e: e.assertion(padding="x" * 9000),
}


def _claims(edge: EdgeWorld) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(decode_part(edge.assertion(), 1))
    return claims


def _respell(token: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) + 1]


def test_no_crooked_assertion_is_accepted_and_all_are_answered_the_same(edge: EdgeWorld) -> None:
    answers = {name: edge.ask_token(make(edge)) for name, make in _ASSERTIONS.items()}

    assert {name for name, answer in answers.items() if answer.status_code != 401} == set()
    assert len({answer.text for answer in answers.values()}) == 1
    assert answers["expired"].json()["type"] == "/problems/invalid-client"
    assert edge.ask_token().status_code == 200


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "password", "username": "root", "password": "x"},
        {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"},
        {},
    ],
)
def test_other_grants_are_refused(world: World, form: dict[str, str]) -> None:
    answer = world.anonymous.post("/oauth2/token", data=form)

    assert answer.status_code == 400


def test_an_edge_token_ends_when_the_edge_enrols_again(world: World, edge: EdgeWorld) -> None:
    edge.sign_in()
    path = f"/api/v1/edges/{edge.identity.edge}/tokens"
    body = {"client_id": "a", "client_secret": "b"}

    assert edge.http.post(path, json=body).json()["type"] == "/problems/invalid-client"
    world.enrol("zhejiang")
    assert edge.http.post(path, json=body).json()["type"] == "/problems/not-authenticated"
    assert edge.ask_token().status_code == 401


def test_an_edge_token_expires(world: World, edge: EdgeWorld) -> None:
    edge.sign_in()
    world.clock.move(timedelta(minutes=15))

    answer = _relay(edge, _application(world))

    assert answer.json()["type"] == "/problems/not-authenticated"


def test_a_caller_gets_nothing_without_a_subscription(world: World, edge: EdgeWorld) -> None:
    edge.sign_in()

    answer = _relay(edge, _application(world))

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/capability-not-granted")


def _grant(world: World, application: dict[str, str], *capabilities: str) -> None:
    granted = {application["client_id"]: frozenset(capabilities)}
    world.app.state.grants = lambda _, client_id: granted.get(client_id, frozenset())


def test_a_granted_caller_gets_a_token_for_the_own_province(world: World, edge: EdgeWorld) -> None:
    edge.sign_in()
    application = _application(world)
    _grant(world, application, "digit-recognition", "cell-outage")

    everything = _relay(edge, application)
    one = _relay(edge, application, "infer:digit-recognition")

    assert everything.status_code == 200, everything.text
    assert everything.headers["cache-control"] == "no-store"
    assert everything.json()["scope"] == "infer:cell-outage infer:digit-recognition"
    assert one.json()["scope"] == "infer:digit-recognition"
    token = one.json()["access_token"]
    with world.database.session(write=False) as session:
        keys = current_key_set(session, world.clock()).keys
    header = jwt.get_unverified_header(token)
    assert header == {"alg": "ES256", "typ": "at+jwt", "kid": keys[0]["kid"]}
    jwt.PyJWS().decode(token, jwt.PyJWK(keys[0]).key, algorithms=["ES256"])
    claims = Claims.model_validate_json(decode_part(token, 1))
    assert claims.aud == "urn:jiuzhou:gateway:zhejiang"
    assert claims.iss == "urn:jiuzhou:center"
    assert claims.sub == claims.client_id == application["client_id"]
    assert claims.exp - claims.iat == 900
    assert (
        claims.jti
        != Claims.model_validate_json(decode_part(everything.json()["access_token"], 1)).jti
    )


@pytest.mark.parametrize(
    ("scope", "status", "kind"),
    [
        ("infer:other", 403, "capability-not-granted"),
        ("infer:digit-recognition infer:other", 403, "capability-not-granted"),
        ("infer:Digit-Recognition", 403, "capability-not-granted"),
        ("trial:digit-recognition", 400, "invalid-scope"),
        ("edge", 400, "invalid-scope"),
        ("*", 400, "invalid-scope"),
    ],
)
def test_no_more_is_given_than_what_is_granted(
    world: World, edge: EdgeWorld, scope: str, status: int, kind: str
) -> None:
    edge.sign_in()
    application = _application(world)
    _grant(world, application, "digit-recognition")

    answer = _relay(edge, application, scope)

    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")


def test_both_secrets_hold_during_a_change_over_and_a_removed_one_does_not(
    world: World, edge: EdgeWorld
) -> None:
    edge.sign_in()
    application = _application(world)
    _grant(world, application, "digit-recognition")
    path = f"/applications/{application['client_id']}"
    old = world.admin.get(path).json()["secrets"][0]["id"]
    new = world.admin.post(f"{path}/secrets").json()
    renewed = {**application, "client_secret": new["client_secret"]}

    assert [_relay(edge, item).status_code for item in (application, renewed)] == [200, 200]
    world.admin.delete(f"{path}/secrets/{old}")
    assert [_relay(edge, item).status_code for item in (application, renewed)] == [401, 200]


def test_a_token_too_large_for_a_gateway_is_not_made(world: World, edge: EdgeWorld) -> None:
    edge.sign_in()
    application = _application(world)
    _grant(world, application, *(f"capability-number-{n:040}" for n in range(200)))

    answer = _relay(edge, application)

    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid-scope")


def test_an_access_token_of_a_caller_opens_nothing_at_the_center(
    world: World, edge: EdgeWorld
) -> None:
    edge.sign_in()
    application = _application(world)
    _grant(world, application, "digit-recognition")
    token = _relay(edge, application).json()["access_token"]

    bearer = {"Authorization": f"Bearer {token}"}
    path = f"/api/v1/edges/{edge.identity.edge}/tokens"

    assert world.anonymous.get("/api/v1/me", headers=bearer).status_code == 401
    assert world.anonymous.post(path, json=application, headers=bearer).status_code == 401


def test_a_wrong_secret_an_unknown_client_and_a_suspended_one_are_answered_the_same(
    world: World, edge: EdgeWorld
) -> None:
    edge.sign_in()
    wrong = {**_application(world), "client_secret": "guess"}
    suspended = _application(world)
    world.admin.post(f"/applications/{suspended['client_id']}:suspend")

    answers = [
        _relay(edge, wrong),
        _relay(edge, {"client_id": "app-unknown", "client_secret": "guess"}),
        _relay(edge, {"client_id": "a\x00b", "client_secret": "guess\x00"}),
        _relay(edge, suspended),
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["type"] == "/problems/invalid-client"


def test_another_provinces_edge_cannot_ask_for_this_ones_applications(
    world: World, edge: EdgeWorld
) -> None:
    world.add_province("guizhou")
    other = world.enrol("guizhou").sign_in()
    application = _application(world)

    as_itself = _relay(other, application)
    path = f"/api/v1/edges/{edge.identity.edge}/tokens"
    as_the_first = other.http.post(path, json=application)

    assert as_itself.status_code == 401
    assert as_the_first.status_code == 404


def test_a_new_token_key_is_published_before_it_signs_and_the_old_one_verifies_on(
    world: World, edge: EdgeWorld
) -> None:
    def signs_with() -> str:
        token = edge.ask_token().json()["access_token"]
        return str(jwt.get_unverified_header(token)["kid"])

    def published() -> list[str]:
        answer = world.anonymous.get("/.well-known/jwks.json").json()
        assert all("d" not in key for key in answer["keys"])
        return [key["kid"] for key in answer["keys"]]

    def version() -> int:
        with world.database.session(write=False) as session:
            return current_key_set(session, world.clock()).version

    old, first_version = signs_with(), version()
    made = world.admin.post("/token-keys:rotate").json()
    again = world.admin.post("/token-keys:rotate")

    assert (again.status_code, again.json()["type"]) == (409, "/problems/rotation-under-way")
    assert published() == [made["kid"], old]
    assert signs_with() == old
    rotated_version = version()
    world.clock.move(timedelta(minutes=2))
    assert signs_with() == made["kid"]
    world.clock.move(timedelta(minutes=29, seconds=59))
    assert published() == [made["kid"], old]
    world.clock.move(timedelta(seconds=1))
    assert published() == [made["kid"]]
    assert first_version < rotated_version < version()


def test_tokens_of_a_leaked_key_are_refused_at_once(world: World, edge: EdgeWorld) -> None:
    edge.sign_in()
    application = _application(world)
    assert _relay(edge, application).status_code == 403

    made = world.admin.post("/token-keys:rotate", {"leaked": True}).json()

    assert _relay(edge, application).json()["type"] == "/problems/not-authenticated"
    assert _relay(edge.sign_in(), application).status_code == 403
    keys = world.anonymous.get("/.well-known/jwks.json").json()["keys"]
    assert [key["kid"] for key in keys] == [made["kid"]]


def test_J24_a_revoked_token_is_listed_until_no_gateway_takes_it_any_more(world: World) -> None:
    expires = world.clock() + timedelta(minutes=10)
    body = {"jti": "t-1", "expires_at": expires.isoformat()}

    assert world.admin.post("/token-revocations", body).status_code == 204
    assert world.admin.post("/token-revocations", body).status_code == 204
    with world.database.session(write=False) as session:
        assert revoked_tokens(session, "zhejiang", world.clock()) == ["t-1"]
        assert revoked_tokens(session, "zhejiang", expires + timedelta(seconds=30)) == ["t-1"]
        assert revoked_tokens(session, "zhejiang", expires + timedelta(minutes=2)) == []
    past = {"jti": "t-2", "expires_at": (world.clock() - timedelta(seconds=1)).isoformat()}
    assert world.admin.post("/token-revocations", past).status_code == 422


def test_the_state_and_release_keys_that_an_edge_pins_verify_what_the_center_signs(
    world: World, edge: EdgeWorld
) -> None:
    signer = world.app.state.signer
    for purpose, pinned in (
        ("state", edge.identity.state_keys),
        ("release", edge.identity.release_keys),
    ):
        token = signer.sign_jws(b'{"a":1}', f"jiuzhou-{purpose}+jwt", purpose)

        key = jwt.PyJWK(pinned[0])
        assert jwt.PyJWS().decode(token, key.key, algorithms=["ES256"]) == b'{"a":1}'
        header = jwt.get_unverified_header(token)
        assert header == {
            "alg": "ES256",
            "kid": pinned[0]["kid"],
            "typ": f"jiuzhou-{purpose}+jwt",
        }


def test_no_private_key_stands_in_the_open(world: World, tmp_path: Path) -> None:
    world.database.close()
    master = tmp_path / "data" / "keys" / "master.key"

    assert master.stat().st_mode & 0o777 == 0o600
    assert master.parent.stat().st_mode & 0o777 == 0o700
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("center.db*"))
    assert b"PRIVATE KEY" not in stored
