"""What happens with one capability in one province, hour by hour: the same seed tells the same.

Nothing here depends on when it is told, so that a later run goes on where an earlier one stopped.
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deploy.fleet.models import Model
from deploy.fleet.provinces import Fate, SimulatedProvince

HOUR: Final = timedelta(hours=1)
DRIFTING_CAPABILITY: Final = 0
WORSE_CAPABILITY: Final = 3
_ZONE_HOURS: Final = 8
_CALLS_AN_HOUR: Final = 4.0
"""Of a middling capability in a middling province, over the day."""

_REPORTED: Final = (2, 8, 14, 20)
"""Local hours whose profile is sent on days that are long past; later on it is every hour."""

_QUALITY_HOUR: Final = 14
_DRIFT_FOR: Final = timedelta(hours=36)
_WORSE_FOR: Final = timedelta(hours=60)
_FLOOD_FOR: Final = timedelta(hours=4)
_LATE_BY: Final = timedelta(hours=9)
_SHIFTS: Final = (-0.9, 0.7, -0.6)
_ECHO: Final = -0.7
_WORSE_SHARE: Final = 0.3
_WEEKEND: Final = 0.55
_SATURDAY: Final = 5
_PEAKS: Final = ((12.0, 3.0, 1.6), (20.0, 2.5, 0.9))
"""Local hour, width in hours, height."""


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls of one hour, in order; each shape ``(calls,)``."""

    seconds: NDArray[np.float64]
    statuses: NDArray[np.int64]
    latencies_us: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Story:
    """One capability in one province.

    Attributes:
        begins: First hour, UTC.
        days: Days that lie in the past when the fleet begins; then comes ``finale``.
        capability: Its place in the fleet.
        is_newest: It was deployed two hours before the finale, and has hardly been called.
    """

    seed: int
    begins: datetime
    days: int
    province: SimulatedProvince
    capability: int
    model: Model
    is_newest: bool = False

    @property
    def finale(self) -> datetime:
        """The hour at which the fleet was begun: what goes wrong does so shortly before."""
        return self.begins + timedelta(days=self.days)

    def hours(self, until: datetime) -> Iterator[datetime]:
        """Return the hours that are told, each over by ``until``; none of a silent province."""
        if self.province.fate is Fate.SILENT:
            return
        ends = self.finale - _LATE_BY if self.province.fate is Fate.LATE else until
        hour = self.finale - 2 * HOUR if self.is_newest else self.begins
        while hour + HOUR <= ends:
            yield hour
            hour += HOUR

    def is_reported(self, hour: datetime) -> bool:
        """Tell whether a profile is sent of this hour."""
        return hour >= self.finale - timedelta(days=1) or local_hour(hour) in _REPORTED

    def is_judged(self, hour: datetime) -> bool:
        """Tell whether feedback is counted in this hour."""
        return local_hour(hour) == _QUALITY_HOUR

    def chance(self, hour: datetime, about: int) -> np.random.Generator:
        """Return the chance of one hour, apart for each matter."""
        name = f"{self.province.name}/{self.model.blueprint.name}"
        return np.random.default_rng(
            [self.seed, zlib.crc32(name.encode()), int(hour.timestamp()), about]
        )

    def calls(self, hour: datetime) -> Calls:
        """Return the calls of an hour."""
        chance = self.chance(hour, 1)
        wanted = chance.poisson(self._rate(hour))
        flood = chance.poisson(40) if self._is_flooded(hour) else 0
        seconds = np.sort(chance.uniform(0, 3600, wanted + flood))
        statuses = chance.choice([200, 400, 503], wanted + flood, p=[0.99, 0.006, 0.004])
        if flood:
            statuses[chance.permutation(wanted + flood)[:flood]] = 429
        middling = 9_000 * (1 + self.capability % 5)
        latencies = chance.lognormal(np.log(middling), 0.35, wanted + flood)
        return Calls(seconds, statuses, latencies.astype(np.int64))

    def rows(self, hour: datetime) -> int:
        """Return how many rows the profile of an hour counts."""
        return 20 if self.is_newest else int(self.chance(hour, 2).integers(220, 420))

    def shift(self, hour: datetime) -> Mapping[str, float]:
        """Return by input how many standard deviations it lies off in an hour."""
        names = [item.name for item in self.model.blueprint.inputs]
        daily = 0.06 * np.sin(2 * np.pi * (local_hour(hour) - 9) / 24)
        shift = dict.fromkeys(names, float(daily))
        if self.capability != DRIFTING_CAPABILITY or hour < self.finale - _DRIFT_FOR:
            return shift
        if self.province.fate is Fate.DRIFTING:
            return shift | dict(zip(names, _SHIFTS, strict=False))
        return shift | {names[0]: _ECHO} if self.province.fate is Fate.ECHOING else shift

    def wrong_share(self, hour: datetime) -> float:
        """Return the share of answers that are wrong beyond what the scores say."""
        is_here = self.province.fate is Fate.WORSE and self.capability == WORSE_CAPABILITY
        return _WORSE_SHARE if is_here and hour >= self.finale - _WORSE_FOR else 0.0

    def _rate(self, hour: datetime) -> float:
        local = hour + _ZONE_HOURS * HOUR
        day = 0.25 + sum(
            height * np.exp(-(((local.hour - peak) / width) ** 2)) for peak, width, height in _PEAKS
        )
        week = _WEEKEND if local.weekday() >= _SATURDAY else 1.0
        liking = 0.5 + (self.capability * 7 % 11) / 10
        return float(_CALLS_AN_HOUR * self.province.size * liking * day * week)

    def _is_flooded(self, hour: datetime) -> bool:
        is_here = self.province.fate is Fate.FLOODED and self.capability == DRIFTING_CAPABILITY
        return is_here and hour >= self.finale - _FLOOD_FOR


def local_hour(hour: datetime) -> int:
    """Return the hour of the day in the provinces' zone, 0 to 23."""
    return (hour.hour + _ZONE_HOURS) % 24


def is_subscribed(province: int, capability: int) -> bool:
    """Tell whether a province of the fleet runs a capability: most run most of them."""
    always = capability in (DRIFTING_CAPABILITY, WORSE_CAPABILITY)
    return always or (province * 7 + capability * 5) % 9 != 0
