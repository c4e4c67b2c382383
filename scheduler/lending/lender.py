"""Lends what inference does not need, and takes it back when it does."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from datetime import timedelta

from capability_sdk.contracts.scaling import (
    LendingView,
    Loan,
    LoanRequest,
    LoanState,
    SpareCapacity,
)
from capability_sdk.kit.clock import Clock
from scheduler.domain import Demand
from scheduler.errors import NoRoom, StillDraining
from scheduler.lending.errors import LoanNotFound, LoanRecalled, NoSpareCapacity
from scheduler.lending.spare import Spare, choose_node, evictable_loans, recall, to_recall
from scheduler.lending.store import LoanStore, amounts_of
from scheduler.nodes import NodeBoard
from scheduler.placement.preempt import choose_victims
from scheduler.reservations.claims import capacity
from scheduler.reservations.domain import NOTHING, Amounts
from scheduler.scaling.autoscaler import Autoscaler
from scheduler.store import SchedulerStore

_log = logging.getLogger(__name__)
_SHOWN_AHEAD = timedelta(hours=1)


class Lender:
    """Belongs to one event loop; the ledger, not this class, keeps two from having the same."""

    def __init__(
        self,
        store: LoanStore,
        reservations: SchedulerStore,
        nodes: NodeBoard,
        autoscaler: Autoscaler,
        clock: Clock,
        notice: timedelta,
    ) -> None:
        self._store = store
        self._reservations = reservations
        self._nodes = nodes
        self._autoscaler = autoscaler
        self._clock = clock
        self._notice = notice
        self.loans: list[Loan] = []

    @property
    def cores(self) -> float:
        """What is lent in all."""
        return sum(loan.cpu_millicores for loan in self.loans) / 1000

    async def grant(self, request: LoanRequest) -> Loan:
        """Lend capacity of one node.

        Raises:
            NoSpareCapacity: No node has so much that inference will not need meanwhile.
        """
        lasts = timedelta(seconds=request.seconds)
        spare = await self._spare(lasts)
        node = choose_node(request, spare)
        if node is None:
            raise _too_much(spare)
        now = self._clock()
        loan = Loan(
            **request.model_dump(),
            id=f"loan-{secrets.token_hex(4)}",
            node=node.metadata.node,
            begun_at=now,
            ends_at=now + lasts,
        )
        try:
            await asyncio.to_thread(self._store.grant, loan, capacity(node.metadata), now)
        except (NoRoom, StillDraining) as error:
            raise _too_much(spare) from error
        _log.info("%s: %s has %d millicores of %s", loan.id, *_short(loan))
        await self._look()
        return loan

    async def renew(self, name: str, lasts: timedelta) -> Loan:
        """Lend for longer, from now on.

        Raises:
            LoanNotFound: It has ended.
            LoanRecalled: Inference needs it.
        """
        loan = self._get(name)
        if loan.state is LoanState.RECALLED:
            raise LoanRecalled(f"{name} ends at {loan.ends_at:%FT%TZ}: {loan.detail}")
        renewed = loan.model_copy(update={"ends_at": self._clock() + lasts})
        await asyncio.to_thread(self._store.change, renewed)
        await self._look()
        return renewed

    async def give_back(self, name: str) -> None:
        """End a loan.

        Raises:
            LoanNotFound: It has ended already.
        """
        if not await asyncio.to_thread(self._store.end, name):
            raise LoanNotFound(f"{name} has ended, or never was.")
        await self._look()

    async def tick(self) -> None:
        """End what is over, and take back what the forecast needs."""
        await self._look()
        if not self.loans:
            return
        now = self._clock()
        for loan in [loan for loan in self.loans if loan.ends_at <= now]:
            _log.info("%s: ended for %s", loan.id, loan.holder)
            await asyncio.to_thread(self._store.end, loan.id)
        await self._look()
        # As early as the notice takes, and the forecast's own buckets.
        spare = await self._spare(self._notice + timedelta(minutes=5))
        await self._recall(to_recall(self.loans, spare), "inference will need it soon")

    async def make_room(self, demand: Demand, name: str) -> None:
        """Take back what an instance needs that fits nowhere; nothing where that would not help."""
        if not self.loans:
            return
        spare = await self._spare(timedelta(0))
        found = choose_victims(demand, spare.nodes, evictable_loans(self.loans))
        if found is not None:
            wanted = set(found.victims)
            active = [
                loan for loan in self.loans if loan.id in wanted and loan.state is LoanState.ACTIVE
            ]
            await self._recall(active, f"{name} needs it")

    async def view(self) -> LendingView:
        """Show the lending account."""
        spare = await self._spare(_SHOWN_AHEAD)
        return LendingView(
            loans=self.loans,
            spare=[
                SpareCapacity(
                    node=node.metadata.node,
                    cpu_millicores=max(node.free_cpu_millicores, 0),
                    memory_mib=max(node.free_memory_mib, 0),
                )
                for node in spare.nodes
            ],
            held_back_cpu_millicores=spare.growth.cpu_millicores,
            held_back_memory_mib=spare.growth.memory_mib,
        )

    async def _recall(self, loans: Sequence[Loan], why: str) -> None:
        for loan in loans:
            recalled = recall(loan, self._clock(), self._notice, why)
            _log.info("%s: %s must stop by %s: %s", loan.id, loan.holder, recalled.ends_at, why)
            await asyncio.to_thread(self._store.change, recalled)
        if loans:
            await self._look()

    async def _look(self) -> None:
        """Read what is lent, and have placement see it."""
        self.loans = await asyncio.to_thread(self._store.loans)
        lent: dict[str, Amounts] = {}
        for loan in self.loans:
            lent[loan.node] = lent.get(loan.node, NOTHING) + amounts_of(loan)
        self._nodes.lent = lent

    async def _spare(self, ahead: timedelta) -> Spare:
        view = await asyncio.to_thread(self._reservations.view)
        everywhere = frozenset(item.node for item in await self._nodes.metadata())
        states = await self._nodes.states(view.occupying, everywhere)
        return Spare(states, self._autoscaler.growth(ahead))

    def _get(self, name: str) -> Loan:
        for loan in self.loans:
            if loan.id == name:
                return loan
        raise LoanNotFound(f"{name} has ended, or never was.")


def _too_much(spare: Spare) -> NoSpareCapacity:
    most = max((node.free_cpu_millicores for node in spare.nodes), default=0)
    most = max(min(most, spare.cpu_millicores), 0)
    return NoSpareCapacity(
        f"At most {most} millicores of one node are spare for so long; ask for less, for a shorter"
        " time, or later.",
        cpu_millicores=most,
    )


def _short(loan: Loan) -> tuple[str, int, str]:
    return loan.holder, loan.cpu_millicores, loan.node
