"""The worker's round: every capability and province against its objectives."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from capability_sdk.kit.clock import Clock
from center.database import Database
from center.objective.domain import PERIOD, SPANS, Standing, Sums, Target, stand
from center.objective.store import ObjectiveStore, Place, StandingStore
from center.operations.domain import hour_of, slot_of

_PERIOD_EVERY = timedelta(minutes=10)
"""Four weeks change little in a minute, and adding them up takes far longer than the last hours."""


@dataclass(slots=True)
class Measuring:
    """A job of the worker: measures all objectives anew."""

    database: Database
    clock: Clock
    _period: Mapping[Place, Sums] = field(default_factory=dict)
    _promised: Mapping[str, Target] = field(default_factory=dict)
    _period_due: datetime | None = None

    def run(self) -> bool:
        """Measure once; there is no second part."""
        now = self.clock()
        with self.database.session(write=False) as session:
            store = StandingStore(session)
            recent = {
                span: _with_totals(store.sums(slot_of(now - span), recent=True)) for span in SPANS
            }
            if self._is_outdated(recent, now):
                self._period = _with_totals(store.sums(hour_of(now - PERIOD), recent=False))
                self._promised = ObjectiveStore(session).promised()
                self._period_due = now + _PERIOD_EVERY
            given = ObjectiveStore(session).all()
        standings = {item.place: item for item in self._stand(given, recent, now)}
        with self.database.session() as session:
            StandingStore(session).put(standings, now)
        return False

    def _is_outdated(self, recent: Mapping[timedelta, Mapping[Place, Sums]], now: datetime) -> bool:
        """Tell whether the period is to be added up anew: in time, or for who is called first now."""
        if self._period_due is None or now >= self._period_due:
            return True
        return any(place not in self._period for sums in recent.values() for place in sums)

    def _stand(
        self,
        given: Mapping[Place, Target],
        recent: Mapping[timedelta, Mapping[Place, Sums]],
        now: datetime,
    ) -> Iterable[Standing]:
        for place, period in self._period.items():
            capability, province = place
            target = (
                given.get(place) or given.get((capability, "")) or self._promised.get(capability)
            )
            if target is not None:
                lately = {span: sums[place] for span, sums in recent.items() if place in sums}
                yield stand(capability, province, target, period, lately, now)


def _with_totals(sums: Mapping[Place, Sums]) -> dict[Place, Sums]:
    """Add the sums over all provinces, under an empty name."""
    found = dict(sums)
    for (capability, _), item in sums.items():
        total = (capability, "")
        found[total] = found[total].plus(item) if total in found else item
    return found
