"""How well a version fits a province before it runs there, and how good it is where it runs."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from capability_sdk.contracts.profiles import QualityBasis, ReferenceProfile
from center.capability.domain import LISTED
from center.capability.store import CapabilityStore, Sight
from center.fit.domain import (
    ColumnShift,
    Expected,
    Finding,
    Fit,
    LiveQuality,
    LiveView,
    Observed,
    Source,
)
from center.fit.errors import NothingToCompare
from center.fit.estimate import (
    LEAST_ROWS,
    MOST_UNKNOWN,
    Counts,
    distance,
    estimate,
    overlap,
    strangeness,
    usable_basis,
    wilson,
)
from center.fit.packages import DataFacts, Facts
from center.fit.pooled import pool
from center.fit.rebinning import onto
from center.fit.store import FitStore, JudgedRows
from center.monitoring.domain import Series, Window, add_counts
from center.reach import Reach

PROFILE_SPAN = timedelta(days=7)
"""How far back a province's data are looked at."""

QUALITY_SPAN = timedelta(days=30)
"""How far back answers are counted."""

_MOST_SERIES = 12
"""Versions in the province whose counts are looked through for columns of the same name."""

_HOUR = timedelta(hours=1)


class ProvinceColumns:
    """A province's columns over the version's own cells, each with where its counts come from."""

    def __init__(self, reference: ReferenceProfile) -> None:
        self._anchors = {item.column: item for item in reference.columns}
        self.counts: dict[str, Counts] = {}
        self.sources: dict[str, Source] = {}

    @property
    def missing(self) -> tuple[str, ...]:
        """Columns of the version that nothing counted."""
        return tuple(name for name in self._anchors if name not in self.counts)

    def take(self, other: ReferenceProfile, series: Series, windows: Iterable[Window]) -> None:
        """Take over what a version counted, for the columns that are not there yet."""
        hours = list(windows)
        if not hours:
            return
        sums: dict[str, list[int]] = {}
        for window in hours:
            sums = add_counts(sums, window.counts)
        source = Source(
            series.capability,
            series.version,
            sum(window.rows for window in hours),
            min(window.hour for window in hours),
            max(window.hour for window in hours) + _HOUR,
        )
        for anchors in other.columns:
            target = self._anchors.get(anchors.column)
            if target is None or anchors.column in self.counts or anchors.column not in sums:
                continue
            told = onto(anchors, sums[anchors.column], target)
            if told is not None:
                self.counts[anchors.column] = told
                self.sources[anchors.column] = source

    def shifts(self, reference: ReferenceProfile) -> tuple[ColumnShift, ...]:
        """Compare each column with the training data, the one that moved most first."""
        found = [
            ColumnShift(
                name,
                distance(self._anchors[name], reference.counts[name], counts),
                self.sources[name],
            )
            for name, counts in self.counts.items()
        ]
        return tuple(sorted(found, key=lambda item: (-item.distance, item.column)))

    def strangeness(self, reference: ReferenceProfile) -> float:
        """Return the greatest share of rows, over the columns, where training had none."""
        return max(strangeness(reference.counts[name], c) for name, c in self.counts.items())

    def rows_of(self, basis: QualityBasis) -> int:
        """Return the rows that stand behind a model's columns, at least."""
        return min(self.sources[item.column].rows for item in basis.columns)


def foremost(session: Session, capability: str, version: str | None, sight: Sight) -> str:
    """Return the version asked for, or the foremost that the asker sees.

    Raises:
        CapabilityNotFound: They see none.
    """
    store = CapabilityStore(session)
    if version is not None:
        return store.get(capability, version, sight).version
    return store.foremost(capability, sight).version


def fit(session: Session, reach: Reach, facts: Facts, asked: Series, now: datetime) -> Fit:
    """Hold a version's training data against what a province counts already.

    Args:
        session: Open transaction.
        reach: Whose counts the asker may look at.
        facts: Reads packages.
        asked: The version, and the province.
        now: The present moment.

    Raises:
        NothingToCompare: The package has no training profile.
    """
    own = facts(asked.capability, asked.version)
    if own.reference is None:
        raise NothingToCompare(
            f"The package of {asked.capability} {asked.version} has no reference/profile.json."
        )
    columns = ProvinceColumns(own.reference)
    _gather(session, reach, facts, asked, columns, now - PROFILE_SPAN)
    finding, expected, unknown = _judge(own, columns)
    return Fit(
        capability=asked.capability,
        version=asked.version,
        province=asked.province,
        finding=finding,
        reference_rows=own.reference.rows,
        shifts=columns.shifts(own.reference),
        missing=columns.missing,
        expected=expected,
        unknown=unknown,
    )


