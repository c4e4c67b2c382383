"""How rules, notifications, webhooks and deliveries lie in SQL."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from center.columns import BigCount, Bytes, Json, Key, Line, Serial, UtcDateTime
from center.database import Base

_OWNER = "user_account.name"


class RuleRow(Base):
    """What one person wants to hear of, and how."""

    __tablename__ = "notification_rule"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    owner: Mapped[str] = mapped_column(Key, ForeignKey(_OWNER), index=True)
    wish: Mapped[dict[str, Any]] = mapped_column(Json)
    revision: Mapped[int]


class NotificationRow(Base):
    """What one person heard of in the console."""

    __tablename__ = "notification"
    __table_args__ = (UniqueConstraint("owner", "seq"), Index(None, "owner", "read_at"))

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    owner: Mapped[str] = mapped_column(Key, ForeignKey(_OWNER))
    seq: Mapped[int] = mapped_column(BigCount)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    event: Mapped[dict[str, Any]] = mapped_column(Json)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WebhookRow(Base):
    """An address that takes one person's notifications; the secret is sealed."""

    __tablename__ = "webhook"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    owner: Mapped[str] = mapped_column(Key, ForeignKey(_OWNER), index=True)
    name: Mapped[str] = mapped_column(Key)
    url: Mapped[str] = mapped_column(String(2000))
    sealed: Mapped[bytes] = mapped_column(Bytes)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DeliveryRow(Base):
    """Something to send to somebody outside, or that was sent."""

    __tablename__ = "notification_delivery"
    __table_args__ = (Index(None, "state", "next_at"),)

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    owner: Mapped[str] = mapped_column(Key, ForeignKey(_OWNER), index=True)
    channel: Mapped[str] = mapped_column(Key)
    target: Mapped[str] = mapped_column(Line)
    slot: Mapped[str] = mapped_column(Key, unique=True)
    events: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int]
    state: Mapped[str] = mapped_column(Key)
    error: Mapped[str] = mapped_column(Line)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CursorRow(Base):
    """How far the audit trail was told; there is one row."""

    __tablename__ = "notification_cursor"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigCount)
