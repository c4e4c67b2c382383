"""Every query about quality counts."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Index, Select, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from center.columns import BigCount, Key, UtcDateTime
from center.database import Base
from center.feedback.domain import Confusion
from center.paging import Page, Paging, fetch_page, map_page


class QualitySeriesRow(Base):
    """One for each capability version and province that quality counts came from."""

    __tablename__ = "quality_series"

    province: Mapped[str] = mapped_column(Key, primary_key=True)
    capability: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[str] = mapped_column(Key, primary_key=True)
    counted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class QualityHourRow(Base):
    """Rows predicted in one hour, labelled or not."""

    __tablename__ = "quality_hour"

    province: Mapped[str] = mapped_column(Key, primary_key=True)
    capability: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[str] = mapped_column(Key, primary_key=True)
    hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    predictions: Mapped[int] = mapped_column(BigCount)


class QualityCellRow(Base):
    """How often a class was predicted where another was true, by hour of prediction."""

    __tablename__ = "quality_cell"

    province: Mapped[str] = mapped_column(Key, primary_key=True)
    capability: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[str] = mapped_column(Key, primary_key=True)
    hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    predicted: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    actual: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rows: Mapped[int] = mapped_column(BigCount)

    __table_args__ = (Index(None, "province", "hour"),)


@dataclass(frozen=True, slots=True)
class QualitySeries:
    """What quality is counted for."""

    province: str
    capability: str
    version: str


@dataclass(frozen=True, slots=True)
class QualitySums:
    """Counts of one series over all its hours."""

    series: QualitySeries
    predictions: int
    confusion: Confusion
    counted_at: datetime


class QualityStore:
    """Quality counts of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self,
        series: QualitySeries,
        hour: datetime,
        predictions: int,
        confusion: Confusion,
        at: datetime,
    ) -> None:
        """Add counts of an hour; the caller lets nobody else add to the province meanwhile."""
        key = (series.province, series.capability, series.version)
        known = self._session.get(QualitySeriesRow, key)
        if known is None:
            self._session.add(QualitySeriesRow(**asdict(series), counted_at=at))
        else:
            known.counted_at = at
        row = self._session.get(QualityHourRow, (*key, hour))
        if row is None:
            row = QualityHourRow(**asdict(series), hour=hour, predictions=0)
            self._session.add(row)
        row.predictions += predictions
        for (predicted, actual), count in sorted(confusion.items()):
            self._add_cell(series, hour, (predicted, actual), count)

    def page(self, conditions: Sequence[ColumnElement[bool]], paging: Paging) -> Page[QualitySums]:
        """Return a page of sums by capability, province, version."""
        statement: Select[QualitySeriesRow] = select(QualitySeriesRow).where(*conditions)
        row = QualitySeriesRow
        key = [row.capability, row.province, row.version]
        page = fetch_page(self._session, statement, paging, key=key)
        predictions, confusion = self._counts(page.items)
        return map_page(
            page,
            lambda row: QualitySums(
                _series(row),
                predictions.get(_series(row), 0),
                confusion.get(_series(row), {}),
                row.counted_at,
            ),
        )

    def _add_cell(
        self, series: QualitySeries, hour: datetime, cell: tuple[int, int], count: int
    ) -> None:
        key = (series.province, series.capability, series.version, hour, *cell)
        row = self._session.get(QualityCellRow, key)
        if row is None:
            predicted, actual = cell
            row = QualityCellRow(
                **asdict(series), hour=hour, predicted=predicted, actual=actual, rows=0
            )
            self._session.add(row)
        row.rows += count

    def _counts(
        self, rows: Sequence[QualitySeriesRow]
    ) -> tuple[dict[QualitySeries, int], dict[QualitySeries, dict[tuple[int, int], int]]]:
        """Return predictions and confusion of series, in two queries whatever their number."""
        keys = [(row.province, row.capability, row.version) for row in rows]
        hour, cell = QualityHourRow, QualityCellRow
        by_hour, by_cell = _key(hour), _key(cell)
        totals = (
            select(*by_hour, func.sum(hour.predictions))
            .where(tuple_(*by_hour).in_(keys))
            .group_by(*by_hour)
        )
        cells = (
            select(*by_cell, cell.predicted, cell.actual, func.sum(cell.rows))
            .where(tuple_(*by_cell).in_(keys))
            .group_by(*by_cell, cell.predicted, cell.actual)
        )
        predictions = {
            QualitySeries(*key): int(count) for *key, count in self._session.execute(totals)
        }
        confusion: dict[QualitySeries, dict[tuple[int, int], int]] = defaultdict(dict)
        for *key, predicted, actual, count in self._session.execute(cells):
            confusion[QualitySeries(*key)][predicted, actual] = int(count)
        return predictions, confusion


def quality_of_series(
    *, provinces: Collection[str] | None = None, capabilities: Collection[str] | None = None
) -> list[ColumnElement[bool]]:
    """Condition that a series is of certain provinces and capabilities; None is all of them."""
    conditions: list[ColumnElement[bool]] = []
    if provinces is not None:
        conditions.append(QualitySeriesRow.province.in_(sorted(provinces)))
    if capabilities is not None:
        conditions.append(QualitySeriesRow.capability.in_(sorted(capabilities)))
    return conditions


def _key(
    row: type[QualityHourRow | QualityCellRow],
) -> tuple[InstrumentedAttribute[str], InstrumentedAttribute[str], InstrumentedAttribute[str]]:
    return row.province, row.capability, row.version


def _series(row: QualitySeriesRow) -> QualitySeries:
    return QualitySeries(row.province, row.capability, row.version)
