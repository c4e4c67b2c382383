"""Use and quality, added up for the store from what provinces reported."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, delete, func, insert, select
from sqlalchemy.orm import Session

from center.capability.rows import CapabilityRow
from center.catalogue.domain import Here, Standing
from center.catalogue.rows import EntryRow, StandingRow
from center.feedback.store import QualityCellRow, QualitySeriesRow
from center.identity.store import serving_provinces
from center.monitoring.domain import DriftVerdict
from center.monitoring.rows import DriftRow
from center.operations.rows import LATENCY_COLUMNS, UsageHourRow, answered

_Key = tuple[str, str]
_QUALITY = ("labelled", "right")
_USAGE = ("calls", "errors")


@dataclass(frozen=True, slots=True)
class DriftSaid:
    """What is said about one version in one province."""

    province: str
    version: str
    verdict: DriftVerdict
    since: datetime
    profile_at: datetime


class StandingStore:
    """Standings of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, here: Here, names: Collection[str]) -> dict[str, Standing]:
        """Return the standing of capabilities where the reader looks; some have none."""
        row = StandingRow
        statement = select(row).where(row.capability.in_(names))
        if here.provinces is not None:
            statement = statement.where(row.province.in_(sorted(here.provinces)))
        if here.owner is not None:
            owned = select(CapabilityRow.name).where(CapabilityRow.owner == here.owner)
            statement = statement.where(row.capability.in_(owned))
        found: dict[str, Standing] = {}
        for item in self._session.scalars(statement):
            before = found.get(item.capability)
            standing = _standing(item)
            found[item.capability] = standing if before is None else before.with_province(standing)
        return found

    def verdicts(self, here: Here, names: Collection[str]) -> dict[str, list[DriftSaid]]:
        """Return what is said of capabilities where the reader looks, the newest profile first."""
        row = DriftRow
        statement = select(
            row.capability, row.province, row.version, row.verdict, row.since, row.profile_at
        ).where(row.capability.in_(names))
        if here.provinces is not None:
            statement = statement.where(row.province.in_(sorted(here.provinces)))
        if here.owner is not None:
            owned = select(CapabilityRow.name).where(CapabilityRow.owner == here.owner)
            statement = statement.where(row.capability.in_(owned))
        found: dict[str, list[DriftSaid]] = {}
        for line in self._session.execute(statement.order_by(row.profile_at.desc())):
            said = DriftSaid(
                line.province, line.version, DriftVerdict(line.verdict), line.since, line.profile_at
            )
            found.setdefault(line.capability, []).append(said)
        return found

    def measure(self, since: datetime, now: datetime) -> int:
        """Add everything up anew, in place of what stood there; returns the number of rows."""
        lines: dict[_Key, dict[str, Any]] = {}
        for statement in (_usage(since), _quality(since), _quality_times(since)):
            for found in self._session.execute(statement):
                values = dict(found._mapping)  # noqa: SLF001 - SQLAlchemy's name for it
                key = (values.pop("province"), values.pop("capability"))
                lines.setdefault(key, {}).update(values)
        self._session.execute(delete(StandingRow))
        rows = [_row(key, values, now) for key, values in lines.items()]
        if rows:
            self._session.execute(insert(StandingRow), rows)
        return len(rows)


def _row(key: _Key, values: dict[str, Any], now: datetime) -> dict[str, Any]:
    province, capability = key
    sums = {name: int(values.get(name) or 0) for name in (*_USAGE, *_QUALITY)}
    quality_at = values.get("quality_at")
    return {
        "province": province,
        "capability": capability,
        **sums,
        "latency": [int(values.get(name) or 0) for name in LATENCY_COLUMNS],
        "quality_at": quality_at,
        "measured_at": now,
    }


def _usage(since: datetime) -> Select[*tuple[Any, ...]]:
    row = UsageHourRow
    return (
        select(
            row.province,
            row.capability,
            # Who floods a capability neither makes it popular nor bad.
            func.sum(answered(row)).label("calls"),
            func.sum(row.errors - row.throttled).label("errors"),
            *(func.sum(getattr(row, name)).label(name) for name in LATENCY_COLUMNS),
        )
        .where(row.hour >= since, row.province.in_(serving_provinces()))
        .group_by(row.province, row.capability)
    )


def _quality(since: datetime) -> Select[*tuple[Any, ...]]:
    row, entry = QualityCellRow, EntryRow
    # The index after the last label stands for undeclared classes, which are never right.
    is_right = (row.predicted == row.actual) & (row.predicted < entry.labels)
    same = (entry.capability == row.capability) & (entry.version == row.version)
    return (
        select(
            row.province,
            row.capability,
            func.sum(row.rows).label("labelled"),
            func.sum(case((is_right, row.rows), else_=0)).label("right"),
        )
        .join(entry, same)
        .where(row.hour >= since, row.province.in_(serving_provinces()))
        .group_by(row.province, row.capability)
    )


def _quality_times(since: datetime) -> Select[*tuple[Any, ...]]:
    row = QualitySeriesRow
    return (
        select(row.province, row.capability, func.max(row.counted_at).label("quality_at"))
        .where(row.counted_at >= since, row.province.in_(serving_provinces()))
        .group_by(row.province, row.capability)
    )


def _standing(row: StandingRow) -> Standing:
    return Standing(
        calls=row.calls,
        errors=row.errors,
        latency=tuple(row.latency),
        labelled=row.labelled,
        right=row.right,
        quality_at=row.quality_at,
        measured_at=row.measured_at,
    )
