"""How profiles, windows and verdicts lie in SQL."""

from datetime import datetime
from typing import Any

from sqlalchemy import Double
from sqlalchemy.orm import Mapped, mapped_column

from center.columns import BigCount, Bytes, Json, Key, Line, Serial, UtcDateTime
from center.database import Base


class ProfileInboxRow(Base):
    """A profile that the worker has not counted yet, or refused to count.

    It is deleted in the transaction that adds its counts to a window, so each counts once.
    """

    __tablename__ = "profile_inbox"

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    edge: Mapped[str] = mapped_column(Key)
    province: Mapped[str] = mapped_column(Key)
    capability: Mapped[str] = mapped_column(Key)
    version: Mapped[str] = mapped_column(Key)
    hour: Mapped[datetime] = mapped_column(UtcDateTime)
    rows: Mapped[int] = mapped_column(BigCount)
    anchors: Mapped[str] = mapped_column(Key)
    profile: Mapped[bytes] = mapped_column(Bytes)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    refused: Mapped[str | None] = mapped_column(Line, index=True)


class ProfileWindowRow(Base):
    """Counts of one hour, added up."""

    __tablename__ = "profile_window"

    province: Mapped[str] = mapped_column(Key, primary_key=True)
    capability: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[str] = mapped_column(Key, primary_key=True)
    hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    rows: Mapped[int] = mapped_column(BigCount)
    counts: Mapped[dict[str, list[int]]] = mapped_column(Json)


class DriftRow(Base):
    """What is said about one capability version in one province.

    ``stale`` is set with every change of a window, and taken away by the next judgement; the oldest
    changed hour is ``stale_from``. What lists show of the worst column stands in columns of its own.
    """

    __tablename__ = "drift_verdict"

    province: Mapped[str] = mapped_column(Key, primary_key=True)
    capability: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[str] = mapped_column(Key, primary_key=True)
    verdict: Mapped[str] = mapped_column(Key)
    window_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    window_to: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rows: Mapped[int] = mapped_column(BigCount)
    columns: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    profile_at: Mapped[datetime] = mapped_column(UtcDateTime)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    stale: Mapped[bool] = mapped_column(index=True)
    stale_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    moved: Mapped[int] = mapped_column(default=0, server_default="0")
    worst_column: Mapped[str | None] = mapped_column(Key)
    worst_effect: Mapped[float | None] = mapped_column(Double)
    worst_shift: Mapped[float | None] = mapped_column(Double)


class DriftPointRow(Base):
    """The judgement of a series as it stood at the end of one hour."""

    __tablename__ = "drift_point"

    province: Mapped[str] = mapped_column(Key, primary_key=True)
    capability: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[str] = mapped_column(Key, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    verdict: Mapped[str] = mapped_column(Key)
    rows: Mapped[int] = mapped_column(BigCount)
    moved: Mapped[int]
    column: Mapped[str | None] = mapped_column("worst_column", Key)
    effect: Mapped[float | None] = mapped_column(Double)
    estimate: Mapped[float | None] = mapped_column(Double)
