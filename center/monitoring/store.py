"""Every query about profiles, windows and verdicts."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, select, update
from sqlalchemy.orm import Session

from center.monitoring.domain import (
    ColumnMovement,
    Judgement,
    Series,
    Verdict,
    Window,
    add_counts,
)
from center.monitoring.errors import NoProfile
from center.monitoring.rows import DriftRow, ProfileInboxRow, ProfileWindowRow
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
        since: When the verdict last changed.
    """

    series: Series
    judgement: Judgement
    profile_at: datetime
    since: datetime


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
        self._touch(series, at)

    def windows(self, series: Series, limit: int) -> list[Window]:
        """Return the newest windows of a series, newest first."""
        row = ProfileWindowRow
        statement = select(row).where(*_of(row, series)).order_by(row.hour.desc()).limit(limit)
        return [
            Window(found.hour, found.rows, found.counts)
            for found in self._session.scalars(statement)
        ]

    def stale(self, limit: int) -> list[Standing]:
        """Return the standing of series whose windows have changed since they were judged."""
        statement = select(DriftRow).where(DriftRow.stale).limit(limit)
        return [_to_standing(row) for row in self._session.scalars(statement)]

    def put(self, seen: Standing, judgement: Judgement, at: datetime) -> None:
        """Keep a judgement on the windows that were there when the series was seen."""
        row = self._session.get_one(DriftRow, _key(seen.series), with_for_update=True)
        if row.verdict != judgement.verdict:
            row.since = at
        row.verdict = judgement.verdict
        row.window_from, row.window_to = judgement.window_from, judgement.window_to
        row.rows = judgement.rows
        row.columns = [asdict(column) for column in judgement.columns]
        row.stale = row.profile_at != seen.profile_at

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

    def _touch(self, series: Series, at: datetime) -> None:
        row = self._session.get(DriftRow, _key(series), with_for_update=True)
        if row is None:
            row = DriftRow(**asdict(series), verdict=Verdict.LEARNING, rows=0, columns=[], since=at)
            self._session.add(row)
        row.profile_at, row.stale = at, True


def drift_of(
    *, provinces: Collection[str] | None = None, capabilities: Collection[str] | None = None
) -> list[ColumnElement[bool]]:
    """Condition that a verdict is of certain provinces and capabilities; None is all of them."""
    conditions: list[ColumnElement[bool]] = []
    if provinces is not None:
        conditions.append(DriftRow.province.in_(sorted(provinces)))
    if capabilities is not None:
        conditions.append(DriftRow.capability.in_(sorted(capabilities)))
    return conditions


_INBOX_NAMES = ("edge", "hour", "rows", "anchors", "profile", "received_at")


def _key(series: Series) -> tuple[str, str, str]:
    return series.province, series.capability, series.version


def _of(row: type[ProfileWindowRow], series: Series) -> list[ColumnElement[bool]]:
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
    judgement = Judgement(Verdict(row.verdict), row.window_from, row.window_to, row.rows, columns)
    return Standing(_series(row), judgement, row.profile_at, row.since)
