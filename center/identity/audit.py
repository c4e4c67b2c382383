"""The audit trail: one hash-chained row for each act of governance.

Each row's hash covers the row before; the head row covers the count. So an edited, deleted,
reordered or cut-off row is found by `verify`.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from center.columns import BigCount, Json, Key, Line, UtcDateTime
from center.database import Base
from center.permissions import Actor

_GENESIS = "0" * 64
_HEAD = 1
_BATCH = 500


class AuditRow(Base):
    """One act."""

    __tablename__ = "audit"

    seq: Mapped[int] = mapped_column(BigCount, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(Key)
    actor_kind: Mapped[str] = mapped_column(Key)
    organisation: Mapped[str] = mapped_column(Key)
    act: Mapped[str] = mapped_column(Key)
    subject: Mapped[str] = mapped_column(Line)
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    hash: Mapped[str] = mapped_column(Key)


class AuditHeadRow(Base):
    """The last row's number and hash; locked while a row is added."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigCount)
    hash: Mapped[str] = mapped_column(Key)


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """What `verify` found.

    Attributes:
        intact: Whether every row is as it was written, and none is missing.
        rows: How many rows stand there.
        broken_at: Number of the first row that is wrong or missing.
    """

    intact: bool
    rows: int
    broken_at: int | None = None


def record(
    session: Session,
    actor: Actor,
    act: str,
    subject: str,
    detail: Mapping[str, Any] | None = None,
    *,
    at: datetime | None = None,
) -> None:
    """Add an act to the trail, within the caller's transaction.

    Args:
        session: The transaction of the act itself, so that both happen or neither.
        actor: Who acts.
        act: What happened, such as ``user.disabled``.
        subject: What it happened to, such as ``user/li-na``.
        detail: JSON values that explain it; never a secret.
        at: When, aware; now if None.
    """
    head = session.get(AuditHeadRow, _HEAD, with_for_update=True)
    if head is None:
        head = AuditHeadRow(id=_HEAD, seq=0, hash=_GENESIS)
        session.add(head)
    row = AuditRow(
        seq=head.seq + 1,
        at=at or datetime.now(UTC),
        actor=actor.name,
        actor_kind=actor.kind,
        organisation=actor.organisation,
        act=act,
        subject=subject,
        detail=json.loads(json.dumps(detail or {})),
        hash="",
    )
    row.hash = _hash(head.hash, row)
    head.seq, head.hash = row.seq, row.hash
    session.add(row)
    session.flush()


def verify(session: Session) -> AuditVerdict:
    """Check the whole chain, from the first act to the last."""
    previous, count = _GENESIS, 0
    for row in _rows(session):
        count += 1
        if row.seq != count or row.hash != _hash(previous, row):
            return AuditVerdict(intact=False, rows=count, broken_at=count)
        previous = row.hash
    head = session.get(AuditHeadRow, _HEAD)
    seq, last = (head.seq, head.hash) if head is not None else (0, _GENESIS)
    if seq != count or last != previous:
        return AuditVerdict(intact=False, rows=count, broken_at=count + 1)
    return AuditVerdict(intact=True, rows=count)


def _rows(session: Session) -> Iterator[AuditRow]:
    last = -1
    while True:
        following = select(AuditRow).where(AuditRow.seq > last).order_by(AuditRow.seq)
        batch = session.scalars(following.limit(_BATCH)).all()
        if not batch:
            return
        yield from batch
        last = batch[-1].seq


def _hash(previous: str, row: AuditRow) -> str:
    content = [
        *(previous, row.seq, row.at.astimezone(UTC).isoformat(timespec="microseconds")),
        *(row.actor, str(row.actor_kind), row.organisation, row.act, row.subject, row.detail),
    ]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
