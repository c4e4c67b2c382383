"""How telemetry, usage and health lie in SQL."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from center.columns import BigCount, Json, Key, Line, Serial, UtcDateTime
from center.database import Base
from center.operations.latency import LATENCY_CELLS


class IntakeRow(Base):
    """One for each province; whoever applies telemetry of the province locks it first.

    So totals of one province are changed by one transaction at a time, and those of different
    provinces at once.
    """

    __tablename__ = "telemetry_intake"

    province: Mapped[str] = mapped_column(Key, primary_key=True)
    heard_at: Mapped[datetime] = mapped_column(UtcDateTime)
    refusal: Mapped[str | None] = mapped_column(Line)
    """The last refused batch, so that its repetitions are not audited one by one."""


class StreamRow(Base):
    """How far one stream and epoch of an edge is applied."""

    __tablename__ = "telemetry_stream"

    edge: Mapped[str] = mapped_column(Key, primary_key=True)
    stream: Mapped[str] = mapped_column(Key, primary_key=True)
    epoch: Mapped[int] = mapped_column(BigCount, primary_key=True, autoincrement=False)
    applied_through: Mapped[int] = mapped_column(BigCount)
    applied_at: Mapped[datetime] = mapped_column(UtcDateTime)


class UsageRecordRow(Base):
    """One answered call, or calls turned away; ``received_at`` is the center's own time."""

    __tablename__ = "usage_record"

    edge: Mapped[str] = mapped_column(Key, primary_key=True)
    request_id: Mapped[str] = mapped_column(Key, primary_key=True)
    province: Mapped[str] = mapped_column(Key)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    application: Mapped[str] = mapped_column(Key)
    subscription: Mapped[str] = mapped_column(Key)
    capability: Mapped[str] = mapped_column(Key)
    version: Mapped[str] = mapped_column(Key)
    status: Mapped[int]
    units: Mapped[int]
    calls: Mapped[int] = mapped_column(BigCount, server_default="1")
    latency_us: Mapped[int] = mapped_column(BigCount)
    request_bytes: Mapped[int] = mapped_column(BigCount)
    response_bytes: Mapped[int] = mapped_column(BigCount)


class UncountedRow(Base):
    """Records that no total holds, as one row each, or one for each run of lost ones."""

    __tablename__ = "telemetry_uncounted"

    edge: Mapped[str] = mapped_column(Key, primary_key=True)
    stream: Mapped[str] = mapped_column(Key, primary_key=True)
    epoch: Mapped[int] = mapped_column(BigCount, primary_key=True, autoincrement=False)
    first: Mapped[int] = mapped_column(BigCount, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(BigCount)
    province: Mapped[str] = mapped_column(Key, index=True)
    kind: Mapped[str | None] = mapped_column(Key)
    why: Mapped[str] = mapped_column(Line)
    body: Mapped[dict[str, Any] | None] = mapped_column(Json)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class UsageHourRow(Base):
    """Calls of one hour, added up; ``version`` is empty where no version was reached."""

    __tablename__ = "usage_hour"

    province: Mapped[str] = mapped_column(Key, primary_key=True)
    capability: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[str] = mapped_column(Key, primary_key=True)
    application: Mapped[str] = mapped_column(Key, primary_key=True)
    hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    calls: Mapped[int] = mapped_column(BigCount)
    units: Mapped[int] = mapped_column(BigCount)
    errors: Mapped[int] = mapped_column(BigCount)
    latency_us: Mapped[int] = mapped_column(BigCount)
    failures: Mapped[int] = mapped_column(BigCount, server_default="0")
    throttled: Mapped[int] = mapped_column(BigCount, server_default="0")

    # The second is for what one province did lately.
    __table_args__ = (Index(None, "hour"), Index(None, "province", "hour"))


class UsageSeriesRow(Base):
    """What one application called of one version in one province: a number instead of four names."""

    __tablename__ = "usage_series"
    __table_args__ = (UniqueConstraint("province", "capability", "version", "application"),)

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    province: Mapped[str] = mapped_column(Key)
    capability: Mapped[str] = mapped_column(Key)
    version: Mapped[str] = mapped_column(Key)
    application: Mapped[str] = mapped_column(Key)


class UsageSpanRow(Base):
    """The hours of one span and series, added up: kept by whoever adds to an hour, at once.

    A country's 10,000 series over 30 days are 300,000 rows by the day, and about 60,000 of these.
    """

    __tablename__ = "usage_span"

    hours: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    begins: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    series: Mapped[int] = mapped_column(
        BigCount, ForeignKey(UsageSeriesRow.id), primary_key=True, autoincrement=False
    )
    calls: Mapped[int] = mapped_column(BigCount)
    units: Mapped[int] = mapped_column(BigCount)
    errors: Mapped[int] = mapped_column(BigCount)
    failures: Mapped[int] = mapped_column(BigCount)
    throttled: Mapped[int] = mapped_column(BigCount)


class UsageSlotRow(Base):
    """Calls of the last day by five minutes: what alarms and burn rates are found in."""

    __tablename__ = "usage_slot"

    slot: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    province: Mapped[str] = mapped_column(Key, primary_key=True)
    capability: Mapped[str] = mapped_column(Key, primary_key=True)
    application: Mapped[str] = mapped_column(Key, primary_key=True)
    calls: Mapped[int] = mapped_column(BigCount)
    failures: Mapped[int] = mapped_column(BigCount)
    throttled: Mapped[int] = mapped_column(BigCount)


FIGURES = ("calls", "units", "errors", "failures", "throttled")
"""What usage is read and sorted by, beside the cells of its latency."""

LATENCY_COLUMNS = tuple(f"latency_{cell}" for cell in range(LATENCY_CELLS))
"""Calls in each cell of `latency`; hours from before they were kept have none."""

for _name in LATENCY_COLUMNS:
    for _row in (UsageHourRow, UsageSpanRow, UsageSlotRow):
        setattr(_row, _name, mapped_column(_name, BigCount, server_default="0"))


def answered(row: type[UsageHourRow | UsageSlotRow]) -> ColumnElement[int]:
    """Return the calls that were not turned away: those that reached a capability."""
    return row.calls - row.throttled


class ProvinceHealthRow(Base):
    """The newest health report of a province."""

    __tablename__ = "province_health"

    province: Mapped[str] = mapped_column(Key, primary_key=True)
    edge: Mapped[str] = mapped_column(Key)
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    report: Mapped[dict[str, Any]] = mapped_column(Json)
