"""What the scheduler remembers: what shall run, what is bound where, and why."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, ColumnElement, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.scheduling import Decision, LocalDeployments, Priority
from scheduler.database import Database, Row
from scheduler.decisions import store as decisions
from scheduler.decisions.store import Decided
from scheduler.domain import Binding, Demand, Phase, Unit
from scheduler.errors import StaleRevision
from scheduler.reservations.claims import claim_of
from scheduler.reservations.domain import Amounts, Reservation, State, promised
from scheduler.reservations.ledger import Ledger, ReservationRow


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


@dataclass(frozen=True, slots=True)
class Holder:
    """Who reserves, and for how long without a word.

    Attributes:
        name: Of this run of a scheduler; another run is another holder. Who only reads has none.
        lease: Age at which a reservation that was neither bound nor renewed is void.
    """

    name: str = ""
    lease: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class View:
    """What a decision is taken on.

    Attributes:
        version: Of the ledger; a decision on an older one is refused.
        occupying: Instances that take room, those included that are on their way out, but for
            those who make room for another.
    """

    version: int
    occupying: list[Binding]


class SchedulerStore:
    """Every query of the scheduler's file; each method is one transaction."""

    def __init__(self, database: Database, holder: Holder = Holder()) -> None:
        self._database = database
        self._holder = holder

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
        with self._database.session() as session:
            return _bindings(session, BindingRow.phase == Phase.ACTIVE)

    def view(self) -> View:
        """Return what the next decisions are taken on."""
        with self._database.session() as session:
            ledger = Ledger(session)
            beside = {item.claim.instance for item in promised(ledger.held())}
            held = _bindings(session, ReservationRow.state != State.RELEASED)
            return View(ledger.version, [item for item in held if item.id in beside])

    def take_over(self, now: datetime) -> None:
        """Begin as the one scheduler of this file: drive on what another one left.

        What it reserved and never handed to a runner is void; what runs since before there were
        reservations is entered.
        """
        with self._database.session(write=True) as session:
            ledger = Ledger(session)
            _retire(session, ledger.void(now, others_than=self._holder.name), now)
            for binding in _bindings(session, BindingRow.phase == Phase.ACTIVE):
                ledger.adopt(claim_of(binding), self._holder.name)
            ledger.take_over(self._holder.name)

    def reserve(
        self,
        binding: Binding,
        has: Amounts,
        decided: Decided,
        seen: int,
        victims: Sequence[str] = (),
    ) -> int:
        """Store an instance, what it takes and the decision at once: none exists without the others.

        Args:
            binding: What runs where.
            has: What the node has in all.
            decided: The decision.
            seen: Version of the ledger that it was taken on.
            victims: Best-effort instances that begin to leave for it.

        Returns:
            The ledger's new version.

        Raises:
            StaleView: Room was taken since; decide again.
            NoRoom: The node has not enough left.
        """
        with self._database.session(write=True) as session:
            version = Ledger(session).reserve(
                claim_of(binding, victims),
                has,
                seen=seen,
                owner=self._holder.name,
                until=decided.at + self._holder.lease,
            )
            _retire(session, victims, decided.at)
            session.add(_row(binding))
            if binding.host:
                session.add(HostingRow(id=binding.id, host=binding.host))
            decisions.write(session, decided, binding.id)
            return version

    def bind(self, instance: str, now: datetime) -> None:
        """Let a reserved instance start.

        Raises:
            ReservationLost: It may not start any more.
            StillDraining: It may not start yet.
        """
        with self._database.session(write=True) as session:
            Ledger(session).bind(instance, self._holder.name, now)

    def drive(self, now: datetime) -> list[str]:
        """Keep what this scheduler has reserved, void what nobody kept; return what is leaving.

        It writes only where something is reserved.
        """
        with self._database.session() as session:
            moving = Ledger(session).moving()
        if any(item.state is State.RESERVED for item in moving):
            with self._database.session(write=True) as session:
                ledger = Ledger(session)
                ledger.renew(self._holder.name, now + self._holder.lease)
                _retire(session, ledger.void(now), now)
        return [
            item.claim.instance
            for item in moving
            if item.state is State.DRAINING and item.owner == self._holder.name
        ]

    def lose(self, node: str, now: datetime) -> list[str]:
        """Give back everything on a node that is gone, and return its instances."""
        with self._database.session(write=True) as session:
            lost = Ledger(session).lose(node)
            _retire(session, lost, now)
            return lost

    def is_known_refusal(self, unit: Unit, reason: str) -> bool:
        """Tell whether a unit was left unplaced for this reason when it was last decided on."""
        with self._database.session() as session:
            return decisions.is_known(session, unit, reason)

    def leave_unplaced(self, decided: Decided) -> None:
        """Store why a unit has no node."""
        with self._database.session(write=True) as session:
            decisions.write(session, decided, None)

    def reservations(self) -> list[Reservation]:
        """Return what takes room now."""
        with self._database.session() as session:
            return Ledger(session).held()

    def retire(self, instance: str, at: datetime) -> None:
        """Take an instance out of service; what it takes it keeps until `release`."""
        with self._database.session(write=True) as session:
            Ledger(session).drain(instance)
            _retire(session, [instance], at)

    def release(self, instance: str) -> None:
        """Give back what an instance took, once it has ended."""
        with self._database.session(write=True) as session:
            Ledger(session).release(instance)

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
            Ledger(session).forget(instance)

    def decisions(self, capability: str | None, limit: int) -> list[Decision]:
        """Return placement decisions, newest first."""
        with self._database.session() as session:
            return decisions.recent(session, capability, limit)

    def decision(self, number: int) -> Decision:
        """Return a decision.

        Raises:
            DecisionNotFound: There is none of this number any more.
        """
        with self._database.session() as session:
            return decisions.get(session, number)

    def decision_inputs(self, number: int) -> dict[str, Any]:
        """Return what a decision was taken on.

        Raises:
            DecisionNotFound: It is not kept any more.
        """
        with self._database.session() as session:
            return decisions.inputs_of(session, number)


