"""Every query about quality counts."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Index, Select, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

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
        return map_page(fetch_page(self._session, statement, paging, key=key), self._sums)

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

    def _sums(self, row: QualitySeriesRow) -> QualitySums:
        series = QualitySeries(row.province, row.capability, row.version)
        predictions = self._session.scalar(
            select(func.sum(QualityHourRow.predictions)).where(*_of(QualityHourRow, series))
        )
        cell = QualityCellRow
        statement = (
            select(cell.predicted, cell.actual, func.sum(cell.rows))
            .where(*_of(cell, series))
            .group_by(cell.predicted, cell.actual)
        )
        confusion = {(p, a): int(count) for p, a, count in self._session.execute(statement)}
        return QualitySums(series, int(predictions or 0), confusion, row.counted_at)


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


def _of(
    row: type[QualityHourRow | QualityCellRow], series: QualitySeries
) -> list[ColumnElement[bool]]:
    return [
        row.province == series.province,
        row.capability == series.capability,
        row.version == series.version,
    ]
