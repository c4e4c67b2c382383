"""Every query about profiles, windows and verdicts."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, update
from sqlalchemy.orm import Session

from center.monitoring.domain import (
    ColumnMovement,
    DriftPoint,
    DriftVerdict,
    Judgement,
    Series,
    Window,
    add_counts,
)
from center.monitoring.errors import NoProfile
from center.monitoring.rows import DriftPointRow, DriftRow, ProfileInboxRow, ProfileWindowRow
from center.paging import Page, Paging, fetch_page, map_page


@dataclass(frozen=True, slots=True)
class ReceivedProfile:
    """A profile as it came, not yet understood."""

    edge: str
    series: Series
    hour: datetime
    rows: int
    anchors: str
    profile: bytes
    received_at: datetime
    id: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """The last judgement of a series.

    Attributes:
        profile_at: When its newest profile arrived.
        since: Since which hour of the data the verdict holds.
        stale_from: The oldest hour that changed since it was judged.
    """

    series: Series
    judgement: Judgement
    profile_at: datetime
    since: datetime
    stale_from: datetime | None = None


class InboxStore:
    """Profiles between the edge and the worker."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, profiles: Iterable[ReceivedProfile]) -> None:
        """Keep profiles for the worker."""
        for item in profiles:
            values = {name: getattr(item, name) for name in _INBOX_NAMES}
            self._session.add(ProfileInboxRow(**values, **asdict(item.series), refused=None))

    def waiting(self, limit: int) -> list[ReceivedProfile]:
        """Return the oldest profiles that nobody has counted or refused."""
        row = ProfileInboxRow
        statement = select(row).where(row.refused.is_(None)).order_by(row.id).limit(limit)
        return [_to_received(found) for found in self._session.scalars(statement)]

    def take(self, profile_id: int) -> bool:
        """Take a profile out, in the transaction that counts it; False where somebody else did."""
        row = ProfileInboxRow
        done = self._session.execute(delete(row).where(row.id == profile_id, row.refused.is_(None)))
        return bool(done.rowcount == 1)  # type: ignore[attr-defined]  # a DELETE's result has it

    def quarantine(self, profile_id: int, why: str) -> bool:
        """Set a profile aside for good; False where somebody else had it already."""
        row = ProfileInboxRow
        done = self._session.execute(
            update(row).where(row.id == profile_id, row.refused.is_(None)).values(refused=why[:500])
        )
        return bool(done.rowcount == 1)  # type: ignore[attr-defined]  # an UPDATE's result has it

    def forget_refused(self, before: datetime) -> None:
        """Delete what was set aside and received before a moment."""
        row = ProfileInboxRow
        self._session.execute(delete(row).where(row.refused.is_not(None), row.received_at < before))


