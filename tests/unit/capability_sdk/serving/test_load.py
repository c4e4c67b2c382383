"""What an instance says of its load: a percentile of the last seconds, off a histogram that only grows."""

import pytest

from capability_sdk.serving.load import RecentLatency, quantile
from capability_sdk.serving.metrics import Histogram


def test_a_quantile_lies_in_its_cell_in_proportion() -> None:
    assert quantile((1.0, 2.0, 4.0), (50, 50, 0, 0), 0.75) == pytest.approx(1.5)
    assert quantile((1.0, 2.0, 4.0), (0, 0, 0, 9), 0.99) == 4.0
    assert quantile((1.0, 2.0, 4.0), (0, 0, 0, 0), 0.99) is None


def test_what_is_longer_ago_than_ten_seconds_does_not_count() -> None:
    now = [0.0]
    histogram = Histogram((0.01, 0.1, 1.0))
    recent = RecentLatency(histogram, lambda: now[0])
    for _ in range(1000):
        histogram.observe(0.5)
    slow = recent.p99_ms()
    for now[0] in (5.0, 10.0):
        recent.p99_ms()
    quiet = recent.p99_ms()
    histogram.observe(0.005)
    fast = recent.p99_ms()

    assert slow is not None
    assert slow > 100
    assert quiet is None
    assert fast is not None
    assert fast <= 10
