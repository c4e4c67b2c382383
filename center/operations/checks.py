"""What a record claims, held against what the center knows."""

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from capability_sdk.contracts.telemetry import (
    HealthReport,
    IssuedToken,
    ProfileEnvelope,
    QualityCounts,
    UsageRecord,
)
from center.capability.rows import CapabilityVersionRow
from center.operations.domain import Record
from center.operations.errors import TelemetryRefused
from center.subscription.store import SubscriptionRow

_CHUNK = 200
K = TypeVar("K")

_Version = tuple[str, str]


def require_plausible(session: Session, province: str, records: Sequence[Record]) -> None:
    """Refuse records of what does not exist, or is another province's.

    Raises:
        TelemetryRefused: Names the first such record.
    """
    subscriptions = _subscriptions(session, province, records)
    labels = _labels(session, records)
    for record in records:
        why = _objection(record.body, subscriptions, labels)
        if why is not None:
            raise TelemetryRefused(f"Record {record.seq}: {why}.", seq=record.seq)


def _objection(
    body: UsageRecord | ProfileEnvelope | QualityCounts | HealthReport | IssuedToken,
    subscriptions: Collection[tuple[str, str, str]],
    labels: dict[_Version, int],
) -> str | None:
    if isinstance(body, HealthReport | IssuedToken):
        return None
    if body.version is not None and (body.capability, body.version) not in labels:
        return f"{body.capability} {body.version} is not in the store"
    if isinstance(body, UsageRecord):
        if (body.subscription, body.application, body.capability) not in subscriptions:
            return (
                f"{body.application} has no subscription {body.subscription} of {body.capability}"
                " in this province"
            )
    elif isinstance(body, QualityCounts):
        return _quality_objection(body, labels[body.capability, body.version])
    return None


def _quality_objection(body: QualityCounts, labels: int) -> str | None:
    if body.confusion and labels == 0:
        return f"{body.capability} {body.version} declares no labels to be judged by"
    # The number after the last label stands for every undeclared class.
    if any(max(cell.predicted, cell.actual) > labels for cell in body.confusion):
        return f"{body.capability} {body.version} has {labels} labels"
    return None


def _subscriptions(
    session: Session, province: str, records: Sequence[Record]
) -> set[tuple[str, str, str]]:
    """Subscriptions of the province among those named: id, application, capability."""
    row = SubscriptionRow
    found: set[tuple[str, str, str]] = set()
    wanted = {r.body.subscription for r in records if isinstance(r.body, UsageRecord)}
    for chunk in _chunks(wanted):
        statement = select(row.id, row.application, row.capability).where(
            row.province == province, row.id.in_(chunk)
        )
        found |= {(a, b, c) for a, b, c in session.execute(statement)}
    return found


def _labels(session: Session, records: Sequence[Record]) -> dict[_Version, int]:
    """Number of declared labels of each version that is named and exists."""
    wanted = {
        (record.body.capability, record.body.version)
        for record in records
        if not isinstance(record.body, HealthReport | IssuedToken)
        and record.body.version is not None
    }
    row = CapabilityVersionRow
    found: dict[_Version, int] = {}
    for chunk in _chunks(wanted):
        statement = select(row.capability, row.version, row.manifest).where(
            tuple_(row.capability, row.version).in_(chunk)
        )
        for capability, version, manifest in session.execute(statement):
            found[capability, version] = len(manifest["quality"]["labels"] or ())
    return found


def _chunks(values: Iterable[K]) -> Iterable[list[K]]:
    known = list(values)
    return (known[start : start + _CHUNK] for start in range(0, len(known), _CHUNK))
