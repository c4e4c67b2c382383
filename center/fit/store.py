"""Queries over what provinces counted: data by the hour, and answers that somebody judged."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from center.feedback.store import QualityCellRow, QualityHourRow, QualitySeriesRow
from center.monitoring.domain import Series, Window
from center.monitoring.rows import DriftRow, ProfileWindowRow


@dataclass(frozen=True, slots=True)
class JudgedRows:
    """What feedback said about one version in one province, over a span of hours."""

    province: str
    version: str
    right: int
    labelled: int
    begins: datetime
    ends: datetime
    counted_at: datetime


class FitStore:
    """Counts of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def series_in(
        self, province: str, since: datetime, capabilities: Collection[str] | None, limit: int
    ) -> list[Series]:
        """Return what counted data in a province lately, the one heard of last first."""
        row = DriftRow
        statement = select(row).where(row.province == province, row.profile_at >= since)
        if capabilities is not None:
            statement = statement.where(row.capability.in_(sorted(capabilities)))
        found = self._session.scalars(statement.order_by(row.profile_at.desc()).limit(limit))
        return [Series(item.province, item.capability, item.version) for item in found]

    def windows_of(
        self, capability: str, since: datetime, provinces: Collection[str] | None = None
    ) -> dict[Series, list[Window]]:
        """Return the hours that a capability counted since a moment, by province and version."""
        row = ProfileWindowRow
        statement = select(row).where(row.capability == capability, row.hour >= since)
        if provinces is not None:
            statement = statement.where(row.province.in_(sorted(provinces)))
        found: dict[Series, list[Window]] = {}
        for item in self._session.scalars(statement.order_by(row.hour)):
            series = Series(item.province, item.capability, item.version)
            found.setdefault(series, []).append(Window(item.hour, item.rows, item.counts))
        return found

    def judged(
        self, capability: str, since: datetime, labels: Mapping[str, int]
    ) -> list[JudgedRows]:
        """Return what feedback said since a moment, by province and version.

        Args:
            capability: Whose answers.
            since: Hours of prediction from here on.
            labels: Versions to look at, each with how many labels it declares.
        """
        cell, series = QualityCellRow, QualitySeriesRow
        if not labels:
            return []
        # The number after the last label stands for all undeclared classes: those are never right.
        declared = case(*((cell.version == name, count) for name, count in labels.items()), else_=0)
        is_right = (cell.predicted == cell.actual) & (cell.predicted < declared)
        right = func.sum(case((is_right, cell.rows), else_=0))
        statement = (
            select(
                *(cell.province, cell.version, right, func.sum(cell.rows)),
                *(func.min(cell.hour), func.max(cell.hour), func.max(series.counted_at)),
            )
            .join(
                series,
                (series.province == cell.province)
                & (series.capability == cell.capability)
                & (series.version == cell.version),
            )
            .where(
                cell.capability == capability, cell.hour >= since, cell.version.in_(sorted(labels))
            )
            .group_by(cell.province, cell.version)
        )
        return [
            JudgedRows(province, version, int(found), int(rows), begins, ends, counted_at)
            for province, version, found, rows, begins, ends, counted_at in self._session.execute(
                statement
            )
        ]

    def predictions(self, capability: str, since: datetime) -> dict[tuple[str, str], int]:
        """Return how many rows were predicted since a moment, by province and version."""
        row = QualityHourRow
        statement = (
            select(row.province, row.version, func.sum(row.predictions))
            .where(row.capability == capability, row.hour >= since)
            .group_by(row.province, row.version)
        )
        return {(place, version): int(n) for place, version, n in self._session.execute(statement)}
