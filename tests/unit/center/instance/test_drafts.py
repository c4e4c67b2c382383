"""Drafts: who may run them, for how long, and that nothing of them stays."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from capability_sdk.contracts.packages import DRAFT_TYPE, DraftRelease
from capability_sdk.contracts.state import DesiredState
from center.capability.store import CapabilityStore
from center.catalogue.standing import Standings
from center.instance import drafts
from center.instance.draft_store import Draft, DraftRow
from center.instance.drafts import DraftTerms
from center.instance.errors import NoProvingEdge
from center.objective.measuring import Measuring
from center.permissions import WORKER
from tests.center_store_world import Shop, approval_of, manifest, open_shop
from tests.center_world import EdgeWorld, decode_part, running_center

TERMS = DraftTerms("publish-gate", replicas=2, lifetime=timedelta(minutes=5))
VERSION = "/capabilities/digit-recognition/versions/1.0.0"
PROVING = {"name": "proving", "titles": {"zh": "验证", "en": "Proving"}, "kind": "proving"}


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    with running_center(database_url, tmp_path) as world:
        made = open_shop(world)
        made.keep(manifest())
        assert world.admin.post("/provinces", PROVING).status_code == 201
        yield made


@pytest.fixture
def edge(shop: Shop) -> EdgeWorld:
    return shop.world.enrol("proving").sign_in()


def _begin(shop: Shop) -> Draft:
    world = shop.world
    with world.database.session() as session:
        item = CapabilityStore(session).get("digit-recognition", "1.0.0")
        return drafts.begin(session, WORKER, item, TERMS, world.app.state.signer, world.clock())


def _end(shop: Shop, draft: Draft) -> None:
    with shop.world.database.session() as session:
        drafts.end(session, WORKER, draft, shop.world.clock())


def _state(edge: EdgeWorld) -> DesiredState:
    answer = edge.http.get(f"/api/v1/edges/{edge.identity.edge}/desired-state")
    assert answer.status_code == 200, answer.text
    return DesiredState.model_validate_json(decode_part(answer.text, 1))


def test_a_draft_stands_in_the_proving_province_alone(shop: Shop, edge: EdgeWorld) -> None:
    other = shop.world.enrol("zhejiang").sign_in()
    before = _state(other)

    draft = _begin(shop)

    (deployment,) = _state(edge).deployments
    (share,) = deployment.versions
    assert (deployment.capability, share.version, share.replicas) == (
        *("digit-recognition", "1.0.0"),
        2,
    )
    assert _state(other) == before
    (right,) = _state(edge).subscriptions
    assert (right.id, right.application, right.capability) == (
        *(draft.id, draft.application),
        "digit-recognition",
    )


def test_what_answers_a_draft_counts_in_no_budget_usage_or_figure_of_the_store(
    shop: Shop, edge: EdgeWorld
) -> None:
    draft, world = _begin(shop), shop.world
    call = {
        "request_id": "r-1",
        "at": world.clock().isoformat(),
        "application": draft.application,
        "subscription": draft.id,
        "capability": "digit-recognition",
        "version": "1.0.0",
        "status": 503,
        "units": 0,
        "latency_us": 900,
        "request_bytes": 9,
        "response_bytes": 9,
    }
    batch = {
        "stream": "usage-0",
        "epoch": 1,
        "records": [{"seq": 1, "kind": "usage", "body": call}],
    }
    sent = edge.http.post(f"/api/v1/edges/{edge.identity.edge}/telemetry", json=batch)
    assert sent.status_code == 200, sent.text

    Measuring(world.database, world.clock).run()
    Standings(world.database, world.clock).run()

    assert shop.admin.get("/usage?by=province").json()["items"] == []
    (counted,) = shop.admin.get("/usage?by=province&province=proving").json()["items"]
    assert (counted["province"], counted["calls"]) == ("proving", 1)
    assert shop.admin.get("/objectives").json()["items"] == []
    assert shop.gate()
    assert shop.author.post(f"{VERSION}:request-review").status_code == 200
    approved = shop.admin.post(f"{VERSION}:approve", approval_of(shop.admin, VERSION))
    assert approved.status_code == 200, approved.text
    (listed,) = shop.admin.get("/store").json()["items"]
    assert listed["standing"] is None


def test_its_release_names_province_and_end_and_is_no_release(shop: Shop, edge: EdgeWorld) -> None:
    _begin(shop)

    document = _state(edge).deployments[0].versions[0].release

    assert json.loads(decode_part(document, 0))["typ"] == DRAFT_TYPE
    key = jwt.PyJWK(edge.identity.release_keys[0])
    payload = jwt.PyJWS().decode(document, key, algorithms=["ES256"])
    release = DraftRelease.model_validate_json(payload)
    assert (release.province, release.version) == ("proving", "1.0.0")
    assert release.expires_at - shop.world.clock() == timedelta(minutes=5)


def test_only_the_proving_edge_fetches_the_package_and_only_meanwhile(
    shop: Shop, edge: EdgeWorld
) -> None:
    other = shop.world.enrol("zhejiang").sign_in()
    package = f"/api/v1{VERSION}/package"
    assert edge.http.get(package).status_code == 404

    draft = _begin(shop)

    assert edge.http.get(package).status_code == 200
    assert other.http.get(package).status_code == 404
    _end(shop, draft)
    assert edge.http.get(package).status_code == 404


def test_nothing_of_an_ended_draft_stays_in_the_desired_state(shop: Shop, edge: EdgeWorld) -> None:
    draft = _begin(shop)

    _end(shop, draft)

    state = _state(edge)
    assert (state.deployments, state.subscriptions) == ([], [])


def test_a_draft_that_nobody_ended_ends_by_itself(shop: Shop, edge: EdgeWorld) -> None:
    _begin(shop)

    shop.world.clock.move(timedelta(minutes=5))

    assert _state(edge).deployments == []


def test_a_draft_begun_again_takes_the_place_of_the_one_before(shop: Shop, edge: EdgeWorld) -> None:
    _begin(shop)
    second = _begin(shop)

    assert [right.id for right in _state(edge).subscriptions] == [second.id]
    with shop.world.database.session(write=False) as session:
        assert session.query(DraftRow).where(DraftRow.ended_at.is_(None)).count() == 1


def test_without_a_proving_edge_no_draft_begins(shop: Shop) -> None:
    with pytest.raises(NoProvingEdge):
        _begin(shop)


def test_a_revoked_proving_edge_proves_nothing(shop: Shop, edge: EdgeWorld) -> None:
    assert shop.admin.post(f"/edges/{edge.identity.edge}:revoke").status_code == 200

    with pytest.raises(NoProvingEdge):
        _begin(shop)


def test_people_find_the_proving_province_named_as_such_and_can_use_it_for_nothing(
    shop: Shop, edge: EdgeWorld
) -> None:
    assert edge.identity.kind == "proving"
    rows = shop.operator.get("/provinces").json()["items"]
    assert {row["name"]: row["kind"] for row in rows} == {
        "guizhou": "serving",
        "proving": "proving",
        "zhejiang": "serving",
    }
    offered = shop.operator.get("/provinces?kind=serving").json()
    assert [row["name"] for row in offered["items"]] == ["guizhou", "zhejiang"]

    application = shop.admin.post("/applications", {"name": "mine", "province": "proving"})
    shares = {"versions": [{"version": "1.0.0", "weight": 1}]}
    deployment = shop.admin.http.put(
        "/api/v1/provinces/proving/deployments/digit-recognition", json=shares
    )

    for answer in (application, deployment):
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/proving-province")


def test_an_author_tries_an_own_gated_version_and_ends_it(shop: Shop, edge: EdgeWorld) -> None:
    early = shop.author.post(f"{VERSION}:try")
    shop.gate()

    trial = shop.author.post(f"{VERSION}:try")

    assert (early.status_code, early.json()["type"]) == (409, "/problems/illegal-stage")
    assert trial.status_code == 200, trial.text
    claims = json.loads(decode_part(trial.json()["access_token"], 1))
    (right,) = _state(edge).subscriptions
    assert (claims["aud"], claims["scope"], claims["sub"]) == (
        *("urn:jiuzhou:gateway:proving", "infer:digit-recognition"),
        right.application,
    )
    assert shop.author.post(f"{VERSION}:end-try").status_code == 204
    assert _state(edge).deployments == []


def test_a_trial_ends_no_draft_of_the_gate(shop: Shop, edge: EdgeWorld) -> None:
    draft = _begin(shop)
    shop.gate()
    shop.author.post(f"{VERSION}:try")

    shop.author.post(f"{VERSION}:end-try")

    assert [right.id for right in _state(edge).subscriptions] == [draft.id]


def test_nobody_tries_what_is_another_organisations(shop: Shop, edge: EdgeWorld) -> None:
    shop.gate()

    assert shop.colleague.post(f"{VERSION}:try").status_code == 404
    assert shop.operator.post(f"{VERSION}:try").status_code == 403
    assert _state(edge).deployments == []


def test_without_a_proving_edge_a_trial_is_refused_by_name(shop: Shop) -> None:
    shop.gate()

    answer = shop.author.post(f"{VERSION}:try")

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/no-proving-edge")
