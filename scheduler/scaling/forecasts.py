"""The forecasts of all capabilities, fed from what the gateways report, kept on disk."""

import asyncio
from datetime import datetime, timedelta

from scheduler.scaling.forecast import BUCKET, Forecast, bucket_of
from scheduler.scaling.store import ScalingStore
from scheduler.scaling.traffic import TrafficBoard


class Forecasts:
    """Belongs to one event loop."""

    def __init__(self, store: ScalingStore, traffic: TrafficBoard, now: datetime) -> None:
        self._store = store
        self._traffic = traffic
        self._known = store.forecasts()
        self._since = now

    async def advance(self, now: datetime) -> None:
        """Learn from the bucket that is over, if one is and it was watched for most of it."""
        bucket = bucket_of(self._since)
        if bucket_of(now) == bucket:
            return
        watched = (now - self._since) / BUCKET
        self._since = now
        totals = self._traffic.take_totals()
        if not 0.5 <= watched <= 1.5:  # noqa: PLR2004 - a half and a half more
            return
        calls = dict.fromkeys(self._known, 0) | totals
        seconds = watched * BUCKET.total_seconds()
        self._known = {
            name: self._learn(name, bucket, count / seconds) for name, count in calls.items()
        }
        await asyncio.to_thread(self._store.put_forecasts, self._known)

    def peak(self, capability: str, now: datetime, ahead: timedelta) -> float:
        """Return the most calls a second that are expected within a time; 0 for the unknown."""
        known = self._known.get(capability)
        return 0.0 if known is None else known.peak(bucket_of(now), bucket_of(now + ahead))

    def _learn(self, name: str, bucket: int, rate: float) -> Forecast:
        known = self._known.get(name)
        return Forecast.begin(bucket, rate) if known is None else known.observe(bucket, rate)
