"""What a record claims, held against what the center knows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from capability_sdk.contracts.telemetry import (
    HealthReport,
    IssuedToken,
    QualityCounts,
    UsageRecord,
)
from center.access.trials import caller_of
from center.capability.rows import CapabilityVersionRow
from center.instance.draft_store import DraftRow
from center.operations.domain import Body, Record
from center.operations.errors import TelemetryRefused
from center.subscription.store import SubscriptionRow
from center.trial.store import TrialStore

_CHUNK = 200
K = TypeVar("K")

_Version = tuple[str, str]
_Grant = tuple[str, str, str, bool]
"""Province, application and capability of a subscription, and whether it is a trial instead."""


def sort_out(
    session: Session, province: str, records: Sequence[Record]
) -> tuple[list[Record], list[tuple[Record, str]]]:
    """Tell records of what the center knows from those of what it has never met.

    An edge may know more than the center only where the center came back from a backup. Such
    records are no lie; they must neither stop the stream nor be lost.

    Returns:
        The records to count; and the others, each with what the center does not know.

    Raises:
        TelemetryRefused: A record contradicts what the center knows; names the first.
    """
    subscriptions = _subscriptions(session, records)
    labels = _labels(session, records)
    known: list[Record] = []
    unknown: list[tuple[Record, str]] = []
    for record in records:
        why = _missing(record.body, subscriptions, labels)
        if why is not None:
            unknown.append((record, why))
            continue
        wrong = _contradiction(record.body, province, subscriptions, labels)
        if wrong is not None:
            raise TelemetryRefused(f"Record {record.seq}: {wrong}.", seq=record.seq)
        known.append(record)
    return known, unknown


def _missing(
    body: Body, subscriptions: Mapping[str, _Grant], labels: Mapping[_Version, int]
) -> str | None:
    if isinstance(body, HealthReport | IssuedToken):
        return None
    if isinstance(body, UsageRecord) and body.subscription not in subscriptions:
        return f"no subscription {body.subscription}"
    if body.version is not None and (body.capability, body.version) not in labels:
        return f"no {body.capability} {body.version} in the store"
    return None


def _contradiction(
    body: Body,
    province: str,
    subscriptions: Mapping[str, _Grant],
    labels: Mapping[_Version, int],
) -> str | None:
    if isinstance(body, UsageRecord):
        grant = (province, body.application, body.capability, body.trial)
        if subscriptions[body.subscription] != grant:
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


def _subscriptions(session: Session, records: Sequence[Record]) -> dict[str, _Grant]:
    """Find the subscriptions, drafts or trials that are named, of whatever province, by their id."""
    found: dict[str, _Grant] = {}
    wanted = {r.body.subscription for r in records if isinstance(r.body, UsageRecord)}
    for chunk in _chunks(wanted):
        for row in (SubscriptionRow, DraftRow):
            statement = select(row.id, row.province, row.application, row.capability).where(
                row.id.in_(chunk)
            )
            found |= {name: (a, b, c, False) for name, a, b, c in session.execute(statement)}
        found |= {
            name: (token.province, caller_of(token.person), token.capability, True)
            for name, token in TrialStore(session).known(set(chunk)).items()
        }
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
