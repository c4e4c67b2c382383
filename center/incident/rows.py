"""How incident files lie in SQL."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from center.columns import Json, Key, Line, LongText, Serial, UtcDateTime
from center.database import Base


class IncidentRow(Base):
    """One file."""

    __tablename__ = "incident"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(Key)
    title: Mapped[str] = mapped_column(Line)
    severity: Mapped[str] = mapped_column(Key)
    begins_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lead: Mapped[str | None] = mapped_column(Key)
    attendees: Mapped[list[str]] = mapped_column(Json)
    summary: Mapped[str] = mapped_column(LongText)
    near_cause: Mapped[str] = mapped_column(LongText)
    root_cause: Mapped[str] = mapped_column(LongText)
    opened_by: Mapped[str] = mapped_column(Key)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    mitigated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revision: Mapped[int]


class IncidentPlaceRow(Base):
    """A province or a capability that a file is about; without any it is about all of them."""

    __tablename__ = "incident_place"

    incident: Mapped[str] = mapped_column(Key, ForeignKey("incident.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(Key, primary_key=True)
    """``province`` or ``capability``."""
    name: Mapped[str] = mapped_column(Key, primary_key=True)


class IncidentEntryRow(Base):
    """A line that somebody wrote into the timeline."""

    __tablename__ = "incident_entry"

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    incident: Mapped[str] = mapped_column(Key, ForeignKey("incident.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    author: Mapped[str] = mapped_column(Key)
    text: Mapped[str] = mapped_column(LongText)


class IncidentActionRow(Base):
    """Something that is to be done."""

    __tablename__ = "incident_action"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    incident: Mapped[str] = mapped_column(Key, ForeignKey("incident.id"), index=True)
    text: Mapped[str] = mapped_column(LongText)
    owner: Mapped[str] = mapped_column(Key, index=True)
    due_on: Mapped[date | None] = mapped_column(Date)
    created_by: Mapped[str] = mapped_column(Key)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_by: Mapped[str | None] = mapped_column(Key)