def live(
    session: Session,
    facts: Facts,
    capability: str,
    provinces: Collection[str] | None,
    now: datetime,
) -> LiveView:
    """Return how good a capability's published versions are: by province, or of others together.

    Args:
        session: Of the request.
        facts: What packages say of their data.
        capability: Which.
        provinces: Those that the reader sees one by one; None for all.
        now: The moment.
    """
    store, since = FitStore(session), now - QUALITY_SPAN
    versions = CapabilityStore(session).versions(capability, Sight())
    labels = {
        item.version: len(item.manifest.quality.labels or ())
        for item in versions
        if item.stage in LISTED
    }
    told = store.judged(capability, since, labels)
    own = [item for item in told if provinces is None or item.province in provinces]
    rest = [] if provinces is None else [item for item in told if item.province not in provinces]
    judged = {(item.province, item.version): item for item in own}
    predicted = store.predictions(capability, since)
    counted = {
        (series.province, series.version): windows
        for series, windows in store.windows_of(
            capability, now - timedelta(days=1), provinces
        ).items()
        if series.version in labels
    }
    found = []
    for place in sorted(judged.keys() | counted.keys()):
        realized = _realized(judged.get(place))
        estimated, basis = _estimated(facts, Series(place[0], capability, place[1]), counted)
        found.append(LiveQuality(*place, realized, predicted.get(place, 0), estimated, basis))
    elsewhere = pool(rest, predicted)
    is_withheld = {item.version for item in rest} != {item.version for item in elsewhere}
    return LiveView(tuple(found), tuple(elsewhere), is_withheld)


def _gather(
    session: Session,
    reach: Reach,
    facts: Facts,
    asked: Series,
    columns: ProvinceColumns,
    since: datetime,
) -> None:
    """Take the version's own counts first, then those of whatever has columns of the same name."""
    store = FitStore(session)
    place = frozenset({asked.province})
    found = store.series_in(asked.province, since, reach.capabilities, _MOST_SERIES)
    found.sort(key=lambda item: (item != asked, item.capability != asked.capability))
    for series in found:
        if not columns.missing:
            return
        other = facts(series.capability, series.version).reference
        if other is None or not {a.column for a in other.columns} & set(columns.missing):
            continue
        windows = store.windows_of(series.capability, since, place).get(series, [])
        columns.take(other, series, windows)


def _judge(
    facts: DataFacts, columns: ProvinceColumns
) -> tuple[Finding, Expected | None, float | None]:
    reference, quality = facts.reference, facts.quality
    if reference is None or not columns.counts:
        return Finding.NO_PROFILE, None, None
    if quality is None or not quality.bases:
        return Finding.SHIFTS_ONLY, None, None
    basis = usable_basis(quality, columns.counts)
    if basis is None:
        return Finding.COLUMNS_MISSING, None, None
    rows = columns.rows_of(basis)
    if rows < LEAST_ROWS:
        return Finding.TOO_FEW_ROWS, None, None
    found = overlap(basis, columns.counts)
    # A model may be sure of what it never saw: scores alone would not tell.
    unknown = max(found.unknown, columns.strangeness(reference))
    if unknown > MOST_UNKNOWN or not found.is_enough:
        return Finding.NO_OVERLAP, None, unknown
    expected = Expected(
        basis=basis.about,
        held_back=wilson(quality.right, quality.rows),
        held_back_rows=quality.rows,
        quality=estimate(basis, columns.counts, rows),
        effective_rows=found.effective_rows,
    )
    return Finding.ESTIMATED, expected, unknown


def _realized(item: JudgedRows | None) -> Observed | None:
    if item is None:
        return None
    quality = wilson(item.right, item.labelled)
    return Observed(quality, item.labelled, item.begins, item.ends + _HOUR, item.counted_at)


def _estimated(
    facts: Facts, series: Series, counted: dict[tuple[str, str], list[Window]]
) -> tuple[Observed | None, str | None]:
    windows = counted.get((series.province, series.version))
    own = facts(series.capability, series.version) if windows else None
    if own is None or own.reference is None or not windows:
        return None, None
    columns = ProvinceColumns(own.reference)
    columns.take(own.reference, series, windows)
    finding, expected, _ = _judge(own, columns)
    if finding is not Finding.ESTIMATED or expected is None:
        return None, None
    ends = max(window.hour for window in windows) + _HOUR
    rows = sum(window.rows for window in windows)
    begins = min(window.hour for window in windows)
    return Observed(expected.quality, rows, begins, ends, ends), expected.basis