class DriftStore:
    """Windows and verdicts."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, series: Series, window: Window, at: datetime) -> None:
        """Add counts to a window, and note that the verdict is to be found anew."""
        key = (series.province, series.capability, series.version, window.hour)
        row = self._session.get(ProfileWindowRow, key, with_for_update=True)
        if row is None:
            row = ProfileWindowRow(**asdict(series), hour=window.hour, rows=0, counts={})
            self._session.add(row)
        row.rows += window.rows
        row.counts = add_counts(row.counts, window.counts)
        self._touch(series, at, window.hour)

    def windows(self, seen: Standing, before: int) -> list[Window]:
        """Return the windows that a new judgement stands on, oldest first.

        Args:
            seen: The series; windows from ``stale_from`` on are all returned, or the newest alone.
            before: How many windows before those are wanted.
        """
        row = ProfileWindowRow
        columns = select(row.hour, row.rows, row.counts).where(*_of(row, seen.series))
        fresh: list[Window] = []
        if seen.stale_from is not None:
            changed = columns.where(row.hour >= seen.stale_from)
            fresh = [Window(*found) for found in self._session.execute(changed)]
            columns = columns.where(row.hour < seen.stale_from)
        older = columns.order_by(row.hour.desc()).limit(before)
        known = [Window(*found) for found in self._session.execute(older)]
        return sorted((*known, *fresh), key=lambda window: window.hour)

    def stale(self, limit: int) -> list[Standing]:
        """Return the standing of series whose windows have changed since they were judged."""
        statement = select(DriftRow).where(DriftRow.stale).limit(limit)
        return [_to_standing(row) for row in self._session.scalars(statement)]

    def put(self, seen: Standing, judgement: Judgement, points: Sequence[DriftPoint]) -> None:
        """Keep a judgement on the windows that were there when the series was seen.

        Args:
            seen: The series as it was read before its windows.
            judgement: On its newest windows.
            points: Judgements hour by hour from the oldest changed one on; they replace those before.
        """
        row = self._session.get_one(DriftRow, _key(seen.series), with_for_update=True)
        self._replace_points(seen.series, points)
        row.since = self._begin_of(seen.series, judgement.verdict) or row.since
        row.verdict = judgement.verdict
        row.window_from, row.window_to = judgement.window_from, judgement.window_to
        row.rows = judgement.rows
        row.columns = [asdict(column) for column in judgement.columns]
        row.moved = judgement.columns_moved
        worst = judgement.worst
        row.worst_column = worst.column if worst is not None else None
        row.worst_effect = worst.effect if worst is not None else None
        row.worst_shift = worst.shift if worst is not None else None
        if row.profile_at == seen.profile_at:
            row.stale, row.stale_from = False, None

    def page(self, conditions: Sequence[ColumnElement[bool]], paging: Paging) -> Page[Standing]:
        """Return a page of verdicts by capability, province, version."""
        statement: Select[DriftRow] = select(DriftRow).where(*conditions)
        key = [DriftRow.capability, DriftRow.province, DriftRow.version]
        return map_page(fetch_page(self._session, statement, paging, key=key), _to_standing)

    def of_capability(self, capability: str, province: str) -> list[Standing]:
        """Return the verdicts of a capability's versions in a province, newest profile first.

        Raises:
            NoProfile: There is none.
        """
        row = DriftRow
        statement = select(row).where(row.capability == capability, row.province == province)
        found = self._session.scalars(statement.order_by(row.profile_at.desc(), row.version.desc()))
        standings = [_to_standing(item) for item in found]
        if not standings:
            raise NoProfile(f"No profile of {capability} has arrived from {province}.")
        return standings

    def points(self, province: str, capability: str, begins: datetime) -> list[DriftPoint]:
        """Return a capability's judgements hour by hour, of all its versions, oldest first."""
        row = DriftPointRow
        columns = [getattr(row, name) for name in DriftPoint.__dataclass_fields__]
        statement = (
            select(*columns)
            .where(row.province == province, row.capability == capability, row.at >= begins)
            .order_by(row.at)
        )
        return [DriftPoint(*found) for found in self._session.execute(statement)]

    def _replace_points(self, series: Series, points: Sequence[DriftPoint]) -> None:
        if not points:
            return
        row = DriftPointRow
        self._session.execute(delete(row).where(*_of(row, series), row.at >= points[0].at))
        key = asdict(series)
        self._session.execute(insert(row), [{**key, **asdict(point)} for point in points])

    def _begin_of(self, series: Series, verdict: DriftVerdict) -> datetime | None:
        """Return the first hour of the newest run of points with a verdict."""
        row = DriftPointRow
        other = self._session.scalar(
            select(func.max(row.at)).where(*_of(row, series), row.verdict != verdict)
        )
        run = select(func.min(row.at)).where(*_of(row, series), row.verdict == verdict)
        return self._session.scalar(run if other is None else run.where(row.at > other))

    def _touch(self, series: Series, at: datetime, hour: datetime) -> None:
        row = self._session.get(DriftRow, _key(series), with_for_update=True)
        if row is None:
            row = DriftRow(
                **asdict(series), verdict=DriftVerdict.LEARNING, rows=0, columns=[], since=at
            )
            self._session.add(row)
        changed = hour if row.stale_from is None else min(row.stale_from, hour)
        row.profile_at, row.stale, row.stale_from = at, True, changed


def drift_of(
    *,
    provinces: Collection[str] | None = None,
    capabilities: Collection[str] | None = None,
    verdict: DriftVerdict | None = None,
) -> list[ColumnElement[bool]]:
    """Condition that a verdict is this one, of certain provinces and capabilities; None is any."""
    conditions: list[ColumnElement[bool]] = []
    if provinces is not None:
        conditions.append(DriftRow.province.in_(sorted(provinces)))
    if capabilities is not None:
        conditions.append(DriftRow.capability.in_(sorted(capabilities)))
    if verdict is not None:
        conditions.append(DriftRow.verdict == verdict)
    return conditions


_INBOX_NAMES = ("edge", "hour", "rows", "anchors", "profile", "received_at")


def _key(series: Series) -> tuple[str, str, str]:
    return series.province, series.capability, series.version


def _of(row: type[ProfileWindowRow | DriftPointRow], series: Series) -> list[ColumnElement[bool]]:
    return [
        row.province == series.province,
        row.capability == series.capability,
        row.version == series.version,
    ]


def _series(row: DriftRow | ProfileInboxRow) -> Series:
    return Series(row.province, row.capability, row.version)


def _to_received(row: ProfileInboxRow) -> ReceivedProfile:
    values = {name: getattr(row, name) for name in _INBOX_NAMES}
    return ReceivedProfile(**values, series=_series(row), id=row.id)


def _to_standing(row: DriftRow) -> Standing:
    columns = tuple(ColumnMovement(**column) for column in row.columns)
    judgement = Judgement(
        DriftVerdict(row.verdict), row.window_from, row.window_to, row.rows, columns
    )
    return Standing(_series(row), judgement, row.profile_at, row.since, row.stale_from)
