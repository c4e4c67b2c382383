"""How capabilities and versions lie in SQL."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from capability_sdk.contracts.manifest import Manifest, Titles
from capability_sdk.contracts.packages import GateReport, PackageDigests, PartDigests
from center.capability.domain import CapabilityVersion, Conditions, Review, Stage
from center.columns import BigCount, Json, Key, LongText, UtcDateTime
from center.database import Base


class CapabilityRow(Base):
    """A name, and who owns it."""

    __tablename__ = "capability"

    name: Mapped[str] = mapped_column(Key, primary_key=True)
    skeleton: Mapped[str] = mapped_column(Key, unique=True)
    owner: Mapped[str] = mapped_column(Key)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CapabilityVersionRow(Base):
    """One version; everything but stage, gate and review columns is written once."""

    __tablename__ = "capability_version"

    capability: Mapped[str] = mapped_column(Key, ForeignKey(CapabilityRow.name), primary_key=True)
    version: Mapped[str] = mapped_column(Key, primary_key=True)
    stage: Mapped[str] = mapped_column(Key, index=True)
    domain: Mapped[str] = mapped_column(Key, index=True)
    search_text: Mapped[str] = mapped_column(LongText)
    manifest: Mapped[dict[str, Any]] = mapped_column(Json)
    package_digest: Mapped[str] = mapped_column(Key, index=True)
    code_digest: Mapped[str] = mapped_column(Key)
    weights_digest: Mapped[str] = mapped_column(Key)
    parts: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    archive_digest: Mapped[str] = mapped_column(Key, index=True)
    archive_bytes: Mapped[int] = mapped_column(BigCount)
    author: Mapped[str] = mapped_column(Key)
    organisation: Mapped[str] = mapped_column(Key)
    author_key: Mapped[str] = mapped_column(LongText)
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    gate_report: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    gate_holder: Mapped[str | None] = mapped_column(Key)
    gate_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    gate_progress: Mapped[str | None] = mapped_column(Key)
    gate_attempts: Mapped[int] = mapped_column(default=0)
    comment: Mapped[str] = mapped_column(LongText, default="")
    reviewer: Mapped[str | None] = mapped_column(Key)
    release: Mapped[str | None] = mapped_column(LongText)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_reason: Mapped[str | None] = mapped_column(LongText)
    conditions: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    review_requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def to_row(item: CapabilityVersion) -> CapabilityVersionRow:
    """Lay a new version out for SQL."""
    manifest = item.manifest
    words = (manifest.name, manifest.domain, *_both(manifest.titles), *_both(manifest.summary))
    return CapabilityVersionRow(
        capability=item.name,
        version=item.version,
        stage=item.stage,
        domain=manifest.domain,
        search_text="\n".join(words).casefold(),
        manifest=manifest.model_dump(mode="json"),
        package_digest=item.digests.package,
        code_digest=item.digests.code,
        weights_digest=item.digests.weights,
        parts=None if item.parts is None else item.parts.model_dump(),
        archive_digest=item.archive_digest,
        archive_bytes=item.archive_bytes,
        author=item.author,
        organisation=item.organisation,
        author_key=item.author_key,
        uploaded_at=item.uploaded_at,
    )


def to_version(row: CapabilityVersionRow) -> CapabilityVersion:
    """Read a version back."""
    report = row.gate_report
    return CapabilityVersion(
        manifest=Manifest.model_validate(row.manifest),
        digests=PackageDigests(
            package=row.package_digest, code=row.code_digest, weights=row.weights_digest
        ),
        parts=None if row.parts is None else PartDigests.model_validate(row.parts),
        archive_digest=row.archive_digest,
        archive_bytes=row.archive_bytes,
        author=row.author,
        organisation=row.organisation,
        author_key=row.author_key,
        uploaded_at=row.uploaded_at,
        stage=Stage(row.stage),
        gate_report=None if report is None else GateReport.model_validate(report),
        gate_progress=row.gate_progress,
        review=Review(
            comment=row.comment,
            reviewer=row.reviewer,
            release=row.release,
            published_at=row.published_at,
            withdrawn_reason=row.withdrawn_reason,
            conditions=_conditions(row.conditions),
            requested_at=row.review_requested_at,
        ),
    )


def conditions_json(item: Conditions) -> dict[str, Any] | None:
    """Lay conditions out for SQL; NULL where there are none."""
    if item == Conditions():
        return None
    ends = None if item.ends_at is None else item.ends_at.isoformat()
    provinces = None if item.provinces is None else list(item.provinces)
    return {"provinces": provinces, "ends_at": ends, "words": item.words}


def _conditions(kept: dict[str, Any] | None) -> Conditions:
    if kept is None:
        return Conditions()
    provinces, ends = kept["provinces"], kept["ends_at"]
    return Conditions(
        provinces=None if provinces is None else tuple(provinces),
        ends_at=None if ends is None else datetime.fromisoformat(ends),
        words=kept["words"],
    )


def _both(titles: Titles) -> tuple[str, str]:
    return titles.zh, titles.en
