"""What instances take of nodes: plain values, and the states of a reservation drawn as data."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from capability_sdk.contracts.scheduling import Priority


class State(StrEnum):
    """How far a reservation is.

    Attributes:
        RESERVED: Decided, and not to start yet; leased by the scheduler that decided.
        BOUND: It runs, or shall; it stays so, whichever scheduler lives, until its node is lost.
        DRAINING: On its way out; it still takes what it took.
        RELEASED: Takes nothing any more.
    """

    RESERVED = "reserved"
    BOUND = "bound"
    DRAINING = "draining"
    RELEASED = "released"


NEXT = {
    State.RESERVED: {State.BOUND, State.RELEASED},
    State.BOUND: {State.DRAINING, State.RELEASED},
    State.DRAINING: {State.RELEASED},
    State.RELEASED: set[State](),
}


@dataclass(frozen=True, slots=True)
class Amounts:
    """Resources of a node, or what is taken of them.

    Attributes:
        cpu_millicores: Thousandths of a core.
        memory_mib: Memory.
        devices: Thousandths of each GPU, by its index.
    """

    cpu_millicores: int
    memory_mib: int
    devices: tuple[int, ...] = ()

    def __add__(self, other: "Amounts") -> "Amounts":
        return self._pairwise(other, lambda a, b: a + b)

    def largest(self, other: "Amounts") -> "Amounts":
        """Return the larger of each resource."""
        return self._pairwise(other, max)

    def lacking(self, needed: "Amounts") -> str:
        """Name the first resource of which ``needed`` is more than is here; empty where none."""
        if needed.cpu_millicores > self.cpu_millicores:
            return "cpu"
        if needed.memory_mib > self.memory_mib:
            return "memory"
        pairs = zip_longest(needed.devices, self.devices, fillvalue=0)
        return "gpu" if any(wanted > had for wanted, had in pairs) else ""

    def _pairwise(self, other: "Amounts", join: Callable[[int, int], int]) -> "Amounts":
        devices = zip_longest(self.devices, other.devices, fillvalue=0)
        return Amounts(
            join(self.cpu_millicores, other.cpu_millicores),
            join(self.memory_mib, other.memory_mib),
            tuple(join(a, b) for a, b in devices),
        )


NOTHING = Amounts(0, 0)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a decision wants to take of a node.

    Attributes:
        instance: Who takes it.
        process: Process that it lives in: versions that share one take what the largest takes.
        node: Of which node.
        takes: How much.
        priority: Best-effort work makes room for standard work.
        victims: Instances on the node that begin to leave for it; not kept with it.
    """

    instance: str
    process: str
    node: str
    takes: Amounts
    priority: Priority = Priority.STANDARD
    victims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reservation:
    """A claim that was committed.

    Attributes:
        claim: What it takes.
        state: How far it is.
        owner: Scheduler that decided.
        preempted_by: Instance that it makes room for; empty where none.
    """

    claim: Claim
    state: State
    owner: str
    preempted_by: str = ""


def taken(processes: Iterable[tuple[str, Amounts]]) -> Amounts:
    """Add up what instances take: of one process what the largest of its versions takes."""
    largest: dict[str, Amounts] = {}
    for process, takes in processes:
        largest[process] = largest.get(process, NOTHING).largest(takes)
    return sum(largest.values(), NOTHING)


def promised(reservations: Iterable[Reservation]) -> list[Reservation]:
    """Return what takes room once every victim has left: what a new claim must find room beside."""
    held = list(reservations)
    waiting = {item.claim.instance for item in held if item.state is State.RESERVED}
    return [item for item in held if item.preempted_by not in waiting]
