"""What a capability will be asked for: the same time of day, and the recent trend. Pure.

Additive Holt-Winters with a damped trend and a season of one day in five-minute buckets. The first
whole day teaches the season; until it is over, the level and trend of the last buckets are the
forecast.

Source:
    Winters, Forecasting sales by exponentially weighted moving averages (1960); the damped trend:
    Gardner and McKenzie, Forecasting trends in time series (1985).
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self, TypeVar

BUCKET = timedelta(minutes=5)
SLOTS = timedelta(days=1) // BUCKET

_LEVEL = 0.3
_TREND = 0.05
_SEASON = 0.3
_DAMPING = 0.9
_ERROR = 0.1
_CONFIDENCE = 1.64
"""Standard errors above the mean: 95 % of a normal error stay below."""

_Value = TypeVar("_Value")


def bucket_of(moment: datetime) -> int:
    """Number the five-minute bucket of an aware moment, from 1970 on."""
    return int(moment.timestamp() // BUCKET.total_seconds())


@dataclass(frozen=True, slots=True)
class Forecast:
    """What has been learnt of one capability's rate.

    Attributes:
        bucket: The last bucket that was observed.
        level: Calls a second without the season.
        trend: Change of the level in one bucket.
        season: Calls a second above the level, by slot of the day; None until a day has passed.
        first_day: Rates by slot while the first day passes; None in slots without one.
        variance: Of the error of the forecast one bucket ahead.
    """

    bucket: int
    level: float
    trend: float = 0.0
    season: tuple[float, ...] | None = None
    first_day: tuple[float | None, ...] = (None,) * SLOTS
    variance: float = 0.0

    @classmethod
    def begin(cls, bucket: int, rate: float) -> Self:
        """Begin with a first observation."""
        return cls(bucket, rate, first_day=_with((None,) * SLOTS, bucket, rate))

    def observe(self, bucket: int, rate: float) -> "Forecast":
        """Learn the rate of a bucket that is over; an older one teaches nothing.

        Buckets between, in which nobody watched, leave the level as it was.
        """
        gap = bucket - self.bucket
        if gap <= 0:
            return self
        error = rate - self._mean(gap)
        season = self._season(bucket)
        level = _LEVEL * (rate - season) + (1 - _LEVEL) * (self.level + self._drift(gap))
        trend = _TREND * (level - self.level) / gap + (1 - _TREND) * _DAMPING**gap * self.trend
        learnt = replace(
            self,
            bucket=bucket,
            level=level,
            trend=trend,
            variance=(1 - _ERROR) * self.variance + _ERROR * error * error,
        )
        return _teach_season(learnt, rate)

    def expect(self, bucket: int) -> float:
        """Return the calls a second that a bucket will hardly exceed, >= 0.

        Raises:
            ValueError: The bucket is over.
        """
        ahead = bucket - self.bucket
        if ahead < 0:
            raise ValueError("a bucket that is over is not forecast")
        return max(self._mean(ahead) + _CONFIDENCE * math.sqrt(self.variance), 0.0)

    def peak(self, first: int, last: int) -> float:
        """Return the most that is expected from one bucket to another, both included."""
        start = max(first, self.bucket)
        return max(self.expect(bucket) for bucket in range(start, max(last, start) + 1))

    def _mean(self, ahead: int) -> float:
        return self.level + self._drift(ahead) + self._season(self.bucket + ahead)

    def _drift(self, ahead: int) -> float:
        # The sum of the damping's powers from 1 to `ahead`.
        return self.trend * _DAMPING * (1 - _DAMPING**ahead) / (1 - _DAMPING)

    def _season(self, bucket: int) -> float:
        return 0.0 if self.season is None else self.season[bucket % SLOTS]


def _teach_season(level: Forecast, rate: float) -> Forecast:
    """Teach the season a rate that the level has learnt already."""
    slot = level.bucket % SLOTS
    if level.season is not None:
        learnt = _SEASON * (rate - level.level) + (1 - _SEASON) * level.season[slot]
        return replace(level, season=_with(level.season, level.bucket, learnt))
    first_day = _with(level.first_day, level.bucket, rate)
    known = [item for item in first_day if item is not None]
    if len(known) < SLOTS:
        return replace(level, first_day=first_day)
    mean = sum(known) / SLOTS
    season = tuple(item - mean for item in known)
    return replace(
        level, first_day=(), season=season, level=rate - season[slot], trend=0.0, variance=0.0
    )


def _with(values: tuple[_Value, ...], bucket: int, value: _Value) -> tuple[_Value, ...]:
    slot = bucket % SLOTS
    return (*values[:slot], value, *values[slot + 1 :])
