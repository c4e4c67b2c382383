"""Every query about the content that provinces report, and the content that they should have."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import CursorResult, Executable, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.telemetry import HealthReport, VersionContent
from center.capability.domain import LISTED
from center.capability.rows import CapabilityVersionRow
from center.columns import Key
from center.database import Base
from center.identity.store.places import EdgeRow
from center.instance.content import Content
from center.instance.overlay_store import OverlayRow
from center.instance.store import DeploymentRow, InstanceReportRow
from center.reach import Reach

Version = tuple[str, str]
"""Capability and version."""


class ReportedContentRow(Base):
    """What of a version lies in a province, as its edge read it from the disk."""

    __tablename__ = "reported_content"

    province: Mapped[str] = mapped_column(Key, primary_key=True)
    capability: Mapped[str] = mapped_column(Key, primary_key=True)
    version: Mapped[str] = mapped_column(Key, primary_key=True)
    ready: Mapped[int] = mapped_column()
    is_read: Mapped[bool] = mapped_column()
    """False where an older edge only repeated which code and weights it was to run."""
    code: Mapped[str | None] = mapped_column(Key)
    weights: Mapped[str | None] = mapped_column(Key)
    overlay: Mapped[str | None] = mapped_column(Key)
    parse_rule: Mapped[str | None] = mapped_column(Key)
    anchors: Mapped[str | None] = mapped_column(Key)


class Reported(NamedTuple):
    """One version in one province, as it was reported last."""

    province: str
    capability: str
    version: str
    ready: int
    is_read: bool
    content: Content


class Wanted(NamedTuple):
    """One deployment as the matrix shows it: shares in their stored form."""

    province: str
    capability: str
    shares: list[dict[str, Any]]
    revision: int
    priority: str


def keep_contents(session: Session, province: str, report: HealthReport) -> None:
    """Keep what a province reported; only what has changed is written."""
    row = ReportedContentRow
    known = {
        (item.capability, item.version): item
        for item in session.scalars(select(row).where(row.province == province))
    }
    for key, values in _values(report).items():
        found = known.pop(key, None)
        if found is None:
            session.add(row(province=province, capability=key[0], version=key[1], **values))
            continue
        for name, value in values.items():
            if getattr(found, name) != value:
                setattr(found, name, value)
    for gone in known.values():
        session.delete(gone)
    session.flush()


def _values(report: HealthReport) -> dict[Version, dict[str, object]]:
    ready: dict[Version, int] = {}
    contents: dict[Version, VersionContent] = {}
    for item in report.instances:
        key = (item.capability, item.version)
        ready[key] = ready.get(key, 0) + item.serves_as_chosen
        contents[key] = VersionContent(
            capability=key[0], version=key[1], code=item.code_digest, weights=item.weights_digest
        )
    read = {(item.capability, item.version): item for item in report.contents}
    return {
        key: {
            "ready": ready.get(key, 0),
            "is_read": key in read,
            **item.model_dump(exclude={"capability", "version"}),
        }
        for key, item in {**contents, **read}.items()
    }


class ContentStore:
    """Both sides of the matrix, in whole columns: no row is turned into an object by itself."""

    def __init__(self, session: Session, reach: Reach) -> None:
        self._session = session
        self._reach = reach

    def capabilities(self, after: str | None, limit: int, words: str | None) -> list[str]:
        """Return the names that are deployed somewhere, in their order."""
        row = DeploymentRow
        statement = select(row.capability).where(row.present).distinct()
        if self._reach.provinces is not None:
            statement = statement.where(row.province.in_(self._reach.provinces))
        if self._reach.capabilities is not None:
            statement = statement.where(row.capability.in_(self._reach.capabilities))
        if words:
            statement = statement.where(row.capability.contains(words, autoescape=True))
        if after is not None:
            statement = statement.where(row.capability > after)
        return list(self._session.scalars(statement.order_by(row.capability).limit(limit)))

    def wanted(self, names: Collection[str]) -> list[Wanted]:
        """Return the deployments of some capabilities."""
        row = DeploymentRow
        columns = (row.province, row.capability, row.shares, row.revision, row.priority)
        statement = select(*columns).where(row.present, row.capability.in_(names))
        if self._reach.provinces is not None:
            statement = statement.where(row.province.in_(self._reach.provinces))
        found = self._read(statement.order_by(row.capability, row.province))
        return [Wanted._make(item) for item in found]

    def released(self, names: Collection[str]) -> dict[Version, Content]:
        """Return what versions of some capabilities hold; parts that were not noted are ``?``."""
        row = CapabilityVersionRow
        columns = (row.capability, row.version, row.code_digest, row.weights_digest, row.parts)
        statement = select(*columns).where(row.capability.in_(names), row.stage.in_(sorted(LISTED)))
        return {
            (name, version): Content.released(code, weights, parts)
            for name, version, code, weights, parts in self._read(statement)
        }

    def overlays(self, names: Collection[str]) -> Mapping[tuple[str, str], tuple[int, str | None]]:
        """Return version and digest of what provinces chose, by province and capability."""
        row = OverlayRow
        newest = (
            select(row.province, row.capability, func.max(row.version).label("version"))
            .where(row.capability.in_(names))
            .group_by(row.province, row.capability)
            .subquery()
        )
        statement = select(row.province, row.capability, row.version, row.digest, row.content)
        found = self._session.execute(
            statement.join(
                newest,
                (row.province == newest.c.province)
                & (row.capability == newest.c.capability)
                & (row.version == newest.c.version),
            )
        )
        return {
            (province, name): (version, digest if content != "{}" else None)
            for province, name, version, digest, content in found
        }

    def reported(self, names: Collection[str]) -> list[Reported]:
        """Return what provinces reported of some capabilities."""
        row = ReportedContentRow
        columns = (row.province, row.capability, row.version, row.ready, row.is_read)
        digests = (row.code, row.weights, row.overlay, row.parse_rule, row.anchors)
        statement = select(*columns, *digests).where(row.capability.in_(names))
        if self._reach.provinces is not None:
            statement = statement.where(row.province.in_(self._reach.provinces))
        return [
            Reported._make((*item[:5], Content._make(item[5:]))) for item in self._read(statement)
        ]

    def _read(self, statement: Executable) -> CursorResult[*tuple[Any, ...]]:
        """Read plain columns past the ORM, which takes as long again as the database itself."""
        return self._session.connection().execute(statement)

    def reported_at(self) -> dict[str, datetime]:
        """Return when each province reported last."""
        statement = (
            select(EdgeRow.province, func.max(InstanceReportRow.at))
            .join(InstanceReportRow, InstanceReportRow.edge == EdgeRow.id)
            .group_by(EdgeRow.province)
        )
        return dict(self._session.execute(statement).all())
