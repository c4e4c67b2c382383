"""Desired state: what is in it, when it changes, and who may have it."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest

from capability_sdk.contracts.packages import STATE_TYPE
from capability_sdk.contracts.state import DesiredState
from center.changes import ChangeFeed
from tests.center_store_world import Shop, manifest, open_shop
from tests.center_world import EdgeWorld, decode_part, running_center

PATH = "/provinces/zhejiang/deployments/digit-recognition"
VERSION = "/capabilities/digit-recognition/versions/1.0.0"


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    with running_center(database_url, tmp_path) as world:
        made = open_shop(world)
        made.publish(manifest())
        yield made


@pytest.fixture
def edge(shop: Shop) -> EdgeWorld:
    return shop.world.enrol("zhejiang").sign_in()


def _address(edge: EdgeWorld, after: int = 0, wait: float = 0) -> str:
    return f"/api/v1/edges/{edge.identity.edge}/desired-state?after={after}&wait={wait}"


def _state(edge: EdgeWorld, after: int = 0) -> DesiredState:
    answer = edge.http.get(_address(edge, after))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/jose"
    assert json.loads(decode_part(answer.text, 0))["typ"] == STATE_TYPE
    key = jwt.PyJWK(edge.identity.state_keys[0])
    payload = jwt.PyJWS().decode(answer.text, key, algorithms=["ES256"])
    return DesiredState.model_validate_json(payload)


def _deploy(shop: Shop, *versions: str, engine: str | None = None) -> None:
    shares = [{"version": item, "weight": 1, "engine": engine} for item in versions or ("1.0.0",)]
    answer = shop.operator.http.put(f"/api/v1{PATH}", json={"versions": shares})
    assert answer.status_code == 200, answer.text


def test_an_engine_that_a_deployment_names_reaches_the_province(
    shop: Shop, edge: EdgeWorld
) -> None:
    _deploy(shop)
    (before,) = _state(edge).deployments[0].versions
    _deploy(shop, engine="triton")
    (after,) = _state(edge).deployments[0].versions

    assert (before.engine, after.engine) == (None, "triton")
    assert before.package_digest == after.package_digest


def test_the_document_holds_everything_that_the_province_needs(shop: Shop, edge: EdgeWorld) -> None:
    application = shop.application()
    foreign = shop.application("other", "guizhou")
    subscription = shop.subscribe(application)
    assert _state(edge).subscriptions == []
    shop.admin.post(f"/subscriptions/{subscription}:approve")
    _deploy(shop)

    state = _state(edge)

    assert (state.province, state.edge, state.epoch) == ("zhejiang", edge.identity.edge, 1)
    assert state.expires_at - state.issued_at == timedelta(days=7)
    assert state.zone == "Asia/Shanghai"
    assert [item.client_id for item in state.applications] == [application]
    assert foreign not in state.model_dump_json()
    assert [(item.id, item.active, item.daily_quota) for item in state.subscriptions] == [
        (subscription, True, 1000)
    ]
    (share,) = state.deployments[0].versions
    digests = shop.operator.get(VERSION).json()["digests"]
    assert share.package_digest == digests["package"]
    assert json.loads(decode_part(share.release, 1))["capability"] == "digit-recognition"
    assert len(state.token_keys.keys) == 1


def _changes(shop: Shop, application: str, subscription: str) -> list[Callable[[], Any]]:
    here = f"/subscriptions/{subscription}"
    expires = (shop.world.clock() + timedelta(minutes=10)).isoformat()
    return [
        lambda: shop.admin.post(f"{here}:approve"),
        lambda: shop.admin.post(f"{here}:suspend"),
        lambda: shop.admin.post(f"{here}:revoke"),
        lambda: shop.operator.post(f"/applications/{application}/secrets"),
        lambda: shop.operator.post(f"/applications/{application}:suspend"),
        lambda: shop.admin.post("/token-revocations", {"jti": "t-1", "expires_at": expires}),
        lambda: shop.admin.post("/token-keys:rotate", {}),
        lambda: _deploy(shop, "1.0.0", "1.1.0"),
        lambda: shop.author.post(f"{VERSION}:withdraw", {"reason": "wrong labels"}),
        lambda: shop.operator.delete(PATH),
    ]


def test_every_change_of_any_domain_is_a_new_revision_and_nothing_else_is(
    shop: Shop, edge: EdgeWorld
) -> None:
    shop.publish(manifest(version="1.1.0"))
    application = shop.application()
    subscription = shop.subscribe(application)
    _deploy(shop)
    revision = _state(edge).revision

    for change in _changes(shop, application, subscription):
        answer = change()
        assert answer is None or answer.status_code < 300, answer.text
        assert edge.http.get(_address(edge, revision)).status_code == 200
        state = _state(edge)
        assert state.revision == revision + 1
        revision = state.revision
        assert edge.http.get(_address(edge, revision)).status_code == 204

    shop.keep(manifest("something-else"))
    shop.subscribe(shop.application("third", "zhejiang"))
    assert _state(edge).revision == revision + 1  # the application; the request is not yet granted


def test_a_withdrawn_version_leaves_and_the_others_keep_their_weights(
    shop: Shop, edge: EdgeWorld
) -> None:
    shop.publish(manifest(version="1.1.0"))
    _deploy(shop, "1.0.0", "1.1.0")

    shop.author.post(f"{VERSION}:withdraw", {"reason": "wrong labels"})

    (deployment,) = _state(edge).deployments
    assert [(item.version, item.weight) for item in deployment.versions] == [("1.1.0", 1)]


def test_the_document_is_issued_again_before_it_expires(shop: Shop, edge: EdgeWorld) -> None:
    first = _state(edge)
    shop.world.clock.move(timedelta(days=3))
    edge.sign_in()
    assert edge.http.get(_address(edge, first.revision)).status_code == 204

    shop.world.clock.move(timedelta(hours=13))
    edge.sign_in()

    second = _state(edge, first.revision)
    assert second.revision == first.revision + 1
    assert second.expires_at > first.expires_at


def test_a_revocation_that_no_longer_matters_leaves_the_document(
    shop: Shop, edge: EdgeWorld
) -> None:
    expires = (shop.world.clock() + timedelta(minutes=5)).isoformat()
    shop.admin.post("/token-revocations", {"jti": "t-1", "expires_at": expires})
    assert _state(edge).revoked_tokens == ["t-1"]

    shop.world.clock.move(timedelta(minutes=6))

    assert _state(edge).revoked_tokens == []


def test_revisions_go_on_from_the_edges_own_after_the_center_was_restored(
    edge: EdgeWorld,
) -> None:
    assert _state(edge).revision == 1

    restored = _state(edge, after=41)

    assert restored.revision == 42
    assert edge.http.get(_address(edge, 42)).status_code == 204


def test_an_edge_that_enrolled_again_gets_its_epoch_at_a_later_revision(
    shop: Shop, edge: EdgeWorld
) -> None:
    before = _state(edge)

    again = shop.world.enrol("zhejiang").sign_in()

    state = _state(again)
    assert (state.epoch, state.revision) == (2, before.revision + 1)
    assert edge.http.get(_address(edge)).status_code == 401


def test_only_the_edge_itself_gets_its_state(shop: Shop, edge: EdgeWorld) -> None:
    other = shop.world.enrol("guizhou").sign_in()

    foreign = other.http.get(_address(edge))

    assert (foreign.status_code, foreign.json()["type"]) == (403, "/problems/other-edge")
    path = _address(edge).removeprefix("/api/v1")
    assert shop.admin.get(path).status_code == 403
    assert shop.operator.get(path).status_code == 403
    assert shop.world.anonymous.get(_address(edge)).status_code == 401


def test_an_edge_fetches_the_packages_that_it_is_to_run_and_no_others(
    shop: Shop, edge: EdgeWorld
) -> None:
    package = f"/api/v1{VERSION}/package"
    refused = edge.http.get(package)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-permitted")

    _deploy(shop)

    fetched = edge.http.get(package)
    assert (fetched.status_code, fetched.headers["content-type"]) == (200, "application/gzip")
    assert fetched.content == shop.author.get(f"{VERSION}/package").content
    other = shop.world.enrol("guizhou").sign_in()
    assert other.http.get(package).status_code == 403
    assert shop.operator.get(f"{VERSION}/package").status_code == 403
    assert shop.colleague.get(f"{VERSION}/package").status_code == 403
    shop.author.post(f"{VERSION}:withdraw", {"reason": "wrong labels"})
    assert edge.http.get(package).status_code == 404


def _client(edge: EdgeWorld) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=edge.app),
        base_url="http://center",
        headers={"Authorization": edge.http.headers["Authorization"]},
        timeout=30,
    )


async def test_long_polls_end_at_once_when_the_service_stops(edge: EdgeWorld) -> None:
    revision = _state(edge).revision
    feed: ChangeFeed = edge.app.state.change_feed
    async with _client(edge) as http:
        polls = [asyncio.create_task(http.get(_address(edge, revision, 60))) for _ in range(3)]
        assert (await http.get(_address(edge, revision, 0.4))).status_code == 204

        feed.close()

        async with asyncio.timeout(30):
            answers = await asyncio.gather(*polls)
    assert [answer.status_code for answer in answers] == [204] * 3


async def test_a_long_poll_hears_of_a_change_long_before_its_end(
    shop: Shop, edge: EdgeWorld
) -> None:
    application = shop.application()
    revision = _state(edge).revision
    async with _client(edge) as http:
        polls = [asyncio.create_task(http.get(_address(edge, revision, 20))) for _ in range(50)]
        quiet = await http.get(_address(edge, revision, 0.4))
        assert quiet.status_code == 204
        assert not any(poll.done() for poll in polls)

        await asyncio.to_thread(shop.operator.post, f"/applications/{application}:suspend")
        changed = time.monotonic()
        answers = await asyncio.gather(*polls)
        heard = time.monotonic() - changed

    assert [answer.status_code for answer in answers] == [200] * 50
    assert heard < 15.0  # the poll's end would come after 20 s; how fast is the campaigns' bar
    assert json.loads(decode_part(answers[0].text, 1))["revision"] == revision + 1
