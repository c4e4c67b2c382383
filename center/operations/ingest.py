"""Telemetry is applied exactly once: watermark and totals change in one transaction."""

import base64
from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy.orm import Session

from capability_sdk.contracts.enrolment import ProvinceKind
from capability_sdk.contracts.telemetry import (
    HealthReport,
    IssuedToken,
    LostRecords,
    ProfileEnvelope,
    QualityCounts,
    UsageRecord,
)
from center.feedback.store import QualitySeries, QualityStore
from center.identity import audit
from center.identity.store import PlaceStore
from center.instance.boost_store import BoostStore
from center.instance.content_store import keep_contents
from center.instance.store import record_report
from center.monitoring.domain import Series
from center.monitoring.store import InboxStore, ReceivedProfile
from center.operations.checks import sort_out
from center.operations.domain import (
    KINDS,
    Batch,
    Body,
    Record,
    Uncounted,
    booked_at,
    hour_of,
    sum_recent,
    sum_usage,
)
from center.operations.recent import SlotStore
from center.operations.span_store import SpanStore
from center.operations.store import HealthStore, IntakeStore, Origin, UsageStore
from center.operations.uncounted import keep_uncounted
from center.permissions import Actor, ActorKind, Role
from center.trial.store import TrialStore

B = TypeVar("B", UsageRecord, ProfileEnvelope, QualityCounts, HealthReport, IssuedToken)


def apply(session: Session, origin: Origin, batch: Batch) -> int:
    """Apply what is new in a batch.

    Args:
        session: Transaction that watermark, records and totals change in.
        origin: The edge that sends, and the moment of receipt.
        batch: Records of one stream and epoch.

    Returns:
        Number of the last record of the stream that is applied now.

    Raises:
        TelemetryGap: Records before the batch are missing.
        TelemetryRefused: A new record cannot be right; the transaction is to be rolled back.
    """
    intake = IntakeStore(session)
    intake.lock(origin)
    applied = intake.applied_through(origin.edge, batch.stream, batch.epoch)
    fresh = batch.beyond(applied)
    if batch.lost is not None:
        return _skip(session, origin, batch, batch.lost, applied)
    if not fresh:
        return applied
    known, unknown = sort_out(session, origin.province, fresh)
    count(session, origin, [record.body for record in known])
    keep_uncounted(session, origin, [_uncounted(origin, batch, *item) for item in unknown])
    through = fresh[-1].seq
    intake.advance(origin.edge, batch.stream, batch.epoch, through, origin.received_at)
    return through


def count(session: Session, origin: Origin, bodies: Sequence[Body]) -> None:
    """Add records of what the center knows to its totals."""
    _apply_usage(session, origin, _of(bodies, UsageRecord))
    InboxStore(session).put(_received(origin, body) for body in _of(bodies, ProfileEnvelope))
    _apply_quality(session, origin, _of(bodies, QualityCounts))
    _apply_health(session, origin, _of(bodies, HealthReport))
    _apply_issuance(session, origin, _of(bodies, IssuedToken))


def _of(bodies: Sequence[Body], kind: type[B]) -> list[B]:
    return [body for body in bodies if isinstance(body, kind)]


def _skip(session: Session, origin: Origin, batch: Batch, lost: LostRecords, applied: int) -> int:
    """Go on behind records that the edge lost, and keep which they were."""
    if lost.last <= applied:
        return applied
    first = max(lost.first, applied + 1)
    place = (origin.province, origin.edge, batch.stream, batch.epoch)
    item = Uncounted(*place, first, lost.last, lost.reason, origin.received_at)
    keep_uncounted(session, origin, [item])
    IntakeStore(session).advance(
        origin.edge, batch.stream, batch.epoch, lost.last, origin.received_at
    )
    return lost.last


def _uncounted(origin: Origin, batch: Batch, record: Record, why: str) -> Uncounted:
    return Uncounted(
        *(origin.province, origin.edge, batch.stream, batch.epoch, record.seq, record.seq),
        why,
        origin.received_at,
        KINDS[type(record.body)],
        record.body.model_dump(mode="json", by_alias=True),
    )


def _apply_usage(session: Session, origin: Origin, records: list[UsageRecord]) -> None:
    # Trials are nobody's usage: no total, no quota and no bill holds them.
    tried = Counter(record.subscription for record in records if record.trial)
    TrialStore(session).count_calls(tried)
    store = UsageStore(session)
    # A call that came in another stream or epoch already is not counted a second time.
    fresh = store.keep(origin, [record for record in records if not record.trial])
    hours = sum_usage(origin.province, fresh, origin.received_at)
    store.add(hours)
    SpanStore(session).add(hours)
    SlotStore(session).add(sum_recent(origin.province, fresh, origin.received_at))


def _received(origin: Origin, envelope: ProfileEnvelope) -> ReceivedProfile:
    return ReceivedProfile(
        edge=origin.edge,
        series=Series(origin.province, envelope.capability, envelope.version),
        hour=hour_of(booked_at(envelope.window, origin.received_at)),
        rows=envelope.rows,
        anchors=envelope.anchors,
        profile=base64.b64decode(envelope.profile),
        received_at=origin.received_at,
    )


def _apply_quality(session: Session, origin: Origin, records: list[QualityCounts]) -> None:
    store = QualityStore(session)
    for counts in records:
        store.add(
            QualitySeries(origin.province, counts.capability, counts.version),
            hour_of(booked_at(counts.window, origin.received_at)),
            counts.predictions,
            {(cell.predicted, cell.actual): cell.count for cell in counts.confusion},
            origin.received_at,
        )


def _apply_health(session: Session, origin: Origin, reports: list[HealthReport]) -> None:
    serves = PlaceStore(session).get(origin.province).kind is ProvinceKind.SERVING
    for report in reports:
        # A province whose clock runs ahead must not outdate its own later reports.
        believed = report.model_copy(update={"at": booked_at(report.at, origin.received_at)})
        HealthStore(session).keep(origin, believed)
        record_report(session, origin.edge, believed)
        if serves:  # what a proving edge runs is no deployment
            keep_contents(session, origin.province, believed)
        BoostStore(session).recover(origin.province, report.boosts)


def _apply_issuance(session: Session, origin: Origin, tokens: list[IssuedToken]) -> None:
    """Write into the audit trail what a province signed while the center was away."""
    edge = Actor(ActorKind.EDGE, origin.edge, Role.EDGE, origin.province)
    for token in tokens:
        detail = token.model_dump(mode="json", exclude={"application"})
        audit.record(
            *(session, edge, "token.issued-while-away", f"application/{token.application}", detail),
            at=origin.received_at,
        )
