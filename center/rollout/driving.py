"""The worker's part in roll-outs: one step of each, in a transaction of its own."""

import logging
from dataclasses import dataclass

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.kit.clock import Clock
from center.database import Database
from center.rollout import service
from center.rollout.store import RolloutStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Driving:
    """Drives every running roll-out on."""

    database: Database
    clock: Clock

    def run(self) -> bool:
        """Do what is due; there is never more at once."""
        with self.database.session(write=False) as session:
            running = RolloutStore(session).running()
        for rollout_id in running:
            try:
                with self.database.session() as session:
                    service.drive(session, rollout_id, self.clock())
            except ServiceError as error:
                _log.warning("%s is paused: %s", rollout_id, error)
                with self.database.session() as session:
                    service.fail(session, rollout_id, str(error), self.clock())
        return False
