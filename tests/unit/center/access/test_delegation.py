"""What the center certifies: a province's own issuer, for as much and as long as an admin lets it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from capability_sdk.contracts.state import DesiredState
from capability_sdk.contracts.tokens import audience, delegated_issuer
from center.access.keys import public_jwk
from tests.center_world import EdgeWorld, World, running_center


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with running_center(f"sqlite:///{tmp_path / 'c.db'}", tmp_path) as world:
        for name in ("zhejiang", "guizhou"):
            world.add_province(name)
        yield world


@pytest.fixture
def edge(world: World) -> EdgeWorld:
    return world.enrol("zhejiang").sign_in()


def _jwk() -> dict[str, Any]:
    return public_jwk(generate_private_key(SECP256R1()).public_key())


def _register(edge: EdgeWorld, jwk: dict[str, Any]) -> int:
    path = f"/api/v1/edges/{edge.identity.edge}/issuer-key"
    status: int = edge.http.put(path, json={"public_key": jwk}).status_code
    return status


def _state(edge: EdgeWorld, after: int = 0) -> DesiredState:
    path = f"/api/v1/edges/{edge.identity.edge}/desired-state?after={after}&wait=0"
    key = jwt.PyJWK(edge.identity.state_keys[0])
    payload = jwt.PyJWS().decode(edge.http.get(path).text, key, algorithms=["ES256"])
    return DesiredState.model_validate_json(payload)


def _decide(world: World, enabled: bool, capabilities: list[str] | None = None) -> int:
    body = {"enabled": enabled, "capabilities": capabilities}
    path = "/api/v1/provinces/zhejiang/delegated-issuer"
    status: int = world.admin.http.put(path, json=body).status_code
    return status


def test_a_registered_key_is_certified_for_its_province_and_three_days(
    world: World, edge: EdgeWorld
) -> None:
    assert _state(edge).issuer is None
    jwk = _jwk()

    assert _register(edge, {**jwk, "kid": "a name of its own"}) == 204

    certificate = _state(edge).issuer
    assert certificate is not None
    assert (certificate.issuer, certificate.audience) == (
        delegated_issuer("zhejiang"),
        audience("zhejiang"),
    )
    # The key is named by what it is, not by what the edge says.
    assert certificate.key["kid"] == jwk["kid"]
    assert certificate.capabilities is None
    assert certificate.expires_at == world.clock() + timedelta(hours=72)


def test_the_same_key_again_changes_nothing(edge: EdgeWorld) -> None:
    jwk = _jwk()
    _register(edge, jwk)
    revision = _state(edge).revision

    assert _register(edge, jwk) == 204
    assert _state(edge).revision == revision


def test_a_certificate_is_renewed_at_half_its_life(world: World, edge: EdgeWorld) -> None:
    _register(edge, _jwk())
    first = _state(edge)
    world.clock.moment += timedelta(hours=37)

    renewed = _state(edge.sign_in(), first.revision)

    assert renewed.revision == first.revision + 1
    assert renewed.issuer is not None
    assert renewed.issuer.expires_at == world.clock() + timedelta(hours=72)


def test_an_admin_narrows_and_withdraws_what_is_certified(world: World, edge: EdgeWorld) -> None:
    _register(edge, _jwk())

    assert _decide(world, True, ["digit-recognition"]) == 200
    narrowed = _state(edge)
    assert narrowed.issuer is not None
    assert narrowed.issuer.capabilities == ["digit-recognition"]

    assert _decide(world, False) == 200
    assert _state(edge).issuer is None
    acts = [item["act"] for item in world.admin.http.get("/api/v1/audit").json()["items"]]
    assert acts.count("delegation.decided") == 2
    assert acts.count("issuer-key.registered") == 1


def test_nobody_but_an_admin_decides(world: World) -> None:
    operator = world.add_person("chen", "operator", "zhejiang")
    path = "/api/v1/provinces/zhejiang/delegated-issuer"

    assert operator.http.put(path, json={"enabled": True}).status_code == 403
    assert operator.http.get(path).status_code == 403


def test_an_edge_registers_a_key_for_itself_alone(world: World, edge: EdgeWorld) -> None:
    world.enrol("guizhou")

    answer = edge.http.put("/api/v1/edges/edge-guizhou/issuer-key", json={"public_key": _jwk()})

    assert answer.status_code == 404
    assert (
        world.admin.http.put(
            "/api/v1/edges/edge-zhejiang/issuer-key", json={"public_key": _jwk()}
        ).status_code
        == 403
    )


def test_only_a_key_of_its_own_is_taken(edge: EdgeWorld) -> None:
    assert _register(edge, public_jwk(edge.key.public_key())) == 422
    assert _register(edge, {"kty": "RSA", "n": "AQAB", "e": "AQAB"}) == 422
    assert _register(edge, {**_jwk(), "d": "AAAA"}) == 422


def test_enrolling_again_ends_the_certificate(world: World, edge: EdgeWorld) -> None:
    _register(edge, _jwk())

    again = world.enrol("zhejiang").sign_in()

    assert _state(again).issuer is None


def test_the_center_takes_no_token_of_a_provinces_issuer(world: World, edge: EdgeWorld) -> None:
    key = generate_private_key(SECP256R1())
    jwk = public_jwk(key.public_key())
    _register(edge, jwk)
    now = int(world.clock().timestamp())
    for issuer in (delegated_issuer("zhejiang"), "urn:jiuzhou:center"):
        claims = {
            "iss": issuer, "aud": "urn:jiuzhou:center", "sub": edge.identity.edge,
            "client_id": edge.identity.edge, "scope": "edge", "epoch": edge.identity.epoch,
            "jti": "t-1", "iat": now, "exp": now + 600,
        }  # fmt: skip
        headers = {"typ": "at+jwt", "kid": jwk["kid"]}
        token = jwt.encode(claims, key, "ES256", headers=headers)
        edge.http.headers["Authorization"] = f"Bearer {token}"

        assert (
            edge.http.get("/api/v1/edges/edge-zhejiang/desired-state?after=0&wait=0").status_code
            == 401
        )


def test_tokens_that_a_province_issued_away_stand_in_the_trail_once(
    world: World, edge: EdgeWorld
) -> None:
    token = {
        "at": world.clock().isoformat(), "application": "app-1", "scope": "infer:digits",
        "jti": "t-1", "kid": "k" * 43, "expires_at": world.clock().isoformat(),
    }  # fmt: skip
    record = {"seq": 1, "kind": "issuance", "body": token}
    batch = {"schema": 1, "stream": "issuance", "epoch": 1, "records": [record]}
    for _ in range(2):
        answer = edge.http.post("/api/v1/edges/edge-zhejiang/telemetry", json=batch)
        assert answer.json() == {"applied_through": 1}

    acts = world.admin.http.get("/api/v1/audit").json()["items"]
    found = [item for item in acts if item["act"] == "token.issued-while-away"]
    assert [(item["actor"], item["subject"]) for item in found] == [
        ("edge-zhejiang", "application/app-1")
    ]
    assert found[0]["detail"]["jti"] == "t-1"
