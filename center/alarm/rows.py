"""How alarms, their history and silences lie in SQL."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from center.columns import Json, Key, LongText, Serial, UtcDateTime
from center.database import Base


class AlarmRow(Base):
    """One thing that is or was wrong."""

    __tablename__ = "alarm"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    # "rule capability province" while the rule finds it, then NULL: the engine admits one at a time.
    firing_key: Mapped[str | None] = mapped_column(String(220), unique=True)
    rule: Mapped[str] = mapped_column(Key)
    capability: Mapped[str] = mapped_column(Key)
    province: Mapped[str] = mapped_column(Key)
    severity: Mapped[str] = mapped_column(Key)
    severity_rank: Mapped[int]
    says: Mapped[dict[str, str]] = mapped_column(Json)
    evidence: Mapped[dict[str, Any]] = mapped_column(Json)
    first_seen: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    count: Mapped[int]
    acknowledged_by: Mapped[str | None] = mapped_column(Key)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    assignee: Mapped[str | None] = mapped_column(Key)
    silenced_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    silence: Mapped[str | None] = mapped_column(Key)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_by: Mapped[str | None] = mapped_column(Key)
    revision: Mapped[int]

    __table_args__ = (Index(None, "rule", "capability", "province"),)


class AlarmEventRow(Base):
    """One line of an alarm's history."""

    __tablename__ = "alarm_event"

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    alarm: Mapped[str] = mapped_column(Key, ForeignKey("alarm.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(Key)
    kind: Mapped[str] = mapped_column(Key)
    text: Mapped[str] = mapped_column(LongText)


class SilenceRow(Base):
    """Alarms that nobody wants to hear for a time."""

    __tablename__ = "alarm_silence"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    rule: Mapped[str | None] = mapped_column(Key)
    capability: Mapped[str | None] = mapped_column(Key)
    province: Mapped[str | None] = mapped_column(Key)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(LongText)
    created_by: Mapped[str] = mapped_column(Key)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
