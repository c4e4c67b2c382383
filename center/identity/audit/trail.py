"""Adding acts to the trail, and finding what was changed in it.

Each row's hash covers the row before, and the head row covers the count, so an edited, deleted or
reordered row is found. Whoever may write to the database could still compute a whole new chain, or
cut the end off and set the head back: that is found by an `anchor` that stands elsewhere.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from center.columns import BigCount, Json, Key, Line, UtcDateTime
from center.database import Base, Database
from center.permissions import Actor

GENESIS = "0" * 64
"""Stands for the hash before the first act."""

_HEAD = 1
_BATCH = 500
_FOLLOWERS = "audit.followers"
_NAME_A_PROVINCE = frozenset({"province", "edge", "deployment"})
"""Kinds of subjects whose name begins with the province's."""


class AuditRow(Base):
    """One act."""

    __tablename__ = "audit"

    seq: Mapped[int] = mapped_column(BigCount, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str] = mapped_column(Key, index=True)
    actor_kind: Mapped[str] = mapped_column(Key)
    organisation: Mapped[str] = mapped_column(Key)
    act: Mapped[str] = mapped_column(Key, index=True)
    subject: Mapped[str] = mapped_column(Line)
    province: Mapped[str | None] = mapped_column(Key, index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    hash: Mapped[str] = mapped_column(Key)


class AuditHeadRow(Base):
    """The last row's number and hash; locked while a row is added."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigCount)
    hash: Mapped[str] = mapped_column(Key)


@dataclass(frozen=True, slots=True)
class Act:
    """One act as it stands in the trail.

    Attributes:
        province: Whose it is; None where it concerns the whole platform.
        hash: Covers everything else, and the hash of the act before.
    """

    seq: int
    at: datetime
    actor: str
    actor_kind: str
    organisation: str
    act: str
    subject: str
    province: str | None
    detail: Mapping[str, Any]
    hash: str = ""


Follower = Callable[[Session, Act], None]
"""Hears of an act within its transaction; what it raises undoes both."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest act's number and hash: enough to find whatever is done to the trail before it."""

    seq: int
    hash: str


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


def follow_acts(database: Database, *followers: Follower) -> None:
    """Have each act that is recorded in this database's sessions told to others, in its transaction.

    So a higher domain hears of what a lower one did, and both happen or neither.
    """
    told = database.session_info.get(_FOLLOWERS, ())
    database.session_info[_FOLLOWERS] = (*told, *followers)


def record(
    session: Session,
    actor: Actor,
    act: str,
    subject: str,
    detail: Mapping[str, Any] | None = None,
    *,
    province: str | None = None,
    at: datetime | None = None,
) -> None:
    """Add an act to the trail, within the caller's transaction.

    Args:
        session: The transaction of the act itself, so that both happen or neither.
        actor: Who acts.
        act: What happened, such as ``user.disabled``.
        subject: What it happened to, such as ``user/li-na``.
        detail: JSON values that explain it; never a secret.
        province: Whose it is; if None the subject's or the actor's, where that is one.
        at: When, aware; now if None.
    """
    head = session.get(AuditHeadRow, _HEAD, with_for_update=True)
    if head is None:
        head = AuditHeadRow(id=_HEAD, seq=0, hash=GENESIS)
        session.add(head)
    done = Act(
        seq=head.seq + 1,
        at=at or datetime.now(UTC),
        actor=actor.name,
        actor_kind=str(actor.kind),
        organisation=actor.organisation,
        act=act,
        subject=subject,
        province=province or _province_of(actor, subject),
        detail=json.loads(json.dumps(detail or {})),
    )
    done = replace(done, hash=chained(head.hash, done))
    head.seq, head.hash = done.seq, done.hash
    session.add(AuditRow(**asdict(done)))
    session.flush()
    for follow in session.info.get(_FOLLOWERS, ()):
        follow(session, done)


def verify(session: Session, anchor: Head | None = None) -> AuditVerdict:
    """Check the whole chain, from the first act to the last.

    Args:
        session: Open transaction.
        anchor: A head that was seen before the transaction began: the trail must still hold it.
    """
    chain = Chain(anchor)
    for act in acts(session):
        if not chain.add(act):
            return AuditVerdict(intact=False, rows=act.seq, broken_at=chain.head.seq + 1)
    row = session.get(AuditHeadRow, _HEAD)
    head = Head(row.seq, row.hash) if row is not None else Head(0, GENESIS)
    if head != chain.head or not chain.reaches_anchor:
        return AuditVerdict(intact=False, rows=chain.head.seq, broken_at=chain.head.seq + 1)
    return AuditVerdict(intact=True, rows=chain.head.seq)


class Chain:
    """Takes acts one after the other, and refuses one that does not follow."""

    def __init__(self, anchor: Head | None = None) -> None:
        self._anchor = anchor
        self.head = Head(0, GENESIS)

    def add(self, act: Act) -> bool:
        """Take the next act; False where it is not the one that was recorded."""
        if act.seq != self.head.seq + 1 or act.hash != chained(self.head.hash, act):
            return False
        anchor = self._anchor
        if anchor is not None and act.seq == anchor.seq and act.hash != anchor.hash:
            return False  # a chain of its own, computed anew
        self.head = Head(act.seq, act.hash)
        return True

    @property
    def reaches_anchor(self) -> bool:
        """Whether nothing is missing of what the anchor has seen."""
        return self._anchor is None or self.head.seq >= self._anchor.seq


def acts(session: Session) -> Iterator[Act]:
    """Read the whole trail in order."""
    for row in _rows(session):
        yield act_of(row)


def act_of(row: AuditRow) -> Act:
    """Return an act as a value."""
    return Act(
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        actor_kind=row.actor_kind,
        organisation=row.organisation,
        act=row.act,
        subject=row.subject,
        province=row.province,
        detail=row.detail,
        hash=row.hash,
    )


def chained(previous: str, act: Act) -> str:
    """Return the hash of an act that follows another.

    Acts of before provinces were kept have none, and are hashed without.
    """
    content = [
        *(previous, act.seq, act.at.astimezone(UTC).isoformat(timespec="microseconds")),
        *(act.actor, act.actor_kind, act.organisation, act.act, act.subject, act.detail),
        *([] if act.province is None else [act.province]),
    ]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _province_of(actor: Actor, subject: str) -> str | None:
    kind, _, rest = subject.partition("/")
    if kind in _NAME_A_PROVINCE:
        return rest.partition("/")[0].removeprefix("edge-")
    if actor.provinces is not None and len(actor.provinces) == 1:
        return min(actor.provinces)
    return None


def _rows(session: Session) -> Iterator[AuditRow]:
    last = -1
    while True:
        following = select(AuditRow).where(AuditRow.seq > last).order_by(AuditRow.seq)
        batch = session.scalars(following.limit(_BATCH)).all()
        if not batch:
            return
        yield from batch
        last = batch[-1].seq
