"""What is expected of a capability: its time of day, its trend, and never less than nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.scaling.forecast import SLOTS, Forecast


def noon_peak(bucket: int) -> float:
    """Twenty calls a second, and a hundred more around slot 144."""
    return 20 + 100 * math.exp(-(((bucket % SLOTS) - 144) ** 2) / 200)


def taught(days: int) -> Forecast:
    learnt = Forecast.begin(0, noon_peak(0))
    for bucket in range(1, days * SLOTS):
        learnt = learnt.observe(bucket, noon_peak(bucket))
    return learnt


def test_the_peak_of_yesterday_is_expected_today_before_it_comes() -> None:
    learnt = taught(2)
    for bucket in range(2 * SLOTS, 2 * SLOTS + 130):
        learnt = learnt.observe(bucket, noon_peak(bucket))

    assert noon_peak(2 * SLOTS + 129) < 70
    assert learnt.expect(2 * SLOTS + 144) == pytest.approx(120, rel=0.1)


def test_before_a_day_has_passed_the_recent_trend_is_the_forecast() -> None:
    learnt = Forecast.begin(0, 10.0)
    for bucket in range(1, 40):
        learnt = learnt.observe(bucket, 10.0 + bucket)

    assert learnt.expect(42) > 49


def test_buckets_that_nobody_watched_change_nothing_but_the_time() -> None:
    learnt = taught(2)

    later = learnt.observe(3 * SLOTS + 100, noon_peak(3 * SLOTS + 100))

    assert later.expect(3 * SLOTS + 144) == pytest.approx(120, rel=0.15)
    assert learnt.observe(5, 1e9) is learnt


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40), st.integers(0, 500))
def test_a_forecast_is_a_rate_whatever_was_observed(rates: list[float], ahead: int) -> None:
    learnt = Forecast.begin(1000, rates[0])
    for bucket, rate in enumerate(rates[1:], start=1001):
        learnt = learnt.observe(bucket, rate)

    assert 0 <= learnt.expect(learnt.bucket + ahead) < math.inf
    with pytest.raises(ValueError, match="over"):
        learnt.expect(learnt.bucket - 1)
