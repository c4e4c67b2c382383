"""Every query about deployments, issued desired state and what provinces reported."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.errors import Conflict
from capability_sdk.contracts.scheduling import Apart, Priority
from capability_sdk.contracts.telemetry import HealthReport
from center.capability.rows import CapabilityRow
from center.columns import BigCount, Json, Key, LongText, UtcDateTime
from center.database import Base
from center.instance.domain import Deployment, Plan, Share, share_of
from center.paging import Page, Paging, fetch_page, map_page


class DeploymentRow(Base):
    """One capability in one province; without versions it was removed.

    The row stays, so that its revision never stands for two contents.
    """

    __tablename__ = "deployment"

    province: Mapped[str] = mapped_column(Key, primary_key=True)
    capability: Mapped[str] = mapped_column(Key, ForeignKey(CapabilityRow.name), primary_key=True)
    present: Mapped[bool] = mapped_column(index=True)
    shares: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    priority: Mapped[str] = mapped_column(Key, server_default=Priority.STANDARD)
    apart: Mapped[str] = mapped_column(Key, server_default=Apart.PREFERRED)
    revision: Mapped[int] = mapped_column(BigCount)
    updated_by: Mapped[str] = mapped_column(Key)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DesiredStateRow(Base):
    """The last document that was issued to an edge."""

    __tablename__ = "desired_state"

    edge: Mapped[str] = mapped_column(Key, primary_key=True)
    revision: Mapped[int] = mapped_column(BigCount)
    key_set_lead: Mapped[int] = mapped_column(server_default="0")
    """Added to the key set's version: a center restored from a backup counts fewer keys."""
    content_digest: Mapped[str] = mapped_column(Key)
    issued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    document: Mapped[str] = mapped_column(LongText)


class InstanceReportRow(Base):
    """What an edge said last about what it runs."""

    __tablename__ = "instance_report"

    edge: Mapped[str] = mapped_column(Key, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    report: Mapped[dict[str, Any]] = mapped_column(Json)


@dataclass(frozen=True, slots=True)
class IssuedState:
    """A document as it was signed.

    Attributes:
        content_digest: Of everything in it but revision and times.
        document: Compact JWS.
        key_set_lead: By how much the version of its key set is above the center's own count.
    """

    revision: int
    content_digest: str
    issued_at: datetime
    document: str
    key_set_lead: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deployments are asked for; None asks for all.

    Attributes:
        owner: Only of capabilities that this organisation owns.
    """

    provinces: Collection[str] | None = None
    capability: str | None = None
    owner: str | None = None


class DeploymentStore:
    """Deployments of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, province: str, capability: str) -> Deployment | None:
        """Return a deployment, also a removed one, which has no shares."""
        row = self._session.get(DeploymentRow, (province, capability))
        return None if row is None else _to_deployment(row)

    def lock(self, province: str, capability: str) -> Deployment | None:
        """Return it as `find` does, and keep others from changing it until the commit."""
        row = self._session.get(DeploymentRow, (province, capability), with_for_update=True)
        return None if row is None else _to_deployment(row)

    def put(self, item: Deployment) -> None:
        """Keep a deployment that is locked, or new.

        Raises:
            Conflict: Somebody else made it at the same moment.
        """
        values = {
            "present": bool(item.shares),
            "shares": [_share_json(share) for share in item.shares],
            "priority": item.plan.priority,
            "apart": item.plan.apart,
            "revision": item.revision,
            "updated_by": item.updated_by,
            "updated_at": item.updated_at,
        }
        row = self._session.get(DeploymentRow, (item.province, item.capability))
        if row is None:
            row = DeploymentRow(province=item.province, capability=item.capability)
            self._session.add(row)
        for name, value in values.items():
            setattr(row, name, value)
        try:
            self._session.flush()
        except IntegrityError as error:
            raise Conflict("Somebody else deployed it at the same moment.") from error

    def page(self, wanted: Wanted, paging: Paging) -> Page[Deployment]:
        """Return a page of deployments by province and capability."""
        row = DeploymentRow
        statement = select(row).where(row.present)
        if wanted.provinces is not None:
            statement = statement.where(row.province.in_(sorted(wanted.provinces)))
        if wanted.capability is not None:
            statement = statement.where(row.capability == wanted.capability)
        if wanted.owner is not None:
            owned = select(CapabilityRow.name).where(CapabilityRow.owner == wanted.owner)
            statement = statement.where(row.capability.in_(owned))
        page = fetch_page(self._session, statement, paging, key=[row.province, row.capability])
        return map_page(page, _to_deployment)

    def provinces_running(self, capability: str, version: str) -> frozenset[str]:
        """Return the provinces whose deployment of a capability names a version."""
        row = DeploymentRow
        statement = select(row).where(row.capability == capability, row.present)
        found = [_to_deployment(item) for item in self._session.scalars(statement)]
        return frozenset(
            item.province
            for item in found
            if any(share.version == version for share in item.shares)
        )

    def of_capability(self, capability: str, provinces: Collection[str]) -> dict[str, Deployment]:
        """Return a capability's deployments in some provinces, also removed ones, by province."""
        row = DeploymentRow
        statement = select(row).where(row.capability == capability, row.province.in_(provinces))
        return {item.province: _to_deployment(item) for item in self._session.scalars(statement)}

    def of_province(self, province: str) -> list[Deployment]:
        """Return all deployments of a province, by capability."""
        row = DeploymentRow
        statement = select(row).where(row.province == province, row.present)
        found = self._session.scalars(statement.order_by(row.capability))
        return [_to_deployment(item) for item in found]


