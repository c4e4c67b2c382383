"""Every record an edge reports counts exactly once, whole batches or nothing."""

import gzip
import random
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from center.identity.audit import AuditRow
from center.operations.rows import UsageRecordRow
from tests.integration.telemetry_world import (
    NOW,
    Center,
    guizhou,
    health,
    in_threads,
    profile,
    quality,
    turned_away,
    usage,
)


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
    "refused-and-answered": usage(2, status=429, turned_away=5),
    "more-than-ever": turned_away(2, 10**9 + 1),
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
