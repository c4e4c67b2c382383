"""Every query about telemetry, usage and health."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from capability_sdk.contracts.telemetry import HealthReport, UsageRecord
from center.operations.domain import (
    CallsAsked,
    CountedCall,
    ProvinceHealth,
    UsageKey,
    UsageSum,
    booked_at,
    hour_of,
)
from center.operations.recent import NO_DETAIL, add_detail
from center.operations.rows import (
    IntakeRow,
    ProvinceHealthRow,
    StreamRow,
    UsageHourRow,
    UsageRecordRow,
)
from center.paging import Page, Paging, fetch_page, map_page

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Origin:
    """Where telemetry comes from, and when the center received it."""

    edge: str
    province: str
    received_at: datetime


class IntakeStore:
    """Watermarks of the streams, and the lock that goes with them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def is_known(self, province: str) -> bool:
        """Tell whether the province has its row to lock."""
        return self._session.get(IntakeRow, province) is not None

    def introduce(self, origin: Origin) -> None:
        """Give a province its row, in a transaction of its own.

        Raises:
            IntegrityError: Somebody else did so at the same moment.
        """
        row = IntakeRow(province=origin.province, heard_at=origin.received_at, refusal=None)
        self._session.add(row)
        self._session.flush()

    def lock(self, origin: Origin) -> None:
        """Let nobody else apply telemetry of this known province before this transaction ends."""
        row = self._session.get_one(IntakeRow, origin.province, with_for_update=True)
        row.heard_at = origin.received_at

    def applied_through(self, edge: str, stream: str, epoch: int) -> int:
        """Return the number of the last record that was applied, 0 before the first."""
        # Read again although it may be known: only now the lock is held.
        row = self._session.get(StreamRow, (edge, stream, epoch), populate_existing=True)
        return row.applied_through if row else 0

    def advance(self, edge: str, stream: str, epoch: int, through: int, at: datetime) -> None:
        """Keep how far a stream is applied now."""
        row = self._session.get(StreamRow, (edge, stream, epoch))
        if row is None:
            row = StreamRow(edge=edge, stream=stream, epoch=epoch)
            self._session.add(row)
        row.applied_through, row.applied_at = through, at

    def is_new_refusal(self, origin: Origin, refusal: str) -> bool:
        """Keep what was refused last; False where it was the same before."""
        self.lock(origin)
        row = self._session.get_one(IntakeRow, origin.province)
        before, row.refusal = row.refusal, refusal[:500]
        return before != row.refusal


class UsageStore:
    """Answered calls, one by one and by the hour."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def keep(self, origin: Origin, records: Sequence[UsageRecord]) -> list[UsageRecord]:
        """Keep calls, and return those that were not known: a request counts once."""
        unique = {record.request_id: record for record in reversed(records)}
        known = self.known(origin.edge, list(unique))
        fresh = [record for name, record in reversed(unique.items()) if name not in known]
        if fresh:
            rows = [_usage_values(origin, record) for record in fresh]
            self._session.execute(insert(UsageRecordRow), rows)
        return fresh

    def add(self, sums: Mapping[UsageKey, UsageSum]) -> None:
        """Add to the hourly totals; the caller holds the province's lock."""
        if not sums:
            return
        known = self._known_hours(sums)
        for key, usage in sorted(sums.items(), key=lambda item: item[0]):
            row = known.get(key)
            if row is None:
                row = UsageHourRow(
                    **{name: getattr(key, name) for name in UsageKey.__dataclass_fields__},
                    calls=0,
                    units=0,
                    errors=0,
                    latency_us=0,
                    **NO_DETAIL,
                )
                self._session.add(row)
            row.calls += usage.calls
            row.units += usage.units
            row.errors += usage.errors
            row.latency_us += usage.latency_us
            add_detail(row, usage)

    def _known_hours(self, sums: Mapping[UsageKey, UsageSum]) -> dict[UsageKey, UsageHourRow]:
        """Read the totals that may be added to at once, however many hours a batch spans."""
        row, hours = UsageHourRow, [key.hour for key in sums]
        statement = select(row).where(
            row.province.in_({key.province for key in sums}),
            row.capability.in_({key.capability for key in sums}),
            row.hour.between(min(hours), max(hours)),
        )
        names = UsageKey.__dataclass_fields__
        return {
            UsageKey(**{name: getattr(found, name) for name in names}): found
            for found in self._session.scalars(statement)
        }

    def calls(
        self, provinces: Collection[str] | None, asked: CallsAsked, paging: Paging
    ) -> Page[CountedCall]:
        """Return single calls by edge and request id, which grows with time.

        Args:
            provinces: Within reach; None is all of them.
            asked: What to show of them.
            paging: Which page.
        """
        row = UsageRecordRow
        conditions = [
            column == wanted
            for column, wanted in (
                (row.province, asked.province),
                (row.capability, asked.capability),
                (row.application, asked.application),
            )
            if wanted is not None
        ]
        if provinces is not None:
            conditions.append(row.province.in_(sorted(provinces)))
        if asked.begins is not None:
            conditions.append(row.at >= asked.begins)
        if asked.ends is not None:
            conditions.append(row.at < asked.ends)
        key = [row.edge, row.request_id]
        page = fetch_page(self._session, select(row).where(*conditions), paging, key=key)
        return map_page(page, _counted_call)

    def forget_records(self, before: datetime) -> int:
        """Delete single calls received before a moment; totals stay. Return how many."""
        done = self._session.execute(
            delete(UsageRecordRow).where(UsageRecordRow.received_at < before)
        )
        return int(done.rowcount)  # type: ignore[attr-defined]  # a DELETE's result has it

    def known(self, edge: str, request_ids: Sequence[str]) -> set[str]:
        """Return those of an edge's calls that are counted, by request id."""
        found: set[str] = set()
        for chunk in _chunks(request_ids):
            found |= set(
                self._session.scalars(
                    select(UsageRecordRow.request_id).where(
                        UsageRecordRow.edge == edge, UsageRecordRow.request_id.in_(chunk)
                    )
                )
            )
        return found


class HealthStore:
    """The newest health report of each province."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def keep(self, origin: Origin, report: HealthReport) -> None:
        """Keep a report, unless a newer one is known."""
        row = self._session.get(ProvinceHealthRow, origin.province)
        if row is None:
            row = ProvinceHealthRow(province=origin.province)
            self._session.add(row)
        elif row.reported_at > report.at:
            return
        row.edge, row.reported_at, row.received_at = origin.edge, report.at, origin.received_at
        row.report = report.model_dump(mode="json")

    def find(self, province: str) -> ProvinceHealth | None:
        """Return what a province said last."""
        row = self._session.get(ProvinceHealthRow, province)
        if row is None:
            return None
        report = HealthReport.model_validate(row.report)
        return ProvinceHealth(row.province, row.edge, row.received_at, report)


def _counted_call(row: UsageRecordRow) -> CountedCall:
    return CountedCall(
        edge=row.edge,
        request_id=row.request_id,
        province=row.province,
        capability=row.capability,
        version=row.version,
        application=row.application,
        at=row.at,
        received_at=row.received_at,
        hour=hour_of(booked_at(row.at, row.received_at)),
        status=row.status,
        units=row.units,
        calls=row.calls,
    )


def _usage_values(origin: Origin, record: UsageRecord) -> dict[str, Any]:
    return {
        **record.model_dump(exclude={"version", "trial", "turned_away"}),
        "version": record.version or "",
        "calls": record.calls,
        "edge": origin.edge,
        "province": origin.province,
        "received_at": origin.received_at,
    }


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
