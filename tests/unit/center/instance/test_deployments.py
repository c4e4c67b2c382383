"""Deploying versions to provinces, through HTTP, on every database."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from capability_sdk.contracts.nodes import InstanceHealth, InstanceStatus
from capability_sdk.contracts.telemetry import HealthReport
from center.instance.store import record_report
from tests.center_store_world import Shop, digest_of, manifest, open_shop
from tests.center_world import Person, running_center

PATH = "/provinces/zhejiang/deployments/digit-recognition"


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    with running_center(database_url, tmp_path) as world:
        made = open_shop(world)
        made.publish(manifest())
        yield made


def _put(
    person: Person, versions: list[dict[str, Any]], path: str = PATH, if_match: str | None = None
) -> Any:  # noqa: ANN401 - httpx2's Response
    headers = {"If-Match": if_match} if if_match is not None else {}
    return person.http.put(f"/api/v1{path}", json={"versions": versions}, headers=headers)


def _share(
    version: str = "1.0.0", weight: int = 100, replicas: int = 1, engine: str | None = None
) -> dict[str, Any]:
    share = {"version": version, "weight": weight, "replicas": replicas, "engine": engine}
    return {**share, "scaling": None}


def _problem(answer: Any) -> tuple[int, str]:  # noqa: ANN401 - httpx2's Response
    return answer.status_code, answer.json()["type"]


def test_an_operator_deploys_to_the_own_province_and_changes_what_was_read(shop: Shop) -> None:
    shop.publish(manifest(version="1.1.0"))

    made = _put(shop.operator, [_share()])
    read = shop.operator.get(PATH)
    split = [_share(weight=7), _share("1.1.0", weight=3, replicas=2)]
    changed = _put(shop.operator, split, if_match=read.headers["etag"])

    assert (made.status_code, read.headers["etag"]) == (200, made.headers["etag"])
    assert changed.json()["versions"] == split
    late = _put(shop.operator, [_share()], if_match=read.headers["etag"])
    assert _problem(late) == (412, "/problems/precondition-failed")
    assert shop.operator.get(PATH).json()["versions"] == split
    listed = shop.admin.get("/deployments").json()
    assert [(item["province"], item["updated_by"]) for item in listed["items"]] == [
        ("zhejiang", "operator")
    ]


def test_a_deployment_may_name_triton_and_no_other_engine(shop: Shop) -> None:
    assert (
        _put(shop.operator, [_share(engine="triton")]).json()["versions"][0]["engine"] == "triton"
    )
    assert shop.operator.get(PATH).json()["versions"] == [_share(engine="triton")]
    refused = _put(shop.operator, [_share(engine="onnx")])
    assert refused.status_code == 422


def test_an_etag_never_stands_for_two_contents_even_over_a_removal(shop: Shop) -> None:
    first = _put(shop.operator, [_share()]).headers["etag"]

    assert shop.operator.delete(PATH).status_code == 204
    assert _problem(shop.operator.get(PATH)) == (404, "/problems/deployment-not-found")
    assert _problem(shop.operator.delete(PATH)) == (404, "/problems/deployment-not-found")
    assert shop.operator.get("/deployments").json()["total"] == 0
    assert _problem(_put(shop.operator, [_share()], if_match=first))[0] == 412
    assert _put(shop.operator, [_share()]).headers["etag"] != first


@pytest.mark.parametrize(
    ("versions", "status", "code"),
    [
        ([], 422, "invalid-input"),
        ([_share(weight=0)], 422, "bad-split"),
        ([_share(), _share()], 422, "bad-split"),
        ([_share(replicas=0)], 422, "bad-split"),
        ([_share(weight=-1)], 422, "invalid-input"),
        ([{**_share(), "nodes": 3}], 422, "invalid-input"),
        ([_share("9.9.9")], 404, "capability-not-found"),
        ([_share("1.0")], 422, "invalid-input"),
    ],
)
def test_a_split_that_no_gateway_can_follow_is_refused(
    shop: Shop, versions: list[dict[str, Any]], status: int, code: str
) -> None:
    answer = _put(shop.operator, versions)

    assert _problem(answer) == (status, f"/problems/{code}")
    assert shop.operator.get(PATH).status_code == 404


def test_only_published_versions_are_deployed_and_a_deprecated_one_may_go_on(shop: Shop) -> None:
    draft = manifest(version="2.0.0")
    shop.keep(draft)
    refused = _put(shop.operator, [_share("2.0.0")])
    assert _problem(refused) == (404, "/problems/capability-not-found")
    _put(shop.operator, [_share()])
    shop.author.post("/capabilities/digit-recognition/versions/1.0.0:deprecate")

    assert _put(shop.operator, [_share(replicas=3)]).status_code == 200
    elsewhere = _put(shop.admin, [_share()], PATH.replace("zhejiang", "guizhou"))
    assert _problem(elsewhere) == (409, "/problems/version-not-deployable")


def test_an_operator_neither_changes_nor_sees_another_province(shop: Shop) -> None:
    foreign = PATH.replace("zhejiang", "guizhou")
    _put(shop.admin, [_share()], foreign)

    assert _problem(_put(shop.operator, [_share()], foreign)) == (403, "/problems/not-permitted")
    assert shop.operator.delete(foreign).status_code == 403
    assert _problem(shop.operator.get(foreign)) == (404, "/problems/deployment-not-found")
    assert shop.operator.get("/deployments").json()["total"] == 0
    assert shop.operator.get("/deployments?province=guizhou").status_code == 403
    assert shop.operator.get("/consistency?province=guizhou").status_code == 403
    assert _problem(_put(shop.author, [_share()])) == (403, "/problems/not-permitted")
    nowhere = PATH.replace("zhejiang", "atlantis")
    assert _problem(_put(shop.admin, [_share()], nowhere)) == (404, "/problems/not-found")


def _instance(version: str = "1.0.0", weights: str | None = None) -> InstanceStatus:
    key = f"digit-recognition {version} "
    return InstanceStatus(
        id=f"digit-{version}",
        capability="digit-recognition",
        version=version,
        node="node-1",
        health=InstanceHealth.READY,
        code_digest=digest_of(key + "code"),
        weights_digest=weights or digest_of(key + "weights"),
    )


def _verdicts(shop: Shop, *instances: InstanceStatus) -> dict[str, str]:
    shop.world.clock.move(shop.world.settings.sign_in_window)
    report = HealthReport(at=shop.world.clock(), state_revision=1, instances=list(instances))
    with shop.world.database.session() as session:
        record_report(session, "edge-zhejiang", report)
    items = shop.operator.get("/consistency").json()["items"]
    return {item["version"]: item["verdict"] for item in items}


def test_consistency_compares_desired_digests_with_the_reported_ones(shop: Shop) -> None:
    shop.world.enrol("zhejiang")
    _put(shop.operator, [_share()])
    unreported = shop.operator.get("/consistency").json()["items"]
    assert [item["verdict"] for item in unreported] == ["unknown"]

    assert _verdicts(shop) == {"1.0.0": "missing"}
    assert _verdicts(shop, _instance()) == {"1.0.0": "consistent"}
    assert _verdicts(shop, _instance(weights=digest_of("others"))) == {"1.0.0": "different"}
    assert _verdicts(shop, _instance(), _instance("0.9.0")) == {
        "1.0.0": "consistent",
        "0.9.0": "unwanted",
    }
    first = shop.operator.get("/consistency?limit=1").json()
    rest = shop.operator.get(f"/consistency?limit=1&cursor={first['next']}").json()
    assert [page["items"][0]["version"] for page in (first, rest)] == ["0.9.0", "1.0.0"]
    assert rest["next"] is None
    assert rest["provinces"] == [{"name": "zhejiang", "age_seconds": 0.0}]
    line = rest["items"][0]
    assert line["age_seconds"] == 0.0
    assert line["desired"]["weights_digest"] == line["reported"]["weights_digests"][0]


def test_an_older_report_does_not_replace_a_newer_one(shop: Shop) -> None:
    shop.world.enrol("zhejiang")
    _put(shop.operator, [_share()])
    early = HealthReport(at=shop.world.clock(), state_revision=1)
    assert _verdicts(shop, _instance()) == {"1.0.0": "consistent"}

    with shop.world.database.session() as session:
        record_report(session, "edge-zhejiang", early)

    items = shop.operator.get("/consistency").json()["items"]
    assert [item["verdict"] for item in items] == ["consistent"]
