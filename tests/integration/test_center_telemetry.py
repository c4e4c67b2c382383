"""Every record an edge reports counts exactly once, whole batches or nothing."""

import gzip
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from center.identity.audit import AuditRow
from center.operations.rows import (
    FIGURES,
    LATENCY_COLUMNS,
    UsageRecordRow,
    UsageSeriesRow,
    UsageSpanRow,
)
from tests.bench.country_data import add_spans
from tests.center_stock import DIGITS
from tests.integration.telemetry_world import (
    NOW,
    Center,
    guizhou,
    health,
    in_threads,
    profile,
    quality,
    running_center,
    usage,
)


@pytest.fixture
def center(database_url: str, tmp_path: Path) -> Iterator[Center]:
    with running_center(database_url, tmp_path) as running:
        yield running


@pytest.fixture
def sqlite_center(tmp_path: Path) -> Iterator[Center]:
    with running_center(f"sqlite:///{tmp_path / 'center.db'}", tmp_path) as running:
        yield running


def test_a_batch_is_counted_and_acknowledged(center: Center) -> None:
    records = [usage(1), usage(2, status=429), usage(3, status=503, units=0, version=None)]

    answer = center.send(records)

    assert (answer.status_code, answer.json()) == (200, {"applied_through": 3})
    (total,) = center.get("/usage", "admin")["items"]
    assert total["province"] == "zhejiang"
    assert total["application"] == "app-z"
    assert (total["calls"], total["units"], total["errors"]) == (3, 2, 2)


def test_a_repeated_batch_changes_nothing(center: Center) -> None:
    records = [usage(1), quality(2, {(3, 3): 5}, 8), usage(3)]

    answers = [center.send(records).json() for _ in range(3)]

    assert answers == [{"applied_through": 3}] * 3
    assert center.calls() == 2
    (judged,) = center.get("/quality", "admin")["items"]
    assert (judged["labelled"], judged["predictions"]) == (5, 8)


def test_of_an_overlapping_batch_only_the_new_part_counts(center: Center) -> None:
    center.send([usage(1), usage(2), quality(3, {(1, 1): 1}, 1)])

    answer = center.send([usage(2), quality(3, {(1, 1): 1}, 1), quality(4, {(1, 1): 1}, 1)])

    assert answer.json() == {"applied_through": 4}
    assert center.calls() == 2
    assert center.get("/quality", "admin")["items"][0]["labelled"] == 2


def test_a_gap_is_refused_and_says_where_to_go_on(center: Center) -> None:
    center.send([usage(1), usage(2)])

    answer = center.send([usage(4)])

    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/telemetry-gap"
    assert answer.json()["applied_through"] == 2
    assert center.calls() == 2


def test_streams_epochs_and_edges_are_counted_apart(center: Center) -> None:
    assert center.send([usage(1)]).json() == {"applied_through": 1}
    assert center.send([usage(1, request_id="b")], stream="usage-1").status_code == 200
    assert center.send([usage(1, request_id="c")], epoch=2).status_code == 200
    assert center.send([guizhou(1)], of="guizhou").status_code == 200

    # An older epoch goes on where it was.
    assert center.send([usage(2, request_id="d")], epoch=1).json() == {"applied_through": 2}
    assert center.calls() == 5


def test_a_request_that_comes_again_in_another_epoch_counts_once(center: Center) -> None:
    center.send([usage(1), usage(2)])

    assert center.send([usage(1), usage(2), usage(3)], epoch=2).status_code == 200
    assert center.calls() == 3


def test_the_same_request_twice_in_one_batch_counts_once(sqlite_center: Center) -> None:
    sqlite_center.send([usage(1, request_id="x"), usage(2, request_id="x")])

    assert sqlite_center.calls() == 1


def test_overlapping_batches_at_the_same_moment_count_once(center: Center) -> None:
    """Fails as soon as the watermark is not read under the lock, or not at all."""
    everything = [quality(seq, {(1, 1): 1}, 2) for seq in range(1, 41)]
    ends = random.Random(4).choices(range(1, 41), k=24)  # noqa: S311 - no secret

    def deliver(end: int) -> None:
        sent = 0
        while sent < end:
            answer = center.send(everything[max(0, sent - 3) : min(end, sent + 7)])
            assert answer.status_code == 200, answer.text
            sent = answer.json()["applied_through"]

    in_threads([partial(deliver, end) for end in (*ends[:5], 40)])

    (judged,) = center.get("/quality", "admin")["items"]
    assert (judged["labelled"], judged["predictions"]) == (40, 80)


