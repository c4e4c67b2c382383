"""The board as it was joined last, province by province."""

from datetime import datetime

from sqlalchemy import Double
from sqlalchemy.orm import Mapped, mapped_column

from center.columns import BigCount, Key, UtcDateTime
from center.database import Base


class BoardProvinceRow(Base):
    """When a province's cells were joined, and how far its edge had spoken then."""

    __tablename__ = "board_province"

    province: Mapped[str] = mapped_column(Key, primary_key=True)
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)
    spoken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The newest moment that the edge reported; None where it never did."""


class BoardCellRow(Base):
    """Figures of one capability in one province: the columns are those of `domain.Figures`."""

    __tablename__ = "board_cell"

    province: Mapped[str] = mapped_column(Key, primary_key=True)
    capability: Mapped[str] = mapped_column(Key, primary_key=True, index=True)
    version: Mapped[str] = mapped_column(Key)
    is_deployed: Mapped[bool]
    deployed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    calls: Mapped[int] = mapped_column(BigCount)
    errors: Mapped[int] = mapped_column(BigCount)
    refused: Mapped[int] = mapped_column(BigCount)
    latency_us: Mapped[int] = mapped_column(BigCount)
    quota: Mapped[int] = mapped_column(BigCount)
    used: Mapped[int] = mapped_column(BigCount)
    verdict: Mapped[str | None] = mapped_column(Key)
    since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rows: Mapped[int] = mapped_column(BigCount)
    moved: Mapped[int]
    column: Mapped[str | None] = mapped_column("worst_column", Key)
    effect: Mapped[float | None] = mapped_column(Double)
    shift: Mapped[float | None] = mapped_column(Double)
    accuracy: Mapped[float | None] = mapped_column(Double)
    labelled: Mapped[int] = mapped_column(BigCount)
    accuracy_before: Mapped[float | None] = mapped_column(Double)
    labelled_before: Mapped[int] = mapped_column(BigCount)
    data_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
