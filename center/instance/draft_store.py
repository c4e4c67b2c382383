"""Drafts: versions that run for a while on the proving edge, before anybody published them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.packages import PackageDigests
from center.capability.rows import CapabilityRow, CapabilityVersionRow
from center.columns import Key, LongText, UtcDateTime
from center.database import Base


class DraftRow(Base):
    """Deployment and right to call in one: both end together, at the latest by their time.

    A row is kept for some days after its end, because usage is booked on it.
    """

    __tablename__ = "draft"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    province: Mapped[str] = mapped_column(ForeignKey("province.name"), index=True)
    capability: Mapped[str] = mapped_column(Key, ForeignKey(CapabilityRow.name), index=True)
    version: Mapped[str] = mapped_column(Key)
    application: Mapped[str] = mapped_column(ForeignKey("application.client_id"))
    asked_by: Mapped[str] = mapped_column(Key)
    replicas: Mapped[int] = mapped_column()
    release: Mapped[str] = mapped_column(LongText)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class Draft:
    """A version that runs on the proving edge for a while.

    Attributes:
        id: Also the id of the subscription by which the application may call it.
        application: Client id of the only caller.
        asked_by: For whom it runs.
        release: Compact JWS of the `DraftRelease`.
    """

    id: str
    province: str
    capability: str
    version: str
    application: str
    asked_by: str
    replicas: int
    release: str
    digests: PackageDigests
    begun_at: datetime
    expires_at: datetime


class DraftStore:
    """Drafts of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, item: Draft) -> None:
        """Keep a new draft, in force from now on."""
        row = DraftRow(
            id=item.id,
            province=item.province,
            capability=item.capability,
            version=item.version,
            application=item.application,
            asked_by=item.asked_by,
            replicas=item.replicas,
            release=item.release,
            begun_at=item.begun_at,
            expires_at=item.expires_at,
        )
        self._session.add(row)
        self._session.flush()

    def in_force(self, province: str, now: datetime) -> list[Draft]:
        """Return what a province is to run as drafts, by capability, version and age."""
        row, of = DraftRow, CapabilityVersionRow
        statement = (
            select(row, of.package_digest, of.code_digest, of.weights_digest)
            .join(of, (of.capability == row.capability) & (of.version == row.version))
            .where(row.province == province, *_open(now))
            .order_by(row.capability, row.version, row.begun_at, row.id)
        )
        return [
            _to_draft(found, PackageDigests(package=package, code=code, weights=weights))
            for found, package, code, weights in self._session.execute(statement)
        ]

    def end(self, draft: str, now: datetime) -> None:
        """End a draft; one that has ended stays as it was."""
        self._end(now, DraftRow.id == draft)

    def end_of(self, capability: str, version: str, application: str, now: datetime) -> None:
        """End every draft of a version that an application calls."""
        row = DraftRow
        self._end(
            now,
            row.capability == capability,
            row.version == version,
            row.application == application,
        )

    def forget(self, before: datetime) -> None:
        """Delete drafts that ran out before a moment."""
        self._session.execute(delete(DraftRow).where(DraftRow.expires_at < before))

    def _end(self, now: datetime, *which: ColumnElement[bool]) -> None:
        row = DraftRow
        self._session.execute(
            update(row).where(*which, row.ended_at.is_(None)).values(ended_at=now)
        )


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return DraftRow.ended_at.is_(None), DraftRow.expires_at > now


def _to_draft(row: DraftRow, digests: PackageDigests) -> Draft:
    return Draft(
        id=row.id,
        province=row.province,
        capability=row.capability,
        version=row.version,
        application=row.application,
        asked_by=row.asked_by,
        replicas=row.replicas,
        release=row.release,
        digests=digests,
        begun_at=row.begun_at,
        expires_at=row.expires_at,
    )
