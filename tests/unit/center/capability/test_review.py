"""A version's way from its gate to the store and out of it, through HTTP."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from capability_sdk.contracts.packages import RELEASE_TYPE, Check, GateReport, Release
from center.capability.store import CapabilityStore
from tests.center_store_world import Author, Shop, approval_of, manifest, open_shop, path_of
from tests.center_world import World, decode_part, running_center

FAILED = GateReport(passed=False, checks=[Check(name="samples", passed=False, detail="label")])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with running_center(f"sqlite:///{tmp_path / 'c.db'}", tmp_path) as made:
        yield made


@pytest.fixture
def shop(world: World) -> Shop:
    return open_shop(world)


def _problem(answer: object) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"]  # type: ignore[attr-defined]  # httpx2's Response


def _approval(shop: Shop, path: str) -> dict[str, Any]:
    return approval_of(shop.admin, path)


def test_the_gates_report_decides_whether_a_version_can_be_reviewed(shop: Shop) -> None:
    good, bad = manifest(version="1.0.0"), manifest(version="1.1.0")
    path = shop.keep(good)
    assert _problem(shop.author.get(f"{path}/gate-report")) == (404, "/problems/not-found")
    assert shop.gate()
    failed = shop.keep(bad)
    assert shop.gate(FAILED)
    assert not shop.gate()

    assert shop.author.get(path).json()["stage"] == "gated"
    assert shop.author.get(f"{path}/gate-report").json()["passport"] == {"memory_bytes": 1000}
    assert shop.author.get(failed).json()["stage"] == "gate_failed"
    refused = shop.author.post(f"{failed}:request-review")
    assert _problem(refused) == (409, "/problems/illegal-stage")
    assert refused.json()["allowed"] == ["withdrawn"]


def test_a_gate_report_is_a_page_for_who_asks_for_one(shop: Shop) -> None:
    path = shop.keep(manifest())
    assert shop.gate(FAILED)
    http = shop.author.http
    report = f"/api/v1{path}/gate-report"

    by_name = http.get(f"{report}.html", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    by_accept = http.get(report, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})

    assert "发布门禁报告" in by_name.text
    assert "Publish gate report" in by_accept.text
    for answer in (by_name, by_accept):
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert http.get(report).json()["passed"] is False
    assert _problem(shop.colleague.get(f"{path}/gate-report.html"))[0] == 404


def test_approval_publishes_and_signs_a_release_that_names_the_content(shop: Shop) -> None:
    path = shop.publish(manifest())

    view = shop.operator.get(path).json()
    assert (view["stage"], view["reviewer"]) == ("published", "root")
    with shop.world.database.session(write=False) as session:
        signed = CapabilityStore(session).get("digit-recognition", "1.0.0").review.release
    assert signed is not None
    key = jwt.PyJWK(shop.world.app.state.signer.public_keys("release")[0])
    payload = jwt.PyJWS().decode(signed, key, algorithms=["ES256"])
    release = Release.model_validate_json(payload)
    assert json.loads(decode_part(signed, 0))["typ"] == RELEASE_TYPE
    assert release.digests.package == view["digests"]["package"]
    assert (release.author, release.approved_by) == ("author", "root")
    assert release.passport == {"memory_bytes": 1000}
    assert release.manifest == manifest()


def test_an_author_never_decides_on_their_own_version(shop: Shop) -> None:
    path = shop.keep(manifest(), author="root")
    shop.gate()
    assert shop.admin.post(f"{path}:request-review").status_code == 200

    approved = shop.admin.post(f"{path}:approve", _approval(shop, path))
    returned = shop.admin.post(f"{path}:return", {"comment": "not good"})

    assert _problem(approved) == (403, "/problems/own-version")
    assert _problem(returned) == (403, "/problems/own-version")
    assert shop.admin.get(path).json()["stage"] == "in_review"
    second = shop.world.add_person("second", "admin")
    assert second.post(f"{path}:approve", _approval(shop, path)).status_code == 200


def test_C05_an_approval_of_another_content_is_refused(shop: Shop) -> None:
    path = shop.keep(manifest())
    shop.gate()
    shop.author.post(f"{path}:request-review")

    answer = shop.admin.post(f"{path}:approve", {"package_digest": "sha256:" + "0" * 64})

    assert _problem(answer) == (409, "/problems/digest-differs")
    assert shop.admin.get(path).json()["stage"] == "in_review"


def test_C05_a_package_that_was_changed_on_disk_is_not_published(shop: Shop) -> None:
    path = shop.keep(manifest())
    shop.gate()
    shop.author.post(f"{path}:request-review")
    (archive,) = (shop.world.settings.data / "packages").glob("??/*.tar.gz")
    archive.write_bytes(b"something else")

    answer = shop.admin.post(f"{path}:approve", _approval(shop, path))

    assert _problem(answer) == (503, "/problems/package-damaged")
    assert shop.admin.get(path).json()["stage"] == "in_review"


def test_C05_nothing_takes_the_place_of_what_was_approved(shop: Shop, tmp_path: Path) -> None:
    author = Author(shop.author, tmp_path)
    path = path_of(manifest())
    assert author.upload(author.build(manifest())).status_code == 201
    shop.gate()
    shop.author.post(f"{path}:request-review")
    approved = shop.admin.post(f"{path}:approve", _approval(shop, path)).json()
    changed = author.build(manifest(), model=b"\x08\x08 other weights")

    again = author.upload(changed)
    (archive,) = (shop.world.settings.data / "packages").glob("??/*.tar.gz")
    archive.write_bytes(changed)
    fetched = shop.author.get(f"{path}/package")
    asked = shop.author.post(f"{path}:request-review")

    assert _problem(again) == (409, "/problems/version-exists")
    assert _problem(fetched) == (503, "/problems/package-damaged")
    assert _problem(asked) == (409, "/problems/illegal-stage")
    assert shop.operator.get(path).json()["digests"] == approved["digests"]


def test_a_returned_version_carries_the_comment_and_can_be_asked_for_again(shop: Shop) -> None:
    path = shop.keep(manifest())
    shop.gate()
    shop.author.post(f"{path}:request-review")

    assert shop.admin.get("/reviews").json()["total"] == 1
    shop.admin.post(f"{path}:return", {"comment": "say more in the README"})

    view = shop.author.get(path).json()
    assert (view["stage"], view["comment"]) == ("returned", "say more in the README")
    assert shop.admin.get("/reviews").json()["total"] == 0
    assert shop.author.post(f"{path}:request-review").json()["stage"] == "in_review"


def test_only_engineers_of_the_owner_and_admins_change_a_version(shop: Shop) -> None:
    path = shop.publish(manifest())

    stranger = shop.colleague.post(f"{path}:deprecate")
    operator = shop.operator.post(f"{path}:withdraw", {"reason": "no use for it"})
    engineer = shop.author.post(f"{path}:approve", _approval(shop, path))

    assert _problem(stranger) == (403, "/problems/not-permitted")
    assert _problem(operator) == (403, "/problems/not-permitted")
    assert _problem(engineer) == (403, "/problems/not-permitted")
    assert shop.author.post(f"{path}:deprecate").json()["stage"] == "deprecated"


def test_a_withdrawn_version_says_why_to_its_owner_and_vanishes_from_the_store(
    shop: Shop,
) -> None:
    path = shop.publish(manifest())

    gone = shop.author.post(f"{path}:withdraw", {"reason": "wrong labels"})

    assert gone.json()["withdrawn_reason"] == "wrong labels"
    assert gone.json()["reviewer"] == "root"
    assert _problem(shop.operator.get(path)) == (404, "/problems/capability-not-found")
    assert shop.operator.get("/capabilities").json()["total"] == 0
    again = shop.author.post(f"{path}:withdraw", {"reason": "once more"})
    assert _problem(again) == (409, "/problems/illegal-stage")


def test_nobody_else_sees_a_version_before_its_publication(shop: Shop) -> None:
    path = shop.keep(manifest())

    assert shop.author.get(path).status_code == 200
    assert shop.admin.get(path).status_code == 200
    assert _problem(shop.colleague.get(path)) == (404, "/problems/capability-not-found")
    assert _problem(shop.operator.get(path)) == (404, "/problems/capability-not-found")
    assert shop.colleague.get("/capabilities").json()["items"] == []
    assert [item["name"] for item in shop.author.get("/capabilities").json()["items"]] == [
        "digit-recognition"
    ]


def test_the_trail_holds_every_act_on_a_version(shop: Shop) -> None:
    path = shop.publish(manifest())
    shop.author.post(f"{path}:withdraw", {"reason": "wrong labels"})

    acts = [row["act"] for row in shop.admin.get("/audit?limit=500").json()["items"]]

    found = sorted(act for act in acts if act.startswith("capability."))
    assert found == ["capability.published", "capability.review-requested", "capability.withdrawn"]
