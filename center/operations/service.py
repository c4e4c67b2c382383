"""What edges report, and what people read of it."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from capability_sdk.contracts.telemetry import UsageRecord
from center.database import Database
from center.identity import audit
from center.operations.batches import read_batch, understand
from center.operations.checks import sort_out
from center.operations.counted import Scope
from center.operations.domain import (
    Body,
    CallsAsked,
    CountedCall,
    ProvinceHealth,
    Record,
    Uncounted,
    UsageDimension,
)
from center.operations.errors import NoHealthReport, TelemetryRefused
from center.operations.ingest import apply, count
from center.operations.store import (
    HealthStore,
    IntakeStore,
    Origin,
    UsageStore,
)
from center.operations.totals import UsageTotals
from center.operations.uncounted import UncountedStore
from center.paging import Page, Paging
from center.permissions import Actor, Role
from center.reach import Reach

MOST_AT_ONCE = 5000


def receive(database: Database, actor: Actor, origin: Origin, body: bytes) -> int:
    """Apply a batch of telemetry, whole or not at all.

    Args:
        database: For a transaction of its own, which begins after the body was understood.
        actor: The edge.
        origin: The same edge, and the moment of receipt.
        body: The batch as JSON.

    Returns:
        Number of the last record of the stream that is applied now.

    Raises:
        TelemetryGap: Records before the batch are missing.
        TelemetryRefused: A record cannot be right; the refusal is in the audit trail.
        UnreadableBody: The body is no JSON.
    """
    _introduce(database, origin)
    try:
        batch = read_batch(body)
        with database.session() as session:
            return apply(session, origin, batch)
    except TelemetryRefused as refusal:
        with database.session() as session:
            if IntakeStore(session).is_new_refusal(origin, str(refusal)):
                detail = {"why": str(refusal), **refusal.members}
                subject = f"edge/{origin.edge}"
                audit.record(session, actor, "telemetry.refused", subject, detail)
        raise


def _introduce(database: Database, origin: Origin) -> None:
    """Make the row that is locked; in a transaction of its own.

    On MySQL and MariaDB a failed insert leaves a shared lock behind, and two transactions that
    both go on to lock the row for writing would wait for each other.
    """
    with database.session(write=False) as session:
        if IntakeStore(session).is_known(origin.province):
            return
    with suppress(IntegrityError), database.session() as session:
        IntakeStore(session).introduce(origin)


@dataclass(frozen=True, slots=True)
class UsageQuestion:
    """Which usage is asked for, how it is grouped, and in which order.

    Attributes:
        sort: A figure, with a minus before it for the largest first; empty for the groups' order.
    """

    by: tuple[UsageDimension, ...]
    begins: datetime
    ends: datetime | None
    sort: str = ""
    application: str | None = None


def usage(
    session: Session, actor: Actor, reach: Reach, question: UsageQuestion, skip: int, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """Return one part of the groups with their figures, and the number of all groups."""
    return _totals(session, actor, reach, question).read(skip=skip, limit=limit, sort=question.sort)


def every_usage(
    session: Session, actor: Actor, reach: Reach, question: UsageQuestion
) -> Iterator[dict[str, Any]]:
    """Return all groups with their figures, few of them in memory at once."""
    return _totals(session, actor, reach, question).every(sort=question.sort)


def _totals(session: Session, actor: Actor, reach: Reach, question: UsageQuestion) -> UsageTotals:
    scope = Scope(
        provinces=reach.provinces,
        capabilities=reach.capabilities,
        applications=None if question.application is None else [question.application],
        begins=question.begins,
        ends=question.ends,
        books=_books(actor),
    )
    return UsageTotals(session, question.by, scope)


def _books(actor: Actor) -> frozenset[str] | None:
    """Return the organisations whose cost centre somebody reads; None for all of them."""
    if actor.is_admin:
        return None
    regional = (actor.provinces or frozenset()) if actor.role is Role.ADMIN else frozenset[str]()
    return regional | {actor.organisation}


def count_uncounted(session: Session, actor: Actor, province: str, at: datetime) -> int:
    """Count records that were kept: usage as it is, the rest where its version is known by now.

    Returns:
        How many were counted, `MOST_AT_ONCE` at most; what an edge lost can never be.

    Raises:
        NotPermitted: The actor is confined to other provinces.
    """
    actor.require_province(province)
    intake, store = IntakeStore(session), UncountedStore(session)
    if not intake.is_known(province):
        return 0
    origin = Origin("", province, at)
    intake.lock(origin)
    items = {item.place: item for item in store.with_body(province, MOST_AT_ONCE)}
    records = {place: understand(item.kind or "", item.body) for place, item in items.items()}
    done = [place for place, body in records.items() if _may_count(session, province, body)]
    for edge in sorted({items[place].edge for place in done}):
        bodies = [records[place] for place in done if items[place].edge == edge]
        count(session, replace(origin, edge=edge), bodies)
    store.drop(done)
    if done:
        subject = f"province/{province}"
        audit.record(session, actor, "telemetry.counted", subject, {"records": len(done)}, at=at)
    return len(done)


def _may_count(session: Session, province: str, body: Body) -> bool:
    if isinstance(body, UsageRecord):
        return True
    known, _ = sort_out(session, province, [Record(1, body)])
    return bool(known)


def uncounted(session: Session, province: str, paging: Paging) -> Page[Uncounted]:
    """Return a page of a province's records that no total holds."""
    return UncountedStore(session).page(province, paging)


def calls(session: Session, actor: Actor, asked: CallsAsked, paging: Paging) -> Page[CountedCall]:
    """Return single calls of the provinces that the actor sees."""
    return UsageStore(session).calls(actor.provinces, asked, paging)


def health(session: Session, province: str) -> ProvinceHealth:
    """Return what a province said last.

    Raises:
        NoHealthReport: It has said nothing yet.
    """
    found = HealthStore(session).find(province)
    if found is None:
        raise NoHealthReport(f"{province} has not reported its health yet.")
    return found
