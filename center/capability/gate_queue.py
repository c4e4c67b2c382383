"""The versions that wait for their gate, as a queue with leases."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from capability_sdk.contracts.packages import GateReport
from center.capability.domain import Stage
from center.capability.rows import CapabilityVersionRow

_SHOWN = 100
"""Characters of the column."""


@dataclass(frozen=True, slots=True)
class GateTicket:
    """One version that the holder of the lease gates.

    Attributes:
        attempts: How often its gate was begun, this time included.
    """

    capability: str
    version: str
    archive_digest: str
    attempts: int


class GateQueue:
    """The queue of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def take(self, holder: str, now: datetime, lease: timedelta) -> GateTicket | None:
        """Take the oldest version that nobody gates now."""
        row = CapabilityVersionRow
        free = or_(row.gate_until.is_(None), row.gate_until < now)
        found = self._session.execute(
            select(row.capability, row.version, row.archive_digest, row.gate_attempts)
            .where(row.stage == Stage.GATING, free)
            .order_by(row.uploaded_at)
            .limit(1)
        ).one_or_none()
        if found is None:
            return None
        ticket = GateTicket(found[0], found[1], found[2], found[3] + 1)
        # The number of attempts makes this compare-and-set: of two workers one changes the row.
        taken = self._session.execute(
            update(row)
            .where(*_of(ticket), row.gate_attempts == found[3])
            .values(gate_holder=holder, gate_until=now + lease, gate_attempts=ticket.attempts)
        )
        won = taken.rowcount == 1  # type: ignore[attr-defined]  # an UPDATE's result has it
        return ticket if won else None

    def tell(self, ticket: GateTicket, holder: str, stage: str) -> None:
        """Let readers of the version know what its gate is at."""
        self._session.execute(
            update(CapabilityVersionRow)
            .where(*_of(ticket), CapabilityVersionRow.gate_holder == holder)
            .values(gate_progress=stage[:_SHOWN])
        )

    def extend(self, ticket: GateTicket, holder: str, until: datetime) -> None:
        """Make a lease longer, unless it went to somebody else."""
        self._session.execute(
            update(CapabilityVersionRow)
            .where(*_of(ticket), CapabilityVersionRow.gate_holder == holder)
            .values(gate_until=until)
        )

    def finish(self, ticket: GateTicket, holder: str, report: GateReport) -> bool:
        """Keep a report and the stage that follows; False if the lease went to somebody else."""
        stage = Stage.GATED if report.passed else Stage.GATE_FAILED
        kept = self._session.execute(
            update(CapabilityVersionRow)
            .where(*_of(ticket), CapabilityVersionRow.gate_holder == holder)
            .values(
                stage=stage,
                gate_report=report.model_dump(mode="json", by_alias=True),
                gate_holder=None,
                gate_until=None,
                gate_progress=None,
            )
        )
        return bool(kept.rowcount == 1)  # type: ignore[attr-defined]  # an UPDATE's result has it

    def give_back(self, ticket: GateTicket, holder: str, until: datetime) -> None:
        """Let the version wait until a moment, then be taken again; the attempt still counts."""
        self._session.execute(
            update(CapabilityVersionRow)
            .where(*_of(ticket), CapabilityVersionRow.gate_holder == holder)
            .values(gate_holder=None, gate_until=until, gate_progress=None)
        )


def _of(ticket: GateTicket) -> tuple[ColumnElement[bool], ...]:
    row = CapabilityVersionRow
    return (
        row.capability == ticket.capability,
        row.version == ticket.version,
        row.stage == Stage.GATING,
    )
