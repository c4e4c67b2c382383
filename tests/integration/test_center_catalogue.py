"""The store as people search it, through HTTP and on every engine."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from capability_sdk.contracts.packages import GateReport
from center.capability.rows import CapabilityVersionRow
from center.catalogue.standing import Standings
from center.feedback.store import QualityCellRow, QualitySeriesRow
from center.monitoring.rows import DriftRow
from center.operations.latency import cell_of
from center.operations.rows import UsageHourRow
from tests.center_store_world import Shop, manifest, open_shop
from tests.center_world import Person, running_center

LABELS = {"task": "classification", "output": "root", "labels": ["a", "b"]}
ALARM = manifest(
    "alarm-root-cause",
    titles={"zh": "告警根因定位", "en": "Alarm root cause"},
    summary={"zh": "小区退服时找出根源告警", "en": "Finds the alarm that it all began with"},
    domain="network",
    algorithm_family="rule",
    inputs=[
        {"name": "rsrp", "datatype": "FP32", "unit": "dBm", "description": "参考信号接收功率"},
    ],
    outputs=[{"name": "root", "datatype": "INT64"}],
    quality=LABELS,
)
TRAFFIC = manifest(
    "cell-traffic-forecast",
    titles={"zh": "小区话务预测", "en": "Cell traffic forecast"},
    summary={"zh": "预测未来一天的话务量", "en": "Forecasts a day of traffic"},
    domain="network",
    algorithm_family="lstm",
    quality={"task": "regression"},
)
DIGITS = manifest()
PASSPORT = {
    "node_score": 1000.0,
    "batches": [
        {
            "rows": rows,
            "threads": 1,
            "latency_p50_ms": rows / 10,
            "latency_p99_ms": rows / 5,
            "rows_per_second": 1.0,
            "cpu_microseconds_per_row": 1.0,
        }
        for rows in (1, 16)
    ],
}


@pytest.fixture(scope="module")
def shop(lasting_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_center(lasting_database_url, tmp_path_factory.mktemp("center")) as world:
        made = open_shop(world)
        _fill(made)
        yield made


def _fill(shop: Shop) -> None:
    """Publish three capabilities, one of them in two provinces that report about it."""
    for item in (DIGITS, TRAFFIC, ALARM):
        shop.publish(item, GateReport(passed=True, checks=[], passport=PASSPORT))
        shop.world.clock.move(timedelta(minutes=20))
    with shop.world.database.session() as session:
        row = session.get_one(CapabilityVersionRow, (DIGITS.name, DIGITS.version))
        row.published_at = shop.world.clock() - timedelta(days=60)
    for province in ("zhejiang", "guizhou"):
        address = f"/api/v1/provinces/{province}/deployments/{ALARM.name}"
        body = {"versions": [{"version": "1.0.0", "weight": 1}]}
        assert shop.admin.http.put(address, json=body).status_code == 200
    _report(shop, "zhejiang", right=90, wrong=10, verdict="stable")
    _report(shop, "guizhou", right=50, wrong=50, verdict="drift")
    assert Standings(shop.world.database, shop.world.clock).run() is False


def _report(shop: Shop, province: str, *, right: int, wrong: int, verdict: str) -> None:
    now = shop.world.clock()
    of = {"province": province, "capability": ALARM.name, "version": "1.0.0"}
    hour = now.replace(minute=0, second=0, microsecond=0)
    sums = {"calls": 200, "units": 200, "errors": 4, "latency_us": 200 * 7000}
    sums[f"latency_{cell_of(7000)}"] = 200
    nothing: Any = {"window_from": None, "window_to": None, "rows": 0, "columns": []}
    with shop.world.database.session() as session:
        session.add(UsageHourRow(**of, application="app", hour=hour, **sums))
        session.add(QualitySeriesRow(**of, counted_at=now))
        for (predicted, actual), rows in {(0, 0): right, (0, 1): wrong, (2, 2): 5}.items():
            session.add(
                QualityCellRow(**of, hour=hour, predicted=predicted, actual=actual, rows=rows)
            )
        session.add(
            DriftRow(**of, verdict=verdict, profile_at=now, since=now, stale=False, **nothing)
        )


def _names(person: Person, query: str) -> list[str]:
    answer = person.get(f"/store?{query}")
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("告警", [ALARM.name]),
        ("根因", [ALARM.name]),
        ("小区", [TRAFFIC.name, ALARM.name]),  # a title weighs more than a summary
        ("基站告警定位", [ALARM.name]),  # most of its pairs
        ("ALARM root", [ALARM.name]),
        ("rsrp", [ALARM.name]),
        ("接收功率", [ALARM.name]),
        ("100%", []),
        ("量子纠缠", []),
    ],
)
def test_words_of_both_languages_find_names_titles_and_tensors(
    shop: Shop, words: str, found: list[str]
) -> None:
    assert _names(shop.operator, f"q={words.replace('%', '%25')}") == found


def test_facets_narrow_the_store_and_each_counts_what_the_others_leave(shop: Shop) -> None:
    page = shop.operator.get("/store?domain=network&family=rule").json()

    counts = {
        facet["facet"]: {value["value"]: value["count"] for value in facet["values"]}
        for facet in page["facets"]
    }
    assert [item["name"] for item in page["items"]] == [ALARM.name]
    assert counts["domain"] == {"network": 1}
    assert counts["family"] == {"rule": 1, "lstm": 1}
    assert counts["task"] == {"classification": 1}
    assert counts["available_in"] == {"guizhou": 1, "zhejiang": 1}
    assert counts["quality"] == {"fair": 1}
    assert counts["age"] == {"month": 1}
    assert _names(shop.operator, "available_in=guizhou&available_in=zhejiang") == [ALARM.name]
    assert _names(shop.operator, "quality=excellent") == []
    assert _names(shop.operator, "age=quarter") == [DIGITS.name]


def test_every_order_pages_without_gaps(shop: Shop) -> None:
    for sort, first in {
        "relevance": ALARM.name,
        "quality": ALARM.name,
        "newest": ALARM.name,
        "usage": ALARM.name,
    }.items():
        page = shop.operator.get(f"/store?sort={sort}&limit=1").json()
        names = [page["items"][0]["name"]]
        while page["next"]:
            page = shop.operator.get(f"/store?sort={sort}&limit=1&cursor={page['next']}").json()
            names += [item["name"] for item in page["items"]]
        assert names[0] == first, sort
        assert sorted(names) == sorted([ALARM.name, TRAFFIC.name, DIGITS.name])
    assert shop.operator.get("/store?cursor=bm9uc2Vuc2U").status_code == 400


def test_a_reader_sees_the_figures_of_the_own_province(shop: Shop) -> None:
    def card(person: Person, query: str = "") -> dict[str, Any]:
        item: dict[str, Any] = person.get(f"/store?q=alarm{query}").json()["items"][0]
        return item

    here = card(shop.operator)
    there, all_of_them = card(shop.admin, "&province=guizhou"), card(shop.admin)

    assert here["provinces"] == ["guizhou", "zhejiang"]
    # Of 105 judged rows 90 were right: what no label names is never right.
    assert here["standing"]["accuracy"] == pytest.approx(90 / 105)
    assert here["standing"]["calls"] == 200
    assert 5 < here["standing"]["p99_ms"] <= 10
    assert (here["standing"]["labelled"], here["drift"]["verdict"]) == (105, "stable")
    assert (there["standing"]["accuracy"], there["drift"]["verdict"]) == (
        pytest.approx(50 / 105),
        "drift",
    )
    assert all_of_them["standing"]["calls"] == 400
    assert (all_of_them["drift"]["verdict"], all_of_them["drift"]["provinces"]) == ("drift", 1)


def test_C01_the_figures_of_another_province_are_not_for_everybody(shop: Shop) -> None:
    assert shop.operator.get("/store?province=guizhou").status_code == 403
    assert shop.operator.get(f"/store/{ALARM.name}?province=guizhou").status_code == 403
    # An engineer of another organisation sees what the country makes of it, not a province.
    foreign = shop.colleague.get(f"/store/{ALARM.name}?province=zhejiang").json()["card"]
    assert (foreign["standing"], foreign["drift"]) == (None, None)
    own = shop.author.get(f"/store/{ALARM.name}?province=zhejiang").json()["card"]
    assert own["standing"]["calls"] == 200

    running = {"zhejiang": [{"version": "1.0.0", "share": 1}]}
    seen = [
        one.get(f"/store/{ALARM.name}").json()["running"]
        for one in (shop.operator, shop.colleague, shop.author)
    ]
    assert seen == [running, {}, {**running, "guizhou": running["zhejiang"]}]


def test_a_page_of_the_store_tells_who_answers_and_who_uses_it(shop: Shop) -> None:
    before = shop.operator.get(f"/store/{ALARM.name}").json()
    words = {"task": "root-cause", "accountable": "author", "runbook_url": "https://wiki/alarm"}
    address = f"/api/v1/store/{ALARM.name}/listing"

    assert shop.operator.http.put(address, json=words).status_code == 403
    assert shop.colleague.http.put(address, json=words).status_code == 403
    assert shop.author.http.put(address, json={**words, "accountable": "x"}).status_code == 422
    changed = shop.author.http.put(address, json=words, headers={"If-Match": '"0"'})
    after = shop.author.get(f"/store/{ALARM.name}").json()

    assert changed.status_code == 200, changed.text
    assert changed.headers["etag"] == '"1"'
    assert (before["accountable"], before["may_edit"], after["may_edit"]) == ("author", False, True)
    assert (after["card"]["task"], after["accountable"]) == ("root-cause", "author")
    assert after["manifest"]["inputs"][0]["unit"] == "dBm"
    assert after["users"] == {"applications": 0, "provinces": 0}
    assert _names(shop.operator, "task=root-cause") == [ALARM.name]
    assert shop.author.http.put(address, json={}).status_code == 200


def test_the_passport_stands_beside_the_provinces_machines(shop: Shop) -> None:
    shown = shop.operator.get(f"/store/{ALARM.name}/performance").json()

    assert [point["rows"] for point in shown["points"]] == [1, 16]
    assert shown["measured_score"] == 1000.0
    assert (shown["machines"], shown["reported_at"]) == ([], None)


def test_what_is_withdrawn_is_gone_from_the_store_at_once(shop: Shop) -> None:
    item = manifest("short-lived")
    path = shop.publish(item)
    assert "short-lived" in _names(shop.operator, "q=short")

    assert shop.author.post(f"{path}:withdraw", {"reason": "wrong"}).status_code == 200

    assert _names(shop.operator, "q=short") == []
    assert shop.operator.get("/store/short-lived").status_code == 404


def test_favourites_can_be_listed_alone(shop: Shop) -> None:
    address = f"/api/v1/capabilities/{DIGITS.name}/favourite"
    assert shop.operator.http.put(address).status_code == 204

    assert _names(shop.operator, "favourites=true") == [DIGITS.name]
    assert _names(shop.author, "favourites=true") == []
