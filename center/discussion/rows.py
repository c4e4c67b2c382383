"""How ratings, comments, favourites and notes lie in SQL."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from center.capability.rows import CapabilityRow
from center.columns import Key, LongText, UtcDateTime
from center.database import Base


class RatingRow(Base):
    """One person's judgement of one capability."""

    __tablename__ = "rating"

    capability: Mapped[str] = mapped_column(Key, ForeignKey(CapabilityRow.name), primary_key=True)
    author: Mapped[str] = mapped_column(Key, primary_key=True)
    role: Mapped[str] = mapped_column(Key)
    organisation: Mapped[str] = mapped_column(Key)
    stars: Mapped[int]
    text: Mapped[str] = mapped_column(LongText)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CommentRow(Base):
    """One contribution; a row is never removed, so that replies keep their place."""

    __tablename__ = "comment"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    capability: Mapped[str] = mapped_column(Key, ForeignKey(CapabilityRow.name))
    parent: Mapped[str | None] = mapped_column(Key, ForeignKey("comment.id"), index=True)
    author: Mapped[str] = mapped_column(Key)
    role: Mapped[str] = mapped_column(Key)
    organisation: Mapped[str] = mapped_column(Key)
    text: Mapped[str] = mapped_column(LongText)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    revision: Mapped[int]
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    hidden_by: Mapped[str | None] = mapped_column(Key)
    hidden_reason: Mapped[str | None] = mapped_column(LongText)

    __table_args__ = (Index(None, "capability", "at"),)


class FavouriteRow(Base):
    """A capability that somebody keeps at hand."""

    __tablename__ = "favourite"

    person: Mapped[str] = mapped_column(Key, primary_key=True)
    capability: Mapped[str] = mapped_column(Key, ForeignKey(CapabilityRow.name), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class NoteRow(Base):
    """One revision of a note; nothing of it is ever changed."""

    __tablename__ = "knowledge_note"

    capability: Mapped[str] = mapped_column(Key, ForeignKey(CapabilityRow.name), primary_key=True)
    kind: Mapped[str] = mapped_column(Key, primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    author: Mapped[str] = mapped_column(Key)
    role: Mapped[str] = mapped_column(Key)
    organisation: Mapped[str] = mapped_column(Key)
    text: Mapped[str] = mapped_column(LongText)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
