"""How the catalogue lies in SQL.

Entries are an index: a pure function of a version's manifest, which never changes, so they are
written once and never out of date. What is listed is the stage of the version itself.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from center.capability.rows import CapabilityRow
from center.columns import BigCount, Json, Key, Line, LongText, UtcDateTime
from center.database import Base


class EntryRow(Base):
    """What is searched, narrowed and sorted of one version; texts are case folded."""

    __tablename__ = "catalogue_entry"

    capability: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[str] = mapped_column(Key, primary_key=True)
    precedence: Mapped[int] = mapped_column(BigCount)
    """Sorts like the semantic version."""
    published_us: Mapped[int] = mapped_column(BigCount)
    """Moment of publication, microseconds since 1970."""
    domain: Mapped[str] = mapped_column(Key)
    task: Mapped[str] = mapped_column(Key)
    family: Mapped[str] = mapped_column(Key)
    labels: Mapped[int]
    """Declared classes; a row of an undeclared one is never right."""
    name_text: Mapped[str] = mapped_column(LongText)
    title_text: Mapped[str] = mapped_column(LongText)
    field_text: Mapped[str] = mapped_column(LongText)
    about_text: Mapped[str] = mapped_column(LongText)

    __table_args__ = (
        ForeignKeyConstraint(
            ["capability", "version"],
            ["capability_version.capability", "capability_version.version"],
        ),
    )


class ListingRow(Base):
    """What a capability's owner says of it beside its versions."""

    __tablename__ = "catalogue_listing"

    capability: Mapped[str] = mapped_column(Key, ForeignKey(CapabilityRow.name), primary_key=True)
    task: Mapped[str | None] = mapped_column(Key)
    accountable: Mapped[str | None] = mapped_column(Key)
    runbook_url: Mapped[str | None] = mapped_column(Line)
    revision: Mapped[int]
    updated_by: Mapped[str] = mapped_column(Key)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StandingRow(Base):
    """Use and quality of a capability in a province, added up by the worker."""

    __tablename__ = "catalogue_standing"

    province: Mapped[str] = mapped_column(Key, primary_key=True)
    capability: Mapped[str] = mapped_column(Key, primary_key=True)
    calls: Mapped[int] = mapped_column(BigCount)
    errors: Mapped[int] = mapped_column(BigCount)
    latency: Mapped[list[int]] = mapped_column(Json)
    """Calls in each cell of `center.operations.latency`."""
    labelled: Mapped[int] = mapped_column(BigCount)
    right: Mapped[int] = mapped_column(BigCount)
    quality_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    measured_at: Mapped[datetime] = mapped_column(UtcDateTime)
