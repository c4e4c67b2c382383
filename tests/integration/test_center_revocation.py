"""What is revoked stays so: applications, secrets, edges and signing keys."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from capability_sdk.contracts.state import DesiredState
from capability_sdk.contracts.tokens import credential_mark
from center.identity.domain import digest
from tests.center_store_world import Author, Shop, approval_of, manifest, open_shop, path_of
from tests.center_world import EdgeWorld, decode_part, running_center

ITEM = manifest()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running_center(f"sqlite:///{tmp_path / 'c.db'}", tmp_path) as world:
        yield open_shop(world)


@pytest.fixture
def edge(shop: Shop) -> EdgeWorld:
    shop.publish(ITEM)
    return shop.world.enrol("zhejiang").sign_in()


def _grant(shop: Shop) -> dict[str, str]:
    body = {"name": "desk", "province": "zhejiang"}
    made: dict[str, str] = shop.admin.post("/applications", body).json()
    subscription = shop.subscribe(made["client_id"])
    assert shop.admin.post(f"/subscriptions/{subscription}:approve").status_code == 200
    return made


def _ask_token(edge: EdgeWorld, application: dict[str, str]) -> int:
    address = f"/api/v1/edges/{edge.identity.edge}/tokens"
    return edge.http.post(address, json=application).status_code


def _state(edge: EdgeWorld) -> DesiredState:
    answer = edge.http.get(f"/api/v1/edges/{edge.identity.edge}/desired-state")
    assert answer.status_code == 200, answer.text
    return DesiredState.model_validate_json(decode_part(answer.text, 1))


def _acts(shop: Shop) -> list[str]:
    return [item["act"] for item in shop.admin.get("/audit?limit=5").json()["items"]]


def test_J24_a_revoked_application_gets_no_token_and_never_comes_back(
    shop: Shop, edge: EdgeWorld
) -> None:
    application = _grant(shop)
    path = f"/applications/{application['client_id']}"
    assert _ask_token(edge, application) == 200

    shown = shop.operator.post(f"{path}:revoke")

    assert shown.status_code == 200
    assert (shown.json()["is_active"], shown.json()["is_revoked"]) == (False, True)
    assert shown.json()["secrets"] == []
    assert _ask_token(edge, application) == 401
    assert "application.revoked" in _acts(shop)
    for act in (f"{path}:resume", f"{path}/secrets", f"{path}:revoke"):
        refused = shop.admin.post(act)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/already-revoked")


def test_J24_tokens_of_a_removed_secret_are_refused_until_they_have_expired_and_no_others(
    shop: Shop, edge: EdgeWorld
) -> None:
    application = _grant(shop)
    path = f"/applications/{application['client_id']}"
    mark = credential_mark(digest(application["client_secret"]))
    address = f"/api/v1/edges/{edge.identity.edge}/tokens"
    token = edge.http.post(address, json=application).json()["access_token"]
    old = shop.admin.get(path).json()["secrets"][0]["id"]
    new = shop.admin.post(f"{path}/secrets").json()
    assert _state(edge).revoked_tokens == []

    assert shop.admin.delete(f"{path}/secrets/{old}").status_code == 204

    assert json.loads(decode_part(token, 1))["credential"] == mark
    assert _state(edge).revoked_tokens == [mark]
    assert _ask_token(edge, application) == 401
    assert _ask_token(edge, {**application, "client_secret": new["client_secret"]}) == 200
    shop.world.clock.move(timedelta(minutes=17))
    assert _state(edge.sign_in()).revoked_tokens == []


def test_J24_a_revoked_edge_may_only_learn_that_it_has_no_rights_until_it_enrols_again(
    shop: Shop, edge: EdgeWorld
) -> None:
    application = _grant(shop)
    assert len(_state(edge).subscriptions) == 1

    answer = shop.admin.post(f"/edges/{edge.identity.edge}:revoke")

    assert answer.json()["revoked_at"] is not None
    state = _state(edge)
    assert (state.applications, state.subscriptions, state.deployments) == ([], [], [])
    assert _ask_token(edge, application) == 403
    telemetry = f"/api/v1/edges/{edge.identity.edge}/telemetry"
    assert edge.http.post(telemetry, json={}).status_code == 403
    assert shop.admin.post(f"/edges/{edge.identity.edge}:revoke").status_code == 409
    assert shop.operator.post(f"/edges/{edge.identity.edge}:revoke").status_code == 403
    again = shop.world.enrol("zhejiang").sign_in()
    assert len(_state(again).subscriptions) == 1
    assert _ask_token(again, application) == 200


def test_E14_nothing_rests_on_a_withdrawn_signing_key_any_more(shop: Shop, tmp_path: Path) -> None:
    author = Author(shop.author, tmp_path)
    assert author.upload(author.build(ITEM)).status_code == 201
    assert shop.gate()
    assert shop.author.post(f"{path_of(ITEM)}:request-review").status_code == 200
    key = shop.author.get("/signing-keys").json()["items"][0]["id"]
    assert shop.colleague.post(f"/signing-keys/{key}:withdraw").status_code == 404

    assert shop.author.post(f"/signing-keys/{key}:withdraw").status_code == 200

    uploaded = author.upload(author.build(manifest(version="1.0.1")))
    body = approval_of(shop.admin, path_of(ITEM))
    approved = shop.admin.post(f"{path_of(ITEM)}:approve", body)
    for refused in (uploaded, approved):
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/signature-refused")
    assert shop.admin.post(f"/signing-keys/{key}:withdraw").status_code == 409
    assert "signing-key.withdrawn" in _acts(shop)


def test_a_waiting_edge_hears_a_heartbeat_and_then_that_nothing_is_new(edge: EdgeWorld) -> None:
    known = _state(edge).revision
    address = f"/api/v1/edges/{edge.identity.edge}/desired-state"

    answer = edge.http.get(f"{address}?after={known}&wait=0.7&heartbeat=0.2")

    assert (answer.status_code, set(answer.text)) == (200, {"\n"})
    assert len(answer.text) >= 2
