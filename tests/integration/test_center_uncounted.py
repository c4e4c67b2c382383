"""What a restored center does not know is kept and named, and never stops a stream."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from center.identity.audit import AuditRow
from tests.center_stock import DIGITS, published_version
from tests.integration.telemetry_world import (
    NOW,
    Center,
    quality,
    running_center,
    usage,
)

PATH = "/provinces/zhejiang/uncounted-telemetry"


@pytest.fixture
def center(database_url: str, tmp_path: Path) -> Iterator[Center]:
    with running_center(database_url, tmp_path) as center:
        yield center


def lose(center: Center, first: int, last: int, **changes: Any) -> Any:  # noqa: ANN401 - a response
    lost = {"first": first, "last": last, "reason": "the content is not what was written"}
    batch = {"schema": 1, "stream": "usage-0", "epoch": 1, "records": [], "lost": lost, **changes}
    return center.post(json.dumps(batch).encode(), of="zhejiang", as_="edge of zhejiang")


def uncounted(center: Center) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = center.get(PATH, "admin")["items"]
    return found


def acts(center: Center, act: str) -> list[dict[str, Any]]:
    with center.database.session(write=False) as session:
        return [row.detail for row in session.query(AuditRow).filter(AuditRow.act == act)]


def test_E20_a_call_of_an_unknown_subscription_is_kept_and_the_stream_goes_on(
    center: Center,
) -> None:
    strange = usage(2, subscription="sub-lost", application="app-lost")
    answer = center.send([usage(1), strange, usage(3, version="9.9.9"), usage(4)])

    assert answer.json() == {"applied_through": 4}
    assert center.calls() == 2
    assert [(item["first"], item["kind"]) for item in uncounted(center)] == [
        (2, "usage"),
        (3, "usage"),
    ]
    (told,) = acts(center, "telemetry.uncounted")
    assert (told["first"], told["last"], told["records"]) == (2, 3, 2)
    assert told["why"] == "no subscription sub-lost"
    assert center.send([strange]).json() == {"applied_through": 4}
    assert len(uncounted(center)) == 2


def test_E20_an_admin_has_kept_calls_counted_once(center: Center) -> None:
    center.send([usage(1), usage(2, subscription="sub-lost", application="app-lost")])

    counted = [center.client("admin").post(f"/api/v1{PATH}:count").json() for _ in range(2)]

    assert counted == [{"records": 1}, {"records": 0}]
    assert center.calls() == 2
    assert uncounted(center) == []
    groups = center.get("/usage", "admin", by="application")["items"]
    assert {group["application"]: group["calls"] for group in groups} == {
        "app-z": 1,
        "app-lost": 1,
    }
    assert acts(center, "telemetry.counted") == [{"records": 1}]


def test_E20_quality_of_an_unknown_version_counts_once_the_version_is_back(
    sqlite_center: Center,
) -> None:
    center = sqlite_center
    record = quality(1, {(3, 3): 5}, 9)
    record["body"]["version"] = "2.0.0"
    assert center.send([record], stream="quality").json() == {"applied_through": 1}
    count = f"/api/v1{PATH}:count"

    assert center.client("admin").post(count).json() == {"records": 0}
    with center.database.session() as session:
        session.add(published_version("2.0.0", NOW))
    assert center.client("admin").post(count).json() == {"records": 1}

    (row,) = center.get("/quality", "admin", capability=DIGITS)["items"]
    assert (row["version"], row["labelled"]) == ("2.0.0", 5)


def test_M09_records_that_an_edge_lost_are_named_and_the_stream_goes_on(center: Center) -> None:
    assert center.send([usage(1)]).json() == {"applied_through": 1}

    assert lose(center, 2, 4).json() == {"applied_through": 4}
    assert lose(center, 2, 4).json() == {"applied_through": 4}
    assert center.send([usage(5)]).json() == {"applied_through": 5}

    assert center.calls() == 2
    (item,) = uncounted(center)
    assert (item["first"], item["last"], item["kind"]) == (2, 4, None)
    (told,) = acts(center, "telemetry.uncounted")
    assert (told["records"], told["why"]) == (3, "the content is not what was written")


def test_M09_lost_records_leave_no_gap_and_are_not_lost_twice(sqlite_center: Center) -> None:
    center = sqlite_center
    center.send([usage(1)])

    gap = lose(center, 3, 4)
    overlapping = lose(center, 1, 2)

    assert (gap.status_code, gap.json()["applied_through"]) == (409, 1)
    assert overlapping.json() == {"applied_through": 2}
    assert [(item["first"], item["last"]) for item in uncounted(center)] == [(2, 2)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"lost": None},
        {"records": [usage(2)]},
        {"lost": {"first": 3, "last": 2, "reason": "x"}},
        {"lost": {"first": 1, "last": 2**63, "reason": "x"}},
    ],
)
def test_M13_a_batch_of_lost_records_that_makes_no_sense_is_refused(
    sqlite_center: Center, wrong: dict[str, Any]
) -> None:
    assert lose(sqlite_center, 1, 2, **wrong).status_code == 422
    assert uncounted(sqlite_center) == []


def test_C01_uncounted_records_are_their_provinces_own(sqlite_center: Center) -> None:
    sqlite_center.send([usage(1, subscription="sub-lost")])

    assert sqlite_center.ask(PATH, "zhejiang").status_code == 200
    assert sqlite_center.ask(PATH, "guizhou").status_code == 404
    assert sqlite_center.ask(PATH, "engineer").status_code == 403
    assert sqlite_center.client("zhejiang").post(f"/api/v1{PATH}:count").status_code == 403
    assert NOW.isoformat()[:10] in sqlite_center.ask(PATH, "zhejiang").text
