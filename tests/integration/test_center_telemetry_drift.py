"""Profiles become verdicts: the real digits, from the edge's bytes to what people read."""

from datetime import timedelta
from functools import partial

import numpy as np
import pytest
from sqlalchemy import select

from capability_sdk.profiling.anchors import build_reference
from capability_sdk.profiling.carrier import to_whylogs
from capability_sdk.profiling.digest import anchors_digest
from center.identity.audit import AuditRow
from center.monitoring.counting import Monitor
from tests.campaigns.drift.images import WINDOW, Images, counted, noisy, split
from tests.center_stock import DIGITS, MANIFEST
from tests.integration.telemetry_world import (
    NOW,
    Center,
    in_threads,
    keep_package,
    monitor,
    profile,
    work,
)


class Digits:
    """The digits of one seed, and their profiles as an edge sends them."""

    def __init__(self) -> None:
        self.train, self.unseen = split(0)
        self.reference = build_reference({"image": self.train}, MANIFEST)
        self.generator = np.random.default_rng(5)

    def envelopes(self, images: Images, *, parts: int = 5, hours_ago: int = 0) -> list[dict]:  # type: ignore[type-arg]  # JSON
        """Write images as one record for each of several parts."""
        records = []
        for seq, part in enumerate(np.array_split(images, parts), start=1):
            content = to_whylogs(counted(self.reference, part), self.reference.columns)
            hour = NOW - timedelta(hours=hours_ago)
            digest = anchors_digest(self.reference)
            records.append(profile(seq, content, len(part), digest, hour))
        return records


@pytest.fixture(scope="module")
def digits() -> Digits:
    return Digits()


def test_a_noisy_province_drifts_and_the_other_does_not(center: Center, digits: Digits) -> None:
    keep_package(center, digits.reference)
    clean = digits.unseen[:WINDOW]
    center.send(digits.envelopes(clean), stream="profile")
    center.send(
        digits.envelopes(noisy(clean, 4.0, digits.generator)), of="guizhou", stream="profile"
    )

    work(center)

    items = {item["province"]: item for item in center.get("/drift", "admin")["items"]}
    assert items["zhejiang"]["verdict"] == "stable"
    assert items["zhejiang"]["rows"] == WINDOW
    assert items["guizhou"]["verdict"] == "drift"
    assert items["guizhou"]["columns_moved"] > 20
    assert items["guizhou"]["worst"]["effect"] > 0.4
    assert items["guizhou"]["window_from"] == "2026-11-20T12:00:00Z"

    drifting = center.get("/drift", "admin", verdict="drift")["items"]
    assert [item["province"] for item in drifting] == ["guizhou"]

    detail = center.get(f"/drift/{DIGITS}/guizhou", "guizhou")
    assert len(detail["columns"]) == 64
    assert detail["columns"][0] == items["guizhou"]["worst"]


def test_verdicts_are_shown_to_whom_they_concern(sqlite_center: Center, digits: Digits) -> None:
    center = sqlite_center
    keep_package(center, digits.reference)
    center.send(digits.envelopes(digits.unseen[:60], parts=1), stream="profile")
    work(center)

    assert center.get("/drift", "engineer")["items"][0]["verdict"] == "learning"
    assert center.get("/drift", "zhejiang")["total"] == 1
    assert center.get("/drift", "guizhou")["total"] == 0
    assert center.get("/drift", "admin", province="guizhou")["total"] == 0
    assert center.ask(f"/drift/{DIGITS}/zhejiang", "guizhou").status_code == 404
    assert center.ask(f"/drift/{DIGITS}/guizhou", "admin").status_code == 404


def test_each_profile_counts_once_with_two_workers_at_once(center: Center, digits: Digits) -> None:
    keep_package(center, digits.reference)
    center.send(digits.envelopes(digits.unseen[:400], parts=8), stream="profile")
    center.send(digits.envelopes(digits.unseen[400:], parts=4), of="guizhou", stream="profile")
    workers = [monitor(center) for _ in range(2)]

    in_threads([partial(_until_idle, worker) for worker in workers])
    work(center)

    items = {item["province"]: item["rows"] for item in center.get("/drift", "admin")["items"]}
    assert items == {"zhejiang": 400, "guizhou": len(digits.unseen) - 400}


def _until_idle(worker: Monitor) -> None:
    while worker.run():
        pass


def test_late_profiles_of_an_hour_add_up_and_the_verdict_follows(
    sqlite_center: Center, digits: Digits
) -> None:
    center = sqlite_center
    keep_package(center, digits.reference)
    center.send(digits.envelopes(digits.unseen[:150], parts=1), stream="profile-a")
    work(center)
    assert center.get("/drift", "admin")["items"][0]["verdict"] == "learning"

    center.world.clock.move(timedelta(minutes=5))
    center.send(digits.envelopes(digits.unseen[150:300], parts=1), stream="profile-b")
    work(center)

    (item,) = center.get("/drift", "admin")["items"]
    assert (item["verdict"], item["rows"], item["age_seconds"]) == ("stable", 300, 0)
    assert item["since"] == "2026-11-20T12:00:00Z"


def spoiled(digits: Digits) -> dict[str, tuple[bytes, int, str]]:
    images = digits.unseen[:60]
    good = to_whylogs(counted(digits.reference, images), digits.reference.columns)
    anchors = anchors_digest(digits.reference)
    other = build_reference({"image": digits.unseen}, MANIFEST)
    return {
        "garbage": (b"garbage", 60, anchors),
        "trailing bytes": (good + b"13800138000", 60, anchors),
        "other anchors": (good, 60, anchors_digest(other)),
        "wrong rows": (good, 61, anchors),
    }


@pytest.mark.parametrize("case", ["garbage", "trailing bytes", "other anchors", "wrong rows"])
def test_a_profile_that_is_not_ours_is_set_aside_and_audited(
    sqlite_center: Center, digits: Digits, case: str
) -> None:
    center = sqlite_center
    keep_package(center, digits.reference)
    center.send([profile(1, *spoiled(digits)[case])], stream="profile")
    center.send(digits.envelopes(digits.unseen[:300], parts=1), of="guizhou", stream="profile")

    work(center)

    items = [item["province"] for item in center.get("/drift", "admin")["items"]]
    assert items == ["guizhou"]
    with center.database.session(write=False) as session:
        acts = session.scalars(select(AuditRow).where(AuditRow.act == "profile.quarantined"))
        (act,) = acts
    assert (act.actor, act.subject) == (center.edges["zhejiang"], f"capability/{DIGITS}/1.0.0")


def test_without_a_reference_profiles_are_set_aside(sqlite_center: Center, digits: Digits) -> None:
    sqlite_center.send(digits.envelopes(digits.unseen[:60], parts=1), stream="profile")

    work(sqlite_center)

    assert sqlite_center.get("/drift", "admin")["total"] == 0
