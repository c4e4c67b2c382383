"""How objectives, and how capabilities stand to them, lie in SQL."""

from datetime import datetime
from typing import Any

from sqlalchemy import Double, Index
from sqlalchemy.orm import Mapped, mapped_column

from center.columns import BigCount, Json, Key, UtcDateTime
from center.database import Base


class ObjectiveRow(Base):
    """An objective that somebody set; ``province`` is empty where it holds in all of them."""

    __tablename__ = "objective"

    capability: Mapped[str] = mapped_column(Key, primary_key=True)
    province: Mapped[str] = mapped_column(Key, primary_key=True)
    availability: Mapped[float] = mapped_column(Double)
    p99_ms: Mapped[float] = mapped_column(Double)
    set_by: Mapped[str] = mapped_column(Key)
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revision: Mapped[int]


class StandingRow(Base):
    """What the worker measured last; ``province`` is empty for all provinces together."""

    __tablename__ = "objective_standing"

    capability: Mapped[str] = mapped_column(Key, primary_key=True)
    province: Mapped[str] = mapped_column(Key, primary_key=True)
    calls: Mapped[int] = mapped_column(BigCount)
    p99_ms: Mapped[float | None] = mapped_column(Double)
    target: Mapped[dict[str, Any]] = mapped_column(Json)
    availability: Mapped[dict[str, Any]] = mapped_column(Json)
    latency: Mapped[dict[str, Any]] = mapped_column(Json)
    cells: Mapped[list[int]] = mapped_column(Json)
    left_ppm: Mapped[int] = mapped_column(BigCount)
    """Of the budget that is used up more, in parts per million: lists begin with the least."""
    burning: Mapped[str | None] = mapped_column(Key, index=True)

    __table_args__ = (Index(None, "left_ppm"),)


class MeasuredRow(Base):
    """When the worker measured everything last; there is one row."""

    __tablename__ = "objective_measured"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
