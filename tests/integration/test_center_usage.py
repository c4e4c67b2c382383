"""Usage is the plain sum of the records, of whatever time and by whatever groups."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from center.operations.rows import (
    FIGURES,
    LATENCY_COLUMNS,
    UsageSeriesRow,
    UsageSpanRow,
)
from tests.bench.country_data import add_spans
from tests.center_stock import DIGITS
from tests.integration.telemetry_world import NOW, Center, guizhou, turned_away, usage

OF = {"zhejiang": {}, "guizhou": {"application": "app-g", "subscription": "sub-g"}}


def test_totals_are_the_sum_of_the_records(center: Center) -> None:
    choose = random.Random(11)  # noqa: S311 - no secret
    records = [
        usage(
            seq,
            at=(NOW - timedelta(hours=choose.randrange(5))).isoformat(),
            status=choose.choice([200, 404, 500]),
        )
        for seq in range(1, 301)
    ]
    for start in range(0, 300, 70):
        center.send(records[start : start + 70])

    items = center.get("/usage", "admin", by="hour,version")["items"]
    assert sum(item["calls"] for item in items) == 300
    assert sum(item["errors"] for item in items) == sum(
        record["body"]["status"] >= 400 for record in records
    )
    assert len(items) == len({record["body"]["at"] for record in records})


def test_every_time_holds_exactly_the_records_of_its_hours(center: Center) -> None:
    choose = random.Random(23)  # noqa: S311 - no secret
    hours = [NOW - timedelta(hours=choose.randrange(100 * 24)) for _ in range(120)]
    statuses = [choose.choice([200, 200, 404, 429, 500]) for _ in hours]
    # An edge of before writes a record of each call that it turned away, if it writes any.
    sizes = [choose.choice([1, 1, 40]) if status == 429 else 1 for status in statuses]
    for start in range(0, 120, 40):  # so that most spans are begun by one batch and grow by others
        many = range(start, start + 40)
        for province, whose in OF.items():
            told = [
                turned_away(seq + 1, sizes[seq], at=hours[seq].isoformat(), **whose)
                if sizes[seq] > 1
                else usage(seq + 1, at=hours[seq].isoformat(), status=statuses[seq], **whose)
                for seq in many
            ]
            assert center.send(told, of=province).status_code == 200

    for begins, ends in [_cut(choose) for _ in range(12)]:
        asked = {"from": f"{begins:%Y-%m-%dT%H:%M:%SZ}", "to": f"{ends:%Y-%m-%dT%H:%M:%SZ}"}
        inside = [
            status
            for at, status, calls in zip(hours, statuses, sizes, strict=True)
            for _ in range(calls)
            if begins <= at.replace(minute=0) < ends
        ]
        plain = (len(inside), sum(s >= 400 for s in inside), sum(s == 429 for s in inside))
        for by in ("province,capability,application", "province", "organisation"):
            items = center.get("/usage", "admin", by=by, sort="-calls", **asked)["items"]
            shown = [(item["calls"], item["errors"], item["throttled"]) for item in items]
            assert shown == ([plain] * 2 if inside else []), (by, asked)

    kept = _spans(center)
    with center.database.session() as session:
        session.execute(delete(UsageSpanRow))
        session.execute(delete(UsageSeriesRow))
    add_spans(center.database)
    assert _spans(center) == kept  # the migration adds up what the intake has


def _spans(center: Center) -> list[tuple[Any, ...]]:
    span, series = UsageSpanRow, UsageSeriesRow
    columns = [getattr(span, name) for name in (*FIGURES, *LATENCY_COLUMNS)]
    statement = select(span.hours, span.begins, series.province, *columns)
    with center.database.session(write=False) as session:
        found = session.execute(statement.join(series, series.id == span.series))
        return sorted(tuple(line) for line in found)


def _cut(choose: random.Random) -> tuple[datetime, datetime]:
    """Choose a time: of hours, of days, and of months."""
    begins = NOW - timedelta(hours=choose.randrange(101 * 24), minutes=30)
    return begins, begins + timedelta(hours=choose.choice([1, 7, 30, 200, 900, 2400]))


def test_usage_without_a_beginning_is_that_of_the_last_30_days(sqlite_center: Center) -> None:
    center = sqlite_center
    moments = [NOW - timedelta(days=30), NOW - timedelta(days=30, hours=1), NOW]
    center.send([usage(i, at=at.isoformat()) for i, at in enumerate(moments, start=1)])

    shown = center.get("/usage", "admin")

    assert [item["calls"] for item in shown["items"]] == [2]
    assert (shown["from"], shown["to"]) == ("2026-10-21T12:00:00Z", None)
    earlier = center.get("/usage", "admin", to="2026-11-20T00:00:00Z")
    assert [item["calls"] for item in earlier["items"]] == [2]
    assert earlier["from"] == "2026-10-21T00:00:00Z"


def test_usage_is_cut_by_time_and_comes_in_pages(center: Center) -> None:
    moments = [NOW - timedelta(hours=back) for back in range(4)]
    center.send([usage(i, at=at.isoformat()) for i, at in enumerate(moments, start=1)])

    recent = center.get("/usage", "admin", by="hour", **{"from": "2026-11-20T11:00:00Z"})
    before = center.get("/usage", "admin", by="hour", to="2026-11-20T11:00:00Z")
    assert (recent["total"], before["total"]) == (2, 2)

    first = center.get("/usage", "admin", by="hour", limit="3")
    second = center.get("/usage", "admin", by="hour", limit="3", cursor=first["next"])
    assert (len(first["items"]), len(second["items"]), second["next"]) == (3, 1, None)


def test_usage_exports_as_csv_and_what_was_turned_away_took_no_time(center: Center) -> None:
    center.send([usage(1), usage(2, status=400), turned_away(3, 998)])

    answer = center.ask("/usage", "admin", headers={"accept": "text/csv"})

    assert answer.headers["content-type"].startswith("text/csv")
    head, line = answer.text.splitlines()
    assert head == (
        "province,capability,application,calls,units,errors,failures,throttled"
        ",p50_ms,p99_ms,daily_quota"
    )
    figures = line.split(",")
    assert figures[:8] == ["zhejiang", DIGITS, "app-z", *("1000", "2", "999", "0", "998")]
    assert figures[10] == "1000"
    assert 0 < float(figures[8]) < float(figures[9]) <= 1  # both took 0.9 ms: the cell up to 1 ms
    calls = center.get("/usage/calls", "admin")["items"]
    assert [(call["status"], call["calls"]) for call in calls] == [(200, 1), (400, 1), (429, 998)]


def test_an_export_is_whole_however_many_groups_there_are(sqlite_center: Center) -> None:
    moments = [NOW - timedelta(hours=back) for back in range(1100)]
    sqlite_center.send([usage(i, at=at.isoformat()) for i, at in enumerate(moments, start=1)])
    asked = {"by": "hour", "from": "2026-01-01T00:00:00Z"}

    whole = sqlite_center.ask("/usage", "admin", {"accept": "text/csv"}, **asked)
    piece = sqlite_center.ask("/usage", "admin", {"accept": "text/csv"}, **asked, limit="500")

    lines = whole.text.splitlines()
    assert len(lines) == 1 + 1100
    assert lines[-1].startswith("2026-11-20T12:00:00Z,1,")
    assert piece.text.splitlines() == lines[:501]
    assert piece.headers["x-next-cursor"] == "500"


def test_usage_is_grouped_by_organisation_and_cost_centre_within_ones_books(
    center: Center,
) -> None:
    admin = center.client("admin")
    body = {"titles": {"zh": "浙江", "en": "Zhejiang"}, "cost_centre": "CC-3300"}
    changed = admin.put("/api/v1/organisations/zhejiang", json=body)
    assert changed.is_success, changed.text
    center.send([usage(1), usage(2)])
    center.send([guizhou(1)], of="guizhou")

    def books(who: str) -> dict[str, int]:
        items = center.get("/usage", who, by="organisation,cost_centre", sort="-calls")["items"]
        return {f"{item['organisation']} {item['cost_centre']}": item["calls"] for item in items}

    assert books("admin") == {"zhejiang CC-3300": 2, "guizhou ": 1}
    assert books("zhejiang") == {"zhejiang CC-3300": 2}
    assert books("engineer") == {}  # who may read these capabilities, but nobody's books


def test_everybody_sees_the_usage_that_is_theirs(center: Center) -> None:
    center.send([usage(1)])
    center.send([guizhou(1), guizhou(2)], of="guizhou")

    assert center.calls("admin") == 3
    assert center.calls("engineer") == 3
    assert center.calls("stranger") == 0
    assert center.calls("zhejiang") == 1
    assert center.calls("guizhou") == 2


@pytest.mark.parametrize("query", ["by=salary", "by=", "from=yesterday", "limit=0", "cursor=x"])
def test_a_question_that_makes_no_sense_is_refused(sqlite_center: Center, query: str) -> None:
    assert sqlite_center.ask(f"/usage?{query}", "admin").status_code in (400, 422)
