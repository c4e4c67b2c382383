"""What provinces choose of settings, whose work makes room, and the matrix; on every database."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from capability_sdk.contracts.settings import canonical, digest_of
from capability_sdk.contracts.telemetry import HealthReport, VersionContent
from center.alarm.evaluation import Evaluation
from center.alarm.rules import center_rules
from center.instance.content_store import keep_contents
from center.instance.document import deployments
from center.instance.store import record_report
from tests.center_store_world import Shop, manifest, open_shop
from tests.center_store_world import digest_of as words_digest
from tests.center_world import Person, running_center

NAME = "digit-recognition"
PATH = f"/provinces/zhejiang/deployments/{NAME}"
SETTINGS = {
    "threshold": {"kind": "number", "default": 0.5, "least": 0, "most": 1},
    "mode": {"kind": "text", "default": "fast", "choices": ["fast", "exact"]},
}


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    with running_center(database_url, tmp_path) as world:
        made = open_shop(world)
        made.publish(manifest(engine="python", settings=SETTINGS))
        for province in ("zhejiang", "guizhou"):
            world.enrol(province)
            _put(made.admin, PATH.replace("zhejiang", province))
        yield made


def _put(who: Person, path: str = PATH, **members: Any) -> Response:  # noqa: ANN401 - members of a body
    body = {"versions": [{"version": "1.0.0", "weight": 1}], **members}
    answer = who.http.put(f"/api/v1{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer


def _choose(shop: Shop, values: dict[str, Any], **headers: str) -> Response:
    body = {"values": values, "reason": "our cells are noisier"}
    return shop.operator.http.put(f"/api/v1{PATH}/settings", json=body, headers=headers)


def _state(shop: Shop, province: str = "zhejiang") -> Any:  # noqa: ANN401 - a contract's model, looked into by the tests
    with shop.world.database.session(write=False) as session:
        (found,) = deployments(session, province, shop.world.clock())
    return found


def _report(shop: Shop, province: str, **parts: str | None) -> None:
    released = {kind: words_digest(f"{NAME} 1.0.0 {kind}") for kind in ("code", "weights")}
    content = VersionContent(capability=NAME, version="1.0.0", **{**released, **parts})
    report = HealthReport(at=shop.world.clock(), state_revision=1, contents=[content])
    with shop.world.database.session() as session:
        keep_contents(session, province, report)
        record_report(session, f"edge-{province}", report)


def _ticks(shop: Shop, query: str = "") -> dict[str, str]:
    cells = shop.admin.get(f"/consistency/matrix{query}").json()["cells"]
    return {cell["p"]: cell["v"][0]["t"] for cell in cells}


def test_what_a_province_chooses_reaches_it_alone_and_is_shown_beside_what_stood_before(
    shop: Shop,
) -> None:
    first = _choose(shop, {"threshold": 0.7})
    second = _choose(shop, {"threshold": 0.8, "mode": "exact"}, **{"If-Match": '"1"'})
    late = _choose(shop, {"threshold": 0.1}, **{"If-Match": '"1"'})

    assert (first.status_code, second.status_code, late.status_code) == (200, 200, 412)
    lines = {item["name"]: item for item in second.json()["settings"]}
    threshold, mode = lines["threshold"], lines["mode"]
    assert (threshold["setting"]["default"], threshold["before"]) == (0.5, 0.7)
    assert (threshold["chosen"], mode["chosen"], mode["before"]) == (0.8, "exact", None)
    overlay = _state(shop).overlay
    assert (overlay.version, overlay.values) == (2, {"threshold": 0.8, "mode": "exact"})
    assert overlay.digest == digest_of(canonical(overlay.values))
    assert _state(shop, "guizhou").overlay is None
    assert "deployment.settings" in {
        item["act"] for item in shop.admin.get("/audit").json()["items"]
    }


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"treshold": 0.7}, "treshold: no version declares"),
        ({"threshold": 1.5}, "threshold: 1.5 is more than 1"),
        ({"threshold": "high"}, "threshold: 'high' is not of kind number"),
        ({"threshold": True}, "threshold: True is not of kind number"),
        ({"mode": "slow"}, "mode: 'slow' is none of fast, exact"),
    ],
)
def test_a_setting_that_is_not_taken_is_named(
    shop: Shop, values: dict[str, Any], says: str
) -> None:
    refused = _choose(shop, values)

    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/bad-overlay")
    assert says in refused.json()["detail"]
    assert refused.json()["field"] == next(iter(values))
    assert _state(shop).overlay is None


def test_settings_roll_back_to_any_version_and_to_the_packages_own(shop: Shop) -> None:
    _choose(shop, {"threshold": 0.7})
    _choose(shop, {"threshold": 0.9})

    for version, expected in ((1, {"threshold": 0.7}), (0, {}), (2, {"threshold": 0.9})):
        body = {"version": version, "reason": "too strict"}
        assert shop.operator.post(f"{PATH}/settings:roll-back", body).status_code == 200
        overlay = _state(shop).overlay
        assert (overlay.values if overlay is not None else {}) == expected
    unknown = shop.operator.post(f"{PATH}/settings:roll-back", {"version": 9, "reason": "x"})
    assert unknown.json()["type"] == "/problems/overlay-not-found"
    listed = shop.operator.get(f"{PATH}/settings/versions").json()["items"]
    assert [item["version"] for item in listed] == [5, 4, 3, 2, 1]


def test_priority_and_keeping_apart_reach_the_province(shop: Shop) -> None:
    assert (_state(shop).priority, _state(shop).apart) == ("standard", "preferred")

    shown = _put(shop.operator, priority="best-effort", apart="required").json()

    assert (shown["priority"], shown["apart"]) == ("best-effort", "required")
    assert (_state(shop).priority, _state(shop).apart) == ("best-effort", "required")


def test_R046_R062_an_update_in_one_province_leaves_the_others_digests_unchanged(
    shop: Shop,
) -> None:
    for province in ("zhejiang", "guizhou"):
        _report(shop, province)
    before = _state(shop, "guizhou")

    _choose(shop, {"threshold": 0.7})
    shop.publish(manifest(version="1.1.0", engine="python", settings=SETTINGS))
    _put(shop.operator, versions=[{"version": "1.1.0", "weight": 1}])

    assert _state(shop, "guizhou") == before
    assert _ticks(shop)["guizhou"] == "==-??"
    assert _state(shop).versions[0].code_digest != before.versions[0].code_digest


def test_R048_the_matrix_names_the_part_that_differs(shop: Shop) -> None:
    _choose(shop, {"threshold": 0.7})
    overlay = _state(shop).overlay.digest
    assert _ticks(shop) == {"guizhou": "?????", "zhejiang": "?????"}
    _report(shop, "guizhou")
    _report(shop, "zhejiang", overlay=overlay)
    assert _ticks(shop) == {"guizhou": "==-??", "zhejiang": "===??"}

    for part, ticks in (("code", "!==??"), ("weights", "=!=??"), ("overlay", "==!??")):
        _report(shop, "zhejiang", **{"overlay": overlay, part: words_digest("tampered")})
        assert _ticks(shop) == {"guizhou": "==-??", "zhejiang": ticks}
        assert _ticks(shop, "?province=zhejiang") == {"zhejiang": ticks}


def test_R048_content_that_nobody_approved_is_an_alarm_and_settings_on_their_way_are_none(
    shop: Shop,
) -> None:
    def alarms(after: timedelta, **parts: str | None) -> list[list[str]]:
        shop.world.clock.move(after)
        _report(shop, "zhejiang", **parts)
        rules = center_rules(shop.world.settings)
        Evaluation(shop.world.database, rules, shop.world.clock).run()
        items = shop.operator.get("/alarms?rule=digest-mismatch").json()["items"]
        return [[part["part"] for part in item["evidence"]["parts"]] for item in items]

    _choose(shop, {"threshold": 0.7})
    overlay, tampered = _state(shop).overlay.digest, words_digest("tampered")

    assert alarms(timedelta(seconds=10)) == []
    assert alarms(timedelta(seconds=10), code=tampered, overlay=overlay) == [["code"]]
    assert alarms(timedelta(seconds=10), overlay=overlay) == []
    assert alarms(timedelta(minutes=2), overlay=tampered) == [["overlay"]]


def test_the_matrix_shows_an_operator_their_province_and_pages_by_capability(shop: Shop) -> None:
    shop.publish(manifest("alarm-cause"))
    _put(shop.admin, "/provinces/guizhou/deployments/alarm-cause")

    first = shop.admin.get("/consistency/matrix?limit=1").json()
    rest = shop.admin.get(f"/consistency/matrix?limit=1&after={first['next']}").json()

    assert (first["capabilities"], rest["capabilities"]) == (["alarm-cause"], [NAME])
    assert rest["next"] is None
    own = shop.operator.get("/consistency/matrix").json()
    assert {cell["p"] for cell in own["cells"]} == {"zhejiang"}
    assert [item["name"] for item in own["provinces"]] == ["zhejiang"]
    assert shop.operator.get("/consistency/matrix?province=guizhou").status_code == 403
