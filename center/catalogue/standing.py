"""The worker's part of the catalogue: use and quality of every capability, once a minute."""

from datetime import timedelta

from capability_sdk.kit.clock import Clock
from center.catalogue.domain import USAGE_WINDOW
from center.catalogue.indexing import indexed
from center.catalogue.store import StandingStore
from center.database import Database

PAUSE = timedelta(minutes=1)


class Standings:
    """Adds up what provinces reported, so that the store lists and sorts by it at once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def run(self) -> bool:
        """Add everything up; False, since the next sums are due after a pause."""
        with indexed(self._database):
            pass  # quality counts need the entries of their versions
        now = self._clock()
        with self._database.session() as session:
            StandingStore(session).measure(now - USAGE_WINDOW, now)
        return False
