"""Who has reserved what of which node: the one place where room is given away.

Every method works in the caller's transaction, which began IMMEDIATE, so that no other scheduler on
the same file writes in between. Three guards stand between a decision and an instance:

- `reserve`: the ledger has not been added to since the scheduler looked (`StaleView`). Only what
  takes room makes an older view stale; what frees room makes no decision wrong.
- `reserve`: the node has room once everybody who makes room has left (`NoRoom`), whatever the
  placement believed.
- `bind`: everybody has left (`StillDraining`), so what runs never takes more than there is either.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.scheduling import Priority
from scheduler.database import Row
from scheduler.errors import NoRoom, ReservationLost, StaleView, StillDraining
from scheduler.reservations.domain import NEXT, Amounts, Claim, Reservation, State, promised, taken


class LedgerRow(Row):
    """How often room was taken; one row."""

    __tablename__ = "ledger"
    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]


class ReservationRow(Row):
    """What an instance takes of a node."""

    __tablename__ = "reservation"
    instance: Mapped[str] = mapped_column(primary_key=True)
    process: Mapped[str]
    node: Mapped[str] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(index=True)
    cpu_millicores: Mapped[int]
    memory_mib: Mapped[int]
    devices: Mapped[list[int]] = mapped_column(JSON)
    priority: Mapped[str]
    preempted_by: Mapped[str]
    owner: Mapped[str]
    expires_at: Mapped[float | None]


class Ledger:
    """The reservations, as one transaction sees and changes them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def version(self) -> int:
        """Grows whenever room is taken or a node is lost."""
        row = self._session.get(LedgerRow, 1)
        return 0 if row is None else row.version

    def held(self, node: str | None = None) -> list[Reservation]:
        """Return what takes room now, of one node or of all."""
        return [_reservation(row) for row in self._held_rows(node)]

    def moving(self) -> list[Reservation]:
        """Return what is on its way in or out."""
        query = select(ReservationRow).where(
            ReservationRow.state.in_((State.RESERVED, State.DRAINING))
        )
        return [_reservation(row) for row in self._session.scalars(query)]

    def reserve(self, claim: Claim, has: Amounts, *, seen: int, owner: str, until: datetime) -> int:
        """Take room on a node for an instance that is not there yet; victims begin to leave.

        Args:
            claim: What to take.
            has: What the node has in all.
            seen: Version of the ledger that the decision was taken on.
            owner: Scheduler that decides.
            until: When the reservation is void unless it was bound or renewed.

        Returns:
            The ledger's new version.

        Raises:
            StaleView: Room was taken since; the decision must be taken again.
            NoRoom: The node has not enough left.
        """
        if seen != self.version:
            raise StaleView(f"{claim.instance} was decided on version {seen}, {self.version} is.")
        if claim.victims and claim.priority is not Priority.STANDARD:
            raise NoRoom(f"{claim.instance} is best-effort work; nobody makes room for it.")
        for victim in claim.victims:
            self._preempt(victim, claim)
        beside = promised([*self.held(claim.node), Reservation(claim, State.RESERVED, owner)])
        takes = taken((item.claim.process, item.claim.takes) for item in beside)
        if lacking := has.lacking(takes):
            raise NoRoom(f"{claim.node} has not enough {lacking} left for {claim.instance}.")
        self._session.add(_row(claim, State.RESERVED, owner, until.timestamp()))
        return self._count()

    def adopt(self, claim: Claim, owner: str) -> None:
        """Enter an instance that runs already and was never reserved: room or not, it is there."""
        if self._session.get(ReservationRow, claim.instance) is None:
            self._session.add(_row(claim, State.BOUND, owner, None))
            self._count()

    def bind(self, instance: str, owner: str, now: datetime) -> None:
        """Let an instance start: from now on it outlives the scheduler.

        Raises:
            ReservationLost: It expired or was voided.
            StillDraining: Somebody on the node is making room; what is promised is not free yet.
        """
        row = self._session.get(ReservationRow, instance)
        is_mine = row is not None and (row.state, row.owner) == (State.RESERVED, owner)
        if row is None or not is_mine or (row.expires_at or 0) <= now.timestamp():
            raise ReservationLost(f"{instance} is not reserved for {owner} any more.")
        if leaving := [i.claim.instance for i in self.held(row.node) if i.preempted_by]:
            raise StillDraining(f"{instance} waits for {', '.join(leaving)} to leave {row.node}.")
        self._advance(row, State.BOUND)
        row.expires_at = None

    def renew(self, owner: str, until: datetime) -> None:
        """Keep what a scheduler has reserved and not bound yet."""
        for row in self._rows(State.RESERVED):
            if row.owner == owner:
                row.expires_at = until.timestamp()

    def drain(self, instance: str) -> None:
        """Note that an instance is on its way out; one that never ran is gone at once."""
        row = self._session.get(ReservationRow, instance)
        if row is not None and row.state == State.RESERVED:
            self._advance(row, State.RELEASED)
        elif row is not None and row.state == State.BOUND:
            self._advance(row, State.DRAINING)

    def release(self, instance: str) -> None:
        """Give back what an instance took; once it has ended, not before."""
        row = self._session.get(ReservationRow, instance)
        if row is not None and row.state != State.RELEASED:
            self._advance(row, State.RELEASED)

    def take_over(self, owner: str) -> None:
        """Have everything driven on by another scheduler, the one that leads now."""
        for row in self._held_rows():
            row.owner = owner

    def void(self, now: datetime, *, others_than: str | None = None) -> list[str]:
        """Release what was reserved and never bound, and return the instances.

        Args:
            now: Reservations that are to last until then or earlier are void.
            others_than: The scheduler that leads now: whatever others reserved is void as well.
        """
        void = [
            row
            for row in self._rows(State.RESERVED)
            if (row.expires_at or 0) <= now.timestamp()
            or (others_than is not None and row.owner != others_than)
        ]
        for row in void:
            self._advance(row, State.RELEASED)
        return [row.instance for row in void]

    def lose(self, node: str) -> list[str]:
        """Release everything on a node that is gone, and return the instances."""
        lost = [item.claim.instance for item in self.held(node)]
        for instance in lost:
            self.release(instance)
        if lost:
            self._count()
        return lost

    def forget(self, instance: str) -> None:
        """Drop a released reservation."""
        self._session.execute(
            delete(ReservationRow).where(
                ReservationRow.instance == instance, ReservationRow.state == State.RELEASED
            )
        )

    def _preempt(self, victim: str, claim: Claim) -> None:
        row = self._session.get(ReservationRow, victim)
        if row is None or (row.node, row.state) != (claim.node, State.BOUND):
            raise StaleView(f"{victim} is not bound to {claim.node}.")
        if Priority(row.priority) is not Priority.BEST_EFFORT:
            raise NoRoom(f"{victim} is standard work and makes room for nobody.")
        self._advance(row, State.DRAINING)
        row.preempted_by = claim.instance

    def _held_rows(self, node: str | None = None) -> Iterable[ReservationRow]:
        query = select(ReservationRow).where(ReservationRow.state != State.RELEASED)
        if node is not None:
            query = query.where(ReservationRow.node == node)
        return self._session.scalars(query).all()

    def _rows(self, state: State) -> list[ReservationRow]:
        query = select(ReservationRow).where(ReservationRow.state == state)
        return list(self._session.scalars(query))

    def _advance(self, row: ReservationRow, to: State) -> None:
        if to not in NEXT[State(row.state)]:
            raise ReservationLost(f"{row.instance}: {row.state} does not become {to}.")
        row.state = to
        self._session.flush()

    def _count(self) -> int:
        version = self.version + 1
        self._session.merge(LedgerRow(id=1, version=version))
        self._session.flush()
        return version


def _row(claim: Claim, state: State, owner: str, expires_at: float | None) -> ReservationRow:
    return ReservationRow(
        instance=claim.instance,
        process=claim.process,
        node=claim.node,
        state=state,
        cpu_millicores=claim.takes.cpu_millicores,
        memory_mib=claim.takes.memory_mib,
        devices=list(claim.takes.devices),
        priority=claim.priority,
        preempted_by="",
        owner=owner,
        expires_at=expires_at,
    )


def _reservation(row: ReservationRow) -> Reservation:
    values: dict[str, Any] = {"cpu_millicores": row.cpu_millicores, "memory_mib": row.memory_mib}
    return Reservation(
        Claim(
            row.instance,
            row.process,
            row.node,
            Amounts(**values, devices=tuple(row.devices)),
            Priority(row.priority),
        ),
        State(row.state),
        row.owner,
        row.preempted_by,
    )
