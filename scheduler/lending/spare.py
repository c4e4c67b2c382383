"""What can be lent, and which loans are taken back. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from capability_sdk.contracts.scaling import Loan, LoanRequest, LoanState
from scheduler.lending.store import amounts_of
from scheduler.placement.constraints import NodeState
from scheduler.placement.preempt import Evictable
from scheduler.scaling.autoscaler import Growth


@dataclass(frozen=True, slots=True)
class Spare:
    """What nodes have free, and what of it inference will need."""

    nodes: Sequence[NodeState]
    growth: Growth

    @property
    def cpu_millicores(self) -> int:
        """Free cores of all nodes that inference will not need; negative where they lack."""
        free = sum(max(node.free_cpu_millicores, 0) for node in self.nodes)
        return free - self.growth.cpu_millicores

    @property
    def memory_mib(self) -> int:
        """Free memory of all nodes, likewise."""
        free = sum(max(node.free_memory_mib, 0) for node in self.nodes)
        return free - self.growth.memory_mib


def choose_node(request: LoanRequest, spare: Spare) -> NodeState | None:
    """Choose who lends: the node with most cores free; None where too little is spare."""
    if request.cpu_millicores > spare.cpu_millicores or request.memory_mib > spare.memory_mib:
        return None
    fitting = [
        node
        for node in spare.nodes
        if node.is_reporting
        and node.free_cpu_millicores >= request.cpu_millicores
        and node.free_memory_mib >= request.memory_mib
    ]
    return max(
        fitting, key=lambda node: (node.free_cpu_millicores, node.metadata.node), default=None
    )


def recall(loan: Loan, now: datetime, notice: timedelta, why: str) -> Loan:
    """Take a loan back after a notice, or at its end where that comes first."""
    ends_at = min(loan.ends_at, now + notice)
    return loan.model_copy(update={"state": LoanState.RECALLED, "ends_at": ends_at, "detail": why})


def to_recall(loans: Sequence[Loan], spare: Spare) -> list[Loan]:
    """Return the loans that the forecast needs back, the newest first; none where none is needed.

    What is recalled already counts as free.
    """
    lacking_cpu, lacking_memory = -spare.cpu_millicores, -spare.memory_mib
    for loan in loans:
        if loan.state is LoanState.RECALLED:
            lacking_cpu -= loan.cpu_millicores
            lacking_memory -= loan.memory_mib
    chosen: list[Loan] = []
    for loan in reversed([loan for loan in loans if loan.state is LoanState.ACTIVE]):
        if lacking_cpu <= 0 and lacking_memory <= 0:
            break
        chosen.append(loan)
        lacking_cpu -= loan.cpu_millicores
        lacking_memory -= loan.memory_mib
    return chosen


def evictable_loans(loans: Sequence[Loan]) -> dict[str, list[Evictable]]:
    """Return by node what an instance that fits nowhere may have back."""
    found: dict[str, list[Evictable]] = {}
    for loan in loans:
        item = Evictable(loan.id, (loan.id,), amounts_of(loan))
        found.setdefault(loan.node, []).append(item)
    return found