class DesiredStateStore:
    """Issued documents of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, edge: str) -> IssuedState | None:
        """Return the last document of an edge."""
        return _to_issued(self._session.get(DesiredStateRow, edge))

    def lock(self, edge: str) -> IssuedState | None:
        """Return it as `find` does, and keep others from issuing until the commit.

        Raises:
            Conflict: Another process issues the edge's first document at this moment.
        """
        row = self._session.get(DesiredStateRow, edge, with_for_update=True)
        if row is None:
            # The row is what can be locked, so the first document needs it as well.
            self._session.add(
                DesiredStateRow(
                    edge=edge,
                    revision=0,
                    key_set_lead=0,
                    content_digest="",
                    issued_at=None,
                    document="",
                )
            )
            try:
                self._session.flush()
            except IntegrityError as error:
                raise Conflict("The first desired state is being issued; ask again.") from error
        return _to_issued(row)

    def put(self, edge: str, issued: IssuedState) -> None:
        """Keep a newer document; `lock` was called before."""
        row = self._session.get_one(DesiredStateRow, edge)
        row.revision = issued.revision
        row.content_digest = issued.content_digest
        row.issued_at = issued.issued_at
        row.document = issued.document
        row.key_set_lead = issued.key_set_lead
        self._session.flush()


def record_report(session: Session, edge: str, report: HealthReport) -> None:
    """Keep what an edge says it runs, unless it said something newer before."""
    row = session.get(InstanceReportRow, edge)
    if row is not None and row.at >= report.at:
        return
    body = report.model_dump(mode="json", by_alias=True)
    if row is None:
        session.add(InstanceReportRow(edge=edge, at=report.at, report=body))
    else:
        row.at, row.report = report.at, body
    session.flush()


def last_report(session: Session, edge: str) -> HealthReport | None:
    """Return what an edge said last about what it runs."""
    row = session.get(InstanceReportRow, edge)
    return None if row is None else HealthReport.model_validate(row.report)


def _share_json(share: Share) -> dict[str, Any]:
    return {name: value for name, value in asdict(share).items() if value is not None}


def _to_deployment(row: DeploymentRow) -> Deployment:
    return Deployment(
        province=row.province,
        capability=row.capability,
        plan=Plan(
            tuple(share_of(share) for share in row.shares), Priority(row.priority), Apart(row.apart)
        ),
        revision=row.revision,
        updated_by=row.updated_by,
        updated_at=row.updated_at,
    )


def _to_issued(row: DesiredStateRow | None) -> IssuedState | None:
    if row is None or row.issued_at is None:
        return None
    return IssuedState(
        row.revision, row.content_digest, row.issued_at, row.document, row.key_set_lead
    )
