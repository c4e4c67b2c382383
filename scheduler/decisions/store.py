"""Placement decisions and what they were taken on, as tables of the scheduler's file."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.scheduling import Candidate, Decision, Explanation
from scheduler.database import Row
from scheduler.domain import Unit
from scheduler.errors import DecisionNotFound

_DECISIONS_KEPT = 200
"""Of each capability."""
_INPUTS_KEPT_BYTES = 64 << 20
"""Compressed inputs of decisions, those of the oldest go first."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision as it is written down.

    Attributes:
        unit: What was to be placed.
        revision: Revision of the deployments that want it.
        at: When.
        node: Where it goes; None where no node can take it.
        reason: The decision in words.
        explanation: What was considered, and what would have admitted it.
        inputs: Everything that the decision depends on, for whoever checks it.
    """

    unit: Unit
    revision: int
    at: datetime
    node: str | None
    reason: str
    explanation: Explanation
    inputs: Mapping[str, Any]


class DecisionRow(Row):
    """A placement decision; ``candidates`` is what earlier releases wrote there."""

    __tablename__ = "decision"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[str]
    revision: Mapped[int]
    capability: Mapped[str] = mapped_column(index=True)
    version: Mapped[str]
    instance: Mapped[str | None]
    node: Mapped[str | None]
    reason: Mapped[str]
    candidates: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class ExplanationRow(Row):
    """Why a decision was taken, compressed; a table of its own, since it came later."""

    __tablename__ = "explanation"
    decision: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[bytes]


class InputsRow(Row):
    """What a decision was taken on, compressed."""

    __tablename__ = "decision_inputs"
    decision: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int]
    content: Mapped[bytes]


def is_known(session: Session, unit: Unit, reason: str) -> bool:
    """Tell whether the last decision on a unit was to leave it unplaced for the same reason."""
    query = (
        select(DecisionRow)
        .where(DecisionRow.capability == unit.capability, DecisionRow.version == unit.version)
        .order_by(DecisionRow.id.desc())
        .limit(1)
    )
    last = session.scalars(query).first()
    return last is not None and last.node is None and last.reason == reason


def write(session: Session, decided: Decided, instance: str | None) -> None:
    """Write a decision down, and drop what is older than what is kept."""
    row = DecisionRow(
        at=decided.at.isoformat(),
        revision=decided.revision,
        capability=decided.unit.capability,
        version=decided.unit.version,
        instance=instance,
        node=decided.node,
        reason=decided.reason,
        candidates=[],
    )
    session.add(row)
    session.flush()
    body = zlib.compress(decided.explanation.model_dump_json().encode())
    inputs = zlib.compress(json.dumps(decided.inputs).encode())
    session.add(ExplanationRow(decision=row.id, body=body))
    session.add(InputsRow(decision=row.id, size=len(inputs), content=inputs))
    session.flush()
    _drop_decisions(session, row.capability)
    _drop_inputs(session)


def recent(session: Session, capability: str | None, limit: int) -> list[Decision]:
    """Return decisions, newest first."""
    query = (
        select(DecisionRow, ExplanationRow.body)
        .outerjoin(ExplanationRow, ExplanationRow.decision == DecisionRow.id)
        .order_by(DecisionRow.id.desc())
        .limit(limit)
    )
    if capability is not None:
        query = query.where(DecisionRow.capability == capability)
    return [_decision(row, body) for row, body in session.execute(query)]


def get(session: Session, number: int) -> Decision:
    """Return a decision.

    Raises:
        DecisionNotFound: There is none of this number any more.
    """
    row = session.get(DecisionRow, number)
    if row is None:
        raise DecisionNotFound(f"There is no decision {number}, or none any more.")
    why = session.get(ExplanationRow, number)
    return _decision(row, None if why is None else why.body)


def inputs_of(session: Session, number: int) -> dict[str, Any]:
    """Return what a decision was taken on.

    Raises:
        DecisionNotFound: Its inputs are not kept, or not any more.
    """
    row = session.get(InputsRow, number)
    if row is None:
        raise DecisionNotFound(f"The inputs of decision {number} are not kept any more.")
    content: dict[str, Any] = json.loads(zlib.decompress(row.content))
    return content


def _drop_decisions(session: Session, capability: str) -> None:
    mine = DecisionRow.capability == capability
    newest = select(DecisionRow.id).where(mine).order_by(DecisionRow.id.desc())
    old = list(session.scalars(newest.offset(_DECISIONS_KEPT)))
    for table, key in (
        (DecisionRow, DecisionRow.id),
        (ExplanationRow, ExplanationRow.decision),
        (InputsRow, InputsRow.decision),
    ):
        session.execute(delete(table).where(key.in_(old)))


def _drop_inputs(session: Session) -> None:
    excess = (session.scalar(select(func.sum(InputsRow.size))) or 0) - _INPUTS_KEPT_BYTES
    for old in session.scalars(select(InputsRow).order_by(InputsRow.decision)):
        if excess <= 0:
            return
        excess -= old.size
        session.delete(old)


def _decision(row: DecisionRow, body: bytes | None) -> Decision:
    explanation = (
        Explanation(candidates=[Candidate.model_validate(item) for item in row.candidates])
        if body is None
        else Explanation.model_validate_json(zlib.decompress(body))
    )
    return Decision(
        id=row.id,
        at=datetime.fromisoformat(row.at),
        revision=row.revision,
        capability=row.capability,
        version=row.version,
        instance=row.instance,
        node=row.node,
        reason=row.reason,
        **dict(explanation),
    )
