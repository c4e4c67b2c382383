"""What the scheduler remembers: what shall run, what is bound where, and why."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.scheduling import Candidate, Decision, LocalDeployments
from scheduler.database import Database, Row
from scheduler.domain import Binding, Demand, Phase, Unit
from scheduler.errors import StaleRevision
from scheduler.placement.place import Placement

_DECISIONS_KEPT = 200
"""Of each capability."""


class DesiredRow(Row):
    """The one list of deployments in force."""

    __tablename__ = "desired"
    id: Mapped[int] = mapped_column(primary_key=True)
    epoch: Mapped[int]
    revision: Mapped[int]
    body: Mapped[str]


class BindingRow(Row):
    """An instance on a node."""

    __tablename__ = "binding"
    id: Mapped[str] = mapped_column(primary_key=True)
    phase: Mapped[str]
    unit: Mapped[dict[str, Any]] = mapped_column(JSON)
    demand: Mapped[dict[str, Any]] = mapped_column(JSON)
    node: Mapped[str]
    package_path: Mapped[str]
    retired_at: Mapped[float | None]


class HostingRow(Row):
    """An instance that lives in the process of another; a table of its own, since it came later."""

    __tablename__ = "hosting"
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True)
    host: Mapped[str]


class DecisionRow(Row):
    """A placement decision."""

    __tablename__ = "decision"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[str]
    revision: Mapped[int]
    capability: Mapped[str] = mapped_column(index=True)
    version: Mapped[str]
    instance: Mapped[str | None]
    node: Mapped[str | None]
    reason: Mapped[str]
    candidates: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class SchedulerStore:
    """Every query of the scheduler's file; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def desired(self) -> LocalDeployments | None:
        """Return the list of deployments in force, None before the first."""
        with self._database.session() as session:
            row = session.get(DesiredRow, 1)
            return None if row is None else LocalDeployments.model_validate_json(row.body)

    def put_desired(self, desired: LocalDeployments) -> None:
        """Replace the list in force.

        Raises:
            StaleRevision: A newer one is in force.
        """
        with self._database.session(write=True) as session:
            row = session.get(DesiredRow, 1)
            if row is not None and (row.epoch, row.revision) > (desired.epoch, desired.revision):
                raise StaleRevision(
                    f"Revision {row.revision} of epoch {row.epoch} is in force;"
                    f" {desired.revision} of {desired.epoch} is older."
                )
            body = desired.model_dump_json(by_alias=True)
            session.merge(
                DesiredRow(id=1, epoch=desired.epoch, revision=desired.revision, body=body)
            )

    def bindings(self) -> list[Binding]:
        """Return the instances that shall serve; hosted ones last, the longest there first.

        In this order they are started again: the first of a process is what it serves from its
        start, and that must be one that has served before.
        """
        query = (
            select(BindingRow, HostingRow.host)
            .outerjoin(HostingRow, HostingRow.id == BindingRow.id)
            .where(BindingRow.phase == Phase.ACTIVE)
            .order_by(HostingRow.place, BindingRow.id)
        )
        with self._database.session() as session:
            return [_binding(row, host or "") for row, host in session.execute(query)]

    def bind(self, binding: Binding, placement: Placement, revision: int, at: datetime) -> None:
        """Store a binding and its decision at once: neither exists without the other."""
        with self._database.session(write=True) as session:
            session.add(
                BindingRow(
                    id=binding.id,
                    phase=Phase.ACTIVE,
                    unit=asdict(binding.unit),
                    demand=asdict(binding.demand),
                    node=binding.node,
                    package_path=str(binding.package_path),
                )
            )
            if binding.host:
                session.add(HostingRow(id=binding.id, host=binding.host))
            _decide(session, binding.unit, placement, revision, at, binding.id)

    def leave_unplaced(self, unit: Unit, placement: Placement, revision: int, at: datetime) -> bool:
        """Store why a unit has no node, unless that is known already; tell whether it was new."""
        query = (
            select(DecisionRow)
            .where(DecisionRow.capability == unit.capability, DecisionRow.version == unit.version)
            .order_by(DecisionRow.id.desc())
            .limit(1)
        )
        with self._database.session(write=True) as session:
            last = session.scalars(query).first()
            if last is not None and last.node is None and last.reason == placement.reason:
                return False
            _decide(session, unit, placement, revision, at, None)
            return True

    def retire(self, instance: str, at: datetime) -> None:
        """Take an instance out of service."""
        with self._database.session(write=True) as session:
            row = session.get(BindingRow, instance)
            if row is not None:
                row.phase = Phase.RETIRED
                row.retired_at = at.timestamp()

    def retired_before(self, moment: datetime) -> list[str]:
        """Return instances that were retired before a moment and host none any more."""
        hosts = select(HostingRow.host)
        query = select(BindingRow.id).where(
            BindingRow.retired_at < moment.timestamp(), BindingRow.id.not_in(hosts)
        )
        with self._database.session() as session:
            return list(session.scalars(query))

    def forget(self, instance: str) -> None:
        """Drop a retired instance."""
        with self._database.session(write=True) as session:
            session.execute(delete(BindingRow).where(BindingRow.id == instance))
            session.execute(delete(HostingRow).where(HostingRow.id == instance))

    def decisions(self, capability: str | None, limit: int) -> list[Decision]:
        """Return placement decisions, newest first."""
        query = select(DecisionRow).order_by(DecisionRow.id.desc()).limit(limit)
        if capability is not None:
            query = query.where(DecisionRow.capability == capability)
        with self._database.session() as session:
            return [_decision(row) for row in session.scalars(query)]


def _decide(
    session: Session,
    unit: Unit,
    placement: Placement,
    revision: int,
    at: datetime,
    instance: str | None,
) -> None:
    session.add(
        DecisionRow(
            at=at.isoformat(),
            revision=revision,
            capability=unit.capability,
            version=unit.version,
            instance=instance,
            node=placement.node,
            reason=placement.reason,
            candidates=[item.model_dump(mode="json") for item in placement.candidates],
        )
    )
    session.flush()
    mine = DecisionRow.capability == unit.capability
    newest = select(func.max(DecisionRow.id)).where(mine).scalar_subquery()
    session.execute(delete(DecisionRow).where(mine, DecisionRow.id <= newest - _DECISIONS_KEPT))


def _binding(row: BindingRow, host: str) -> Binding:
    return Binding(
        id=row.id,
        unit=Unit(**row.unit),
        node=row.node,
        package_path=Path(row.package_path),
        demand=_demand(row.demand),
        host=host,
    )


def _demand(stored: dict[str, Any]) -> Demand:
    return Demand(**{**stored, "gpu_models": tuple(stored.get("gpu_models", ()))})


def _decision(row: DecisionRow) -> Decision:
    candidates: Sequence[dict[str, Any]] = row.candidates
    return Decision(
        id=row.id,
        at=datetime.fromisoformat(row.at),
        revision=row.revision,
        capability=row.capability,
        version=row.version,
        instance=row.instance,
        node=row.node,
        reason=row.reason,
        candidates=[Candidate.model_validate(item) for item in candidates],
    )
