"""Takes in what gateway and instances write down: calls, predictions, profile deltas, feedback."""

import json
import threading
from datetime import timedelta
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.orm import Session

from capability_sdk.contracts.feedback import PredictionRecord
from capability_sdk.spool import Record
from edge_gateway.agent.database import AgentDatabase, count
from edge_gateway.agent.feedback import FeedbackJoin
from edge_gateway.agent.profiles import ProfileDelta, ProfileSums
from edge_gateway.agent.tails import Apply, Tails

UNREADABLE = "journal-unreadable"


class Intake:
    """Reads all folders of a province in turn.

    One thread at a time does it: a stop may come while a thread is still at work, and what two
    threads read at once would be counted twice.
    """

    def __init__(
        self,
        database: AgentDatabase,
        province: Path,
        profiles: ProfileSums,
        join: FeedbackJoin,
        *,
        keep: timedelta,
    ) -> None:
        self._province = province
        self._profiles = profiles
        self._join = join
        self._keep = keep
        self._tails = Tails(database, "intake")
        self._turn = threading.Lock()

    @property
    def damaged(self) -> dict[str, str]:
        """What cannot be read, and why."""
        return dict(self._tails.damaged)

    def step(self) -> int:
        """Use all that is new and return how many records that was."""
        with self._turn:
            return self._step()

    def _step(self) -> int:
        used = 0
        for folder in sorted(self._province.glob("spool/usage-*")):
            used += self._tails.consume(folder.name, folder, self._join.calls)
        for folder in sorted(self._province.glob("instances/*/journal")):
            used += self._tails.consume(f"journal:{folder.parent.name}", folder, self._journal)
        for folder in sorted(self._province.glob("spool/feedback-*")):
            used += self._tails.consume(folder.name, folder, self._join.truths)
        return used

    def emit(self) -> None:
        """Send what is ready to leave."""
        with self._turn:
            self._profiles.emit()
            self._join.emit()

    def tidy(self) -> None:
        """Delete what was used and is past its time."""
        with self._turn:
            self._tidy()

    def _tidy(self) -> None:
        for folder in self._province.glob("instances/*/journal"):
            self._tails.retire(f"journal:{folder.parent.name}", folder, self._keep)
        for folder in self._province.glob("spool/feedback-*"):
            self._tails.retire(folder.name, folder, self._keep)
        self._join.purge()

    def _journal(self, records: list[Record]) -> Apply:
        predictions: list[PredictionRecord] = []
        deltas: list[ProfileDelta] = []
        unreadable = 0
        for record in records:
            try:
                match json.loads(record.payload):
                    case {"kind": "prediction", **body}:
                        predictions.append(PredictionRecord.model_validate(body))
                    case {"kind": "profile", **body}:
                        deltas.append(ProfileDelta.model_validate(body))
                    case _:
                        unreadable += 1
            except (ValueError, ValidationError):
                unreadable += 1
        joined = self._join.predictions(predictions)

        def apply(session: Session) -> None:
            self._profiles.add(session, deltas)
            joined(session)
            if unreadable:
                count(session, UNREADABLE, unreadable)

        return apply