def test_the_first_batches_of_a_province_may_come_at_once(center: Center) -> None:
    def deliver(worker: int) -> None:
        records = [usage(seq, request_id=f"w{worker}-{seq}") for seq in range(1, 21)]
        assert center.send(records, stream=f"usage-{worker}").status_code == 200

    in_threads([partial(deliver, worker) for worker in range(4)])

    assert center.calls() == 80
    (total,) = center.get("/usage", "admin", by="province")["items"]
    assert total["units"] == 80


REFUSED: dict[str, dict[str, Any]] = {
    "negative": usage(2, latency_us=-1),
    "too-large": usage(2, request_bytes=2**63),
    "forged-units": usage(2, units=50),
    "other-province": guizhou(2),
    "other-application": usage(2, application="app-g"),
    "unknown-kind": usage(2) | {"kind": "gossip"},
    "no-kind": {"seq": 2, "body": {}},
    "not-base64": profile(2, b"x", 60, "a") | {},
    "wrong-class": quality(2, {(3, 11): 1}, 1),
    "cell-twice": quality(2, {(3, 3): 1}, 1),
    "huge-health": health(2, backlog={f"s{i}": 1 for i in range(100_000)}),
}
REFUSED["not-base64"]["body"]["profile"] = "~~~"
REFUSED["cell-twice"]["body"]["confusion"] *= 2


@pytest.mark.parametrize("record", REFUSED.values(), ids=REFUSED.keys())
def test_m13_a_record_that_cannot_be_right_refuses_its_whole_batch(
    sqlite_center: Center, record: dict[str, Any]
) -> None:
    center = sqlite_center
    answer = center.send([usage(1), record, usage(3)])

    assert answer.status_code == 422, answer.text
    assert answer.json()["type"] == "/problems/telemetry-refused"
    assert answer.json()["seq"] == 2
    assert center.calls() == 0
    assert center.send([usage(1)]).json() == {"applied_through": 1}
    assert [act.detail["seq"] for act in audited(center)] == [2]


def audited(center: Center) -> list[AuditRow]:
    with center.database.session(write=False) as session:
        return list(session.scalars(select(AuditRow).where(AuditRow.act == "telemetry.refused")))


def test_a_refusal_that_is_repeated_is_audited_once(center: Center) -> None:
    for _ in range(3):
        center.send([guizhou(1)])

    (act,) = audited(center)
    assert act.subject == f"edge/{center.edges['zhejiang']}"
    assert act.detail["seq"] == 1


def test_records_out_of_order_are_refused(sqlite_center: Center) -> None:
    for numbers in ([1, 3], [2, 1], [1, 1]):
        answer = sqlite_center.send([usage(number) for number in numbers])
        assert (answer.status_code, answer.json()["seq"]) == (422, numbers[1])

    assert sqlite_center.calls() == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[" * 100_000, b'{"records":[]}', b"\xff"])
def test_a_body_that_is_no_batch_is_refused(sqlite_center: Center, body: bytes) -> None:
    answer = sqlite_center.post(body, of="zhejiang", as_="edge of zhejiang")

    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_compressed_batch_counts_the_same(center: Center) -> None:
    records = [usage(seq) for seq in range(1, 501)]

    assert center.send(records, compressed=True).json() == {"applied_through": 500}
    assert center.calls() == 500


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(gzip.compress(b"0" * (32 << 20)), 413, id="bomb"),
        pytest.param(gzip.compress(b"{}")[:-4], 400, id="cut-off"),
        pytest.param(gzip.compress(b"{}") + gzip.compress(b"{}"), 400, id="two-members"),
        pytest.param(b"plain", 400, id="not-gzip"),
    ],
)
def test_h10_a_body_that_is_not_what_its_headers_say_is_refused(
    sqlite_center: Center, body: bytes, status: int
) -> None:
    headers = {"content-encoding": "gzip"}
    answer = sqlite_center.post(body, of="zhejiang", as_="edge of zhejiang", headers=headers)

    assert answer.status_code == status


