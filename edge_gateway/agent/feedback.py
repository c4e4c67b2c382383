"""The feedback join: predictions, calls and truths meet here, in the province, in any order.

Only the application that made a call may judge it; its usage record says which one that was. The
first truth for a row counts and later ones are duplicates: counts that have left only ever add up.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from capability_sdk.archive.ports import Document, DocumentArchive
from capability_sdk.contracts.feedback import FeedbackRecord, PredictionRecord
from capability_sdk.contracts.telemetry import RecordKind, UsageRecord
from capability_sdk.kit.clock import Clock
from capability_sdk.spool import Record
from edge_gateway.agent.database import AgentDatabase, FeedbackRow, count
from edge_gateway.agent.declared import Declared
from edge_gateway.agent.egress import EgressGate
from edge_gateway.agent.outbox import Outbox
from edge_gateway.agent.profiles import HOUR_SECONDS
from edge_gateway.agent.quality import PREDICTED, Cell, Outcome, add_cells, judge, take_counts
from edge_gateway.agent.tails import Apply

PREDICTIONS = "predictions"
CALLS = "calls"
DUPLICATES = "feedback-duplicate"
UNREADABLE = "feedback-unreadable"
_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known about some requests, by request id."""

    calls: dict[str, Document]
    predictions: dict[str, Document]


class FeedbackJoin:
    """Joins feedback and keeps the counts until they leave; belongs to one thread at a time."""

    def __init__(
        self,
        database: AgentDatabase,
        archive: DocumentArchive,
        declared: Declared,
        outbox: Outbox,
        *,
        retention: timedelta,
        clock: Clock,
    ) -> None:
        self._database = database
        self._archive = archive
        self._declared = declared
        self._gate = EgressGate(declared)
        self._outbox = outbox
        self._retention = retention
        self._clock = clock

    def calls(self, records: list[Record]) -> Apply:
        """Take usage records: which application made which call."""
        usages = [usage for record in records if (usage := _usage(record)) is not None]
        judged = [usage for usage in usages if self._labels(usage.capability, usage.version)]
        documents = [self._document(u.request_id, {"application": u.application}) for u in judged]
        self._archive.put(CALLS, documents)
        return self._join([usage.request_id for usage in judged])

    def predictions(self, predictions: Sequence[PredictionRecord]) -> Apply:
        """Take predictions: they are counted, and wait for their truth."""
        judged = [p for p in predictions if self._labels(p.capability, p.version)]
        bodies: dict[str, dict[str, Any]] = {
            prediction.request_id: {
                "capability": prediction.capability,
                "version": prediction.version,
                "window": int(prediction.at.timestamp()) // HOUR_SECONDS * HOUR_SECONDS,
                "values": prediction.values,
            }
            for prediction in judged
        }
        self._archive.put(PREDICTIONS, [self._document(key, bodies[key]) for key in bodies])
        made: Counter[Cell] = Counter()
        for body in bodies.values():
            place = (body["capability"], body["version"], body["window"])
            made[Cell(*place, PREDICTED, PREDICTED)] += len(body["values"])
        join = self._join(list(bodies))

        def apply(session: Session) -> None:
            add_cells(session, made)
            join(session)

        return apply

    def truths(self, records: list[Record]) -> Apply:
        """Take feedback as the gateway spooled it."""
        items, unreadable = _feedback(records)
        facts = self._facts({item.request_id for item in items})

        def apply(session: Session) -> None:
            if unreadable:
                count(session, UNREADABLE, unreadable)
            cells: Counter[Cell] = Counter()
            for item in items:
                self._add(session, item, facts, cells)
            add_cells(session, cells)

        return apply

    def emit(self) -> None:
        """Send the counts that have come together since the last time."""
        with self._database.transaction() as session:
            for delta in take_counts(session):
                payload = delta.model_dump_json().encode()
                self._gate.body(RecordKind.QUALITY, payload)
                self._outbox.put(session, payload)
        self._outbox.drain()

    def purge(self) -> None:
        """Forget predictions, calls and truths whose time is over."""
        self._archive.purge()
        oldest = (self._clock() - self._retention).timestamp()
        with self._database.transaction() as session:
            session.execute(delete(FeedbackRow).where(FeedbackRow.at < oldest))

    def _labels(self, capability: str, version: str | None) -> tuple[str, ...]:
        declared = self._declared.version(capability, version) if version else None
        return declared.labels if declared else ()

    def _document(self, key: str, body: dict[str, Any]) -> Document:
        return Document(key, body, self._clock() + self._retention)

    def _facts(self, ids: Collection[str]) -> _Facts:
        return _Facts(self._archive.find(CALLS, ids), self._archive.find(PREDICTIONS, ids))

    def _join(self, ids: Sequence[str]) -> Apply:
        """Judge the feedback that was waiting for one of these requests."""
        waiting = self._waiting(ids)
        facts = self._facts({row.request_id for row in waiting})

        def apply(session: Session) -> None:
            cells: Counter[Cell] = Counter()
            for row in waiting:
                self._settle(session.merge(row), facts, cells)
            add_cells(session, cells)

        return apply

    def _waiting(self, ids: Sequence[str]) -> list[FeedbackRow]:
        found: list[FeedbackRow] = []
        with self._database.transaction() as session:
            for start in range(0, len(ids), _AT_ONCE):
                matches = FeedbackRow.request_id.in_(ids[start : start + _AT_ONCE])
                still = FeedbackRow.outcome == Outcome.WAITING
                found += session.scalars(select(FeedbackRow).where(matches, still))
            session.expunge_all()
        return found

    def _add(
        self, session: Session, item: FeedbackRecord, facts: _Facts, cells: Counter[Cell]
    ) -> None:
        key = (item.request_id, item.row, item.application)
        if session.get(FeedbackRow, key) is not None:
            count(session, DUPLICATES)
            return
        row = FeedbackRow(
            request_id=item.request_id,
            row=item.row,
            application=item.application,
            truth=item.truth,
            at=self._clock().timestamp(),
            outcome=Outcome.WAITING,
        )
        session.add(row)
        self._settle(row, facts, cells)

    def _settle(self, row: FeedbackRow, facts: _Facts, cells: Counter[Cell]) -> None:
        call = facts.calls.get(row.request_id)
        prediction = facts.predictions.get(row.request_id)
        said = {"application": row.application, "row": row.row, "truth": row.truth}
        labels: tuple[str, ...] = ()
        if prediction is not None:
            labels = self._labels(prediction.body["capability"], prediction.body["version"])
        outcome, cell = judge(
            said, call.body if call else None, prediction.body if prediction else None, labels
        )
        row.outcome = outcome
        if cell is not None:
            cells[cell] += 1


def _usage(record: Record) -> UsageRecord | None:
    try:
        return UsageRecord.model_validate_json(record.payload)
    except ValidationError:
        return None  # shipping stops at it and says so


def _feedback(records: list[Record]) -> tuple[list[FeedbackRecord], int]:
    items: list[FeedbackRecord] = []
    for record in records:
        try:
            items.append(FeedbackRecord.model_validate_json(record.payload))
        except ValidationError:
            continue
    return items, len(records) - len(items)
