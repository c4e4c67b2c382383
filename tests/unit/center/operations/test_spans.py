"""Spans of hours cover a time without a gap, without an overlap, and by few."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from center.operations.spans import HOUR, SPAN_HOURS, Stretch, span_of, stretches

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOURS = 2400


def _holds(part: Stretch, hour: datetime) -> bool:
    start = span_of(hour, part.hours)
    return (part.begins or start) <= start and (part.ends is None or start < part.ends)


@pytest.mark.parametrize("seed", range(40))
def test_every_hour_of_a_time_lies_in_one_stretch_and_no_other_hour_in_any(seed: int) -> None:
    choose = random.Random(seed)  # noqa: S311 - no secret
    first, behind = sorted(choose.sample(range(HOURS), 2))
    begins = None if seed % 5 == 0 else NOW + timedelta(hours=first, minutes=choose.choice([0, 7]))
    ends = None if seed % 7 == 0 else NOW + timedelta(hours=behind, minutes=choose.choice([0, 7]))

    cover = stretches(begins, ends)

    for hour in (NOW + timedelta(hours=back) for back in range(HOURS)):
        inside = (begins is None or hour >= begins) and (ends is None or hour < ends)
        assert sum(_holds(part, hour) for part in cover) == inside
    assert {part.hours for part in cover} <= {HOUR, *SPAN_HOURS}
    for part in cover:
        for end in (part.begins, part.ends):
            assert end is None or end == span_of(end, part.hours)


def test_thirty_days_are_few_spans() -> None:
    ends = NOW.replace(hour=0)
    spans = [
        (part.ends - part.begins) / timedelta(hours=part.hours)
        for part in stretches(ends - timedelta(days=30, hours=8), ends)
        if part.begins and part.ends
    ]

    assert sum(spans) < 15


def test_a_time_without_an_hour_has_no_stretch() -> None:
    assert stretches(NOW, NOW) == []
    assert stretches(NOW, NOW - timedelta(hours=3)) == []
    assert stretches(NOW + timedelta(minutes=1), NOW + timedelta(minutes=50)) == []


def test_the_first_and_the_last_moment_there_are_lie_in_spans_too() -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    hours = [first, last.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)]

    assert {span_of(first, length) for length in SPAN_HOURS} == {first}
    for begins, ends in ((first, last), (first, None), (None, last)):
        cover = stretches(begins, ends)
        assert [sum(_holds(part, hour) for part in cover) for hour in hours] == [1, 1]
    assert stretches(last, None) == [Stretch(384, hours[1] + timedelta(hours=1), None)]