def test_an_edge_reports_for_itself_only(center: Center) -> None:
    assert center.send([guizhou(1)], of="guizhou", as_="edge of zhejiang").status_code == 403
    assert center.send([usage(1)], as_="admin").status_code == 403
    assert center.send([usage(1)], as_="nobody").status_code == 401
    assert center.calls() == 0


def test_m12_a_call_from_the_future_counts_in_the_hour_of_receipt(center: Center) -> None:
    tomorrow, yesterday = NOW + timedelta(days=1), NOW - timedelta(days=1)

    center.send([usage(1, at=tomorrow.isoformat()), usage(2, at=yesterday.isoformat())])

    hours = [item["hour"] for item in center.get("/usage", "admin", by="hour")["items"]]
    assert hours == ["2026-11-19T12:00:00Z", "2026-11-20T12:00:00Z"]
    with center.database.session(write=False) as session:
        assert {row.received_at for row in session.scalars(select(UsageRecordRow))} == {NOW}


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
    for start in range(0, 120, 40):  # so that most spans are begun by one batch and grow by others
        many = range(start, start + 40)
        of = {"zhejiang": usage, "guizhou": guizhou}
        for province, record in of.items():
            told = [
                record(seq + 1, at=hours[seq].isoformat(), status=statuses[seq]) for seq in many
            ]
            center.send(told, of=province)

    for begins, ends in [_cut(choose) for _ in range(12)]:
        asked = {"from": f"{begins:%Y-%m-%dT%H:%M:%SZ}", "to": f"{ends:%Y-%m-%dT%H:%M:%SZ}"}
        inside = [
            status
            for at, status in zip(hours, statuses, strict=True)
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


def test_usage_exports_as_csv(center: Center) -> None:
    center.send([usage(1), usage(2, status=400)])

    answer = center.ask("/usage", "admin", headers={"accept": "text/csv"})

    assert answer.headers["content-type"].startswith("text/csv")
    head, line = answer.text.splitlines()
    assert head == (
        "province,capability,application,calls,units,errors,failures,throttled"
        ",p50_ms,p99_ms,daily_quota"
    )
    figures = line.split(",")
    assert figures[:8] == ["zhejiang", DIGITS, "app-z", "2", "2", "1", "0", "0"]
    assert figures[10] == "1000"
    assert 0 < float(figures[8]) < float(figures[9]) <= 1  # both took 0.9 ms: the cell up to 1 ms


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


def test_the_newest_health_report_is_shown_with_its_age(center: Center) -> None:
    assert center.ask("/provinces/zhejiang/health", "zhejiang").status_code == 404
    center.send([health(1), health(2, state_revision=8)], stream="health")
    older = (NOW - timedelta(hours=1)).isoformat()
    center.send([health(3, state_revision=5, at=older)], stream="health")
    center.world.clock.moment = NOW + timedelta(minutes=2)

    shown = center.get("/provinces/zhejiang/health", "zhejiang")

    assert (shown["state_revision"], shown["age_seconds"]) == (8, 120)
    assert shown["backlog"] == {"usage-0": 3}
    assert center.ask("/provinces/zhejiang/health", "guizhou").status_code == 404
    assert center.ask("/provinces/zhejiang/health", "engineer").status_code == 403


def test_quality_is_counted_by_province_and_shown_to_whom_it_concerns(center: Center) -> None:
    center.send([quality(1, {(0, 0): 8, (1, 0): 2, (1, 1): 10}, 40)], stream="quality")
    center.send([quality(1, {(0, 0): 1, (1, 0): 1}, 10)], of="guizhou", stream="quality")

    (zhejiang,) = center.get("/quality", "admin", province="zhejiang")["items"]
    assert zhejiang["accuracy"] == 0.9
    assert zhejiang["coverage"] == 0.5
    assert [item["label"] for item in zhejiang["by_class"]] == ["0", "1"]
    (guizhou_only,) = center.get("/quality", "guizhou")["items"]
    assert (guizhou_only["province"], guizhou_only["accuracy"]) == ("guizhou", 0.5)
    assert center.get("/quality", "engineer")["total"] == 2
    assert center.get("/quality", "stranger")["total"] == 0