def _bindings(session: Session, which: ColumnElement[bool]) -> list[Binding]:
    """Return bindings; hosted ones last, the longest there first."""
    query = (
        select(BindingRow, HostingRow.host, ReservationRow)
        .outerjoin(HostingRow, HostingRow.id == BindingRow.id)
        .outerjoin(ReservationRow, ReservationRow.instance == BindingRow.id)
        .where(which)
        .order_by(HostingRow.place, BindingRow.id)
    )
    return [_binding(row, host or "", held) for row, host, held in session.execute(query)]


def _retire(session: Session, instances: Sequence[str], at: datetime) -> None:
    for instance in instances:
        row = session.get(BindingRow, instance)
        if row is not None and row.phase != Phase.RETIRED:
            row.phase = Phase.RETIRED
            row.retired_at = at.timestamp()


def _row(binding: Binding) -> BindingRow:
    return BindingRow(
        id=binding.id,
        phase=Phase.ACTIVE,
        unit=asdict(binding.unit),
        demand=asdict(binding.demand),
        node=binding.node,
        package_path=str(binding.package_path),
    )


def _binding(row: BindingRow, host: str, held: ReservationRow | None) -> Binding:
    shares = [] if held is None else held.devices
    return Binding(
        id=row.id,
        unit=Unit(**row.unit),
        node=row.node,
        package_path=Path(row.package_path),
        demand=_demand(row.demand),
        host=host,
        devices=tuple(index for index, share in enumerate(shares) if share),
        priority=Priority.STANDARD if held is None else Priority(held.priority),
        is_bound=held is None or held.state == State.BOUND,
    )


def _demand(stored: dict[str, Any]) -> Demand:
    return Demand(**{**stored, "gpu_models": tuple(stored.get("gpu_models", ()))})
