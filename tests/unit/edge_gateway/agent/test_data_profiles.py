"""Data profiles leave as sums of at least 50 rows, or not at all."""

import base64
from datetime import timedelta

import pytest

from capability_sdk.profiling.carrier import from_whylogs
from tests.unit.edge_gateway.agent.conftest import COLUMNS, Clock, Place


def test_fifty_rows_leave_once_they_are_old_enough(place: Place, clock: Clock) -> None:
    place.delta(30)
    place.delta(20)
    place.step()
    assert place.left("profile") == []

    clock.now += timedelta(seconds=60)
    place.step()
    place.step()

    (body,) = place.left("profile")
    assert body["rows"] == 50
    counts = from_whylogs(base64.b64decode(body["profile"]), COLUMNS)
    assert counts == {"age": [0, 0, 0, 0, 50, 0], "kind": [0, 0, 0, 50, 0]}


def test_forty_nine_rows_wait_and_are_suppressed_and_counted(place: Place, clock: Clock) -> None:
    place.delta(49)
    place.step()
    clock.now += timedelta(minutes=90)
    place.step()
    assert (place.left("profile"), place.counter("profile-rows-suppressed")) == ([], 0)

    clock.now += timedelta(hours=1)
    place.step()
    assert (place.left("profile"), place.counter("profile-rows-suppressed")) == ([], 49)


@pytest.mark.parametrize(
    "change",
    [
        {"anchors": "sha256:" + "b" * 64},
        {"counts": {"age": [60, 0, 0, 0, 0, 0]}},
        {"counts": {"age": [60], "kind": [0, 0, 0, 60, 0]}},
        {"counts": {"age": [0] * 6, "kind": [0] * 5, "13800138000": [60]}},
        {"counts": {"age": [0, 0, 0, 0, 1, 0], "kind": [0, 0, 0, 60, 0]}},
        {"version": "9.9.9"},
    ],
)
def test_deltas_that_are_not_of_the_package_are_counted_and_left_out(
    place: Place, clock: Clock, change: dict[str, object]
) -> None:
    place.delta(60, **change)
    place.step()
    clock.now += timedelta(minutes=2)
    place.step()

    assert (place.left("profile"), place.counter("profile-rows-refused")) == ([], 60)


def test_a_record_that_is_no_journal_record_is_counted(place: Place) -> None:
    place.delta(60, window="noon")
    place.delta(60, kind="secret")
    place.step()

    assert place.counter("journal-unreadable") == 2
