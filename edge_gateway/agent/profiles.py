"""Data profiles: deltas of the instances are added up, and leave once they hide every single row."""

import base64
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from capability_sdk.contracts.model import (
    CapabilityName,
    Count,
    Identifier,
    SemanticVersion,
    UtcTime,
    Wire,
)
from capability_sdk.contracts.telemetry import ProfileEnvelope, RecordKind
from capability_sdk.kit.clock import Clock
from edge_gateway.agent.database import AgentDatabase, ProfileSumRow, count
from edge_gateway.agent.declared import Declared
from edge_gateway.agent.egress import LEAST_ROWS, EgressGate
from edge_gateway.agent.errors import EgressRefused
from edge_gateway.agent.outbox import Outbox

_log = logging.getLogger(__name__)

HOUR_SECONDS = 3600
REFUSED_ROWS = "profile-rows-refused"
SUPPRESSED_ROWS = "profile-rows-suppressed"


class ProfileDelta(Wire):
    """Counts that an instance journalled since its last flush."""

    capability: CapabilityName
    version: SemanticVersion
    window: UtcTime
    rows: Annotated[int, Field(gt=0)]
    anchors: Identifier
    counts: dict[str, list[Count]]


@dataclass(frozen=True, slots=True)
class FlushRule:
    """When sums leave.

    Attributes:
        age: Time since the first row, once there are 50.
        grace: Time after the hour's end during which fewer rows still wait for more.
    """

    age: timedelta
    grace: timedelta


class ProfileSums:
    """Adds deltas up by (capability, version, hour) and turns sums into envelopes."""

    def __init__(
        self,
        database: AgentDatabase,
        declared: Declared,
        outbox: Outbox,
        *,
        rule: FlushRule,
        clock: Clock,
    ) -> None:
        self._database = database
        self._declared = declared
        self._gate = EgressGate(declared)
        self._outbox = outbox
        self._rule = rule
        self._clock = clock

    def add(self, session: Session, deltas: Iterable[ProfileDelta]) -> None:
        """Add deltas within the transaction that settles their journal."""
        for delta in deltas:
            if self._fits(delta):
                self._add(session, delta)
            else:
                count(session, REFUSED_ROWS, delta.rows)

    def emit(self) -> None:
        """Send what is ready, and give up what can never reach 50 rows any more."""
        now = self._clock()
        with self._database.transaction() as session:
            for row in session.scalars(select(ProfileSumRow)):
                over = datetime.fromtimestamp(row.window + HOUR_SECONDS, UTC)
                age = now - datetime.fromtimestamp(row.since, UTC)
                if row.rows >= LEAST_ROWS and (age >= self._rule.age or now >= over):
                    self._send(session, row)
                    session.delete(row)
                elif now >= over + self._rule.grace:
                    count(session, SUPPRESSED_ROWS, row.rows)
                    session.delete(row)
        self._outbox.drain()

    def _fits(self, delta: ProfileDelta) -> bool:
        declared = self._declared.version(delta.capability, delta.version)
        if declared is None or not declared.anchors or declared.anchors != delta.anchors:
            return False
        cells = {column.column: column.cells for column in declared.columns}
        if {name: len(counts) for name, counts in delta.counts.items()} != cells:
            return False
        # A delta that claims more rows than it counts would take a single row over the threshold.
        return all(sum(counts) == delta.rows for counts in delta.counts.values())

    def _add(self, session: Session, delta: ProfileDelta) -> None:
        window = int(delta.window.timestamp()) // HOUR_SECONDS * HOUR_SECONDS
        row = session.get(ProfileSumRow, (delta.capability, delta.version, window, delta.anchors))
        if row is None:
            session.add(
                ProfileSumRow(
                    capability=delta.capability,
                    version=delta.version,
                    window=window,
                    anchors=delta.anchors,
                    rows=delta.rows,
                    counts=delta.counts,
                    since=self._clock().timestamp(),
                )
            )
            session.flush()
            return
        row.rows += delta.rows
        row.counts = {
            name: [a + b for a, b in zip(row.counts[name], counts, strict=True)]
            for name, counts in delta.counts.items()
        }

    def _send(self, session: Session, row: ProfileSumRow) -> None:
        declared = self._declared.version(row.capability, row.version)
        if declared is None:
            count(session, REFUSED_ROWS, row.rows)
            return
        # See `EgressGate`: whylogs is loaded by whoever has a profile to send.
        from capability_sdk.profiling.carrier import to_whylogs  # noqa: PLC0415 - whylogs costs memory

        try:
            envelope = ProfileEnvelope(
                capability=row.capability,
                version=row.version,
                window=datetime.fromtimestamp(row.window, UTC),
                rows=row.rows,
                anchors=row.anchors,
                profile=base64.b64encode(to_whylogs(row.counts, declared.columns)).decode(),
            )
            payload = envelope.model_dump_json().encode()
            self._gate.body(RecordKind.PROFILE, payload)
        except EgressRefused as error:
            _log.error("a data profile of %s %s stays: %s", row.capability, row.version, error)
            count(session, REFUSED_ROWS, row.rows)
            return
        self._outbox.put(session, payload)
