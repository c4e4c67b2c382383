"""What the ledger must do, said a second time in plain Python that shares nothing with it."""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

Room = tuple[int, int, int, int]
"""CPU, memory, and a share of each of two GPUs."""
HAS: dict[str, Room] = {"a": (1000, 1000, 1000, 1000), "b": (600, 2000, 0, 0)}


@dataclass
class Taken:
    """An instance that takes room."""

    node: str
    process: str
    room: Room
    owner: str
    until: float
    is_standard: bool
    state: str = "reserved"
    preempted_by: str = ""


def fits(node: str, taken: Iterable[Taken]) -> bool:
    """Tell whether a node has what some instances take together: a process once."""
    by_process: dict[str, list[Room]] = {}
    for item in taken:
        by_process.setdefault(item.process, []).append(item.room)
    largest = [
        [max(column) for column in zip(*rooms, strict=True)] for rooms in by_process.values()
    ]
    totals = [sum(column) for column in zip(*largest, strict=True)] or [0] * 4
    return all(total <= has for total, has in zip(totals, HAS[node], strict=True))


@dataclass
class Model:
    """All that takes room, by instance."""

    taken: dict[str, Taken] = field(default_factory=dict)
    version: int = 0

    def on(self, node: str) -> dict[str, Taken]:
        return {name: item for name, item in self.taken.items() if item.node == node}

    def running(self, node: str) -> list[Taken]:
        return [item for item in self.on(node).values() if item.state != "reserved"]

    def promised(self, node: str) -> list[Taken]:
        here = self.on(node)
        waiting = {name for name, item in here.items() if item.state == "reserved"}
        return [item for item in here.values() if item.preempted_by not in waiting]

    def reserve(self, name: str, new: Taken, victims: Sequence[str], seen: int) -> str:
        """Say why a claim is refused; take it and say nothing where it is not."""
        if seen != self.version:
            return "stale-view"
        if victims and not new.is_standard:
            return "no-room"
        refused = [why for victim in victims if (why := self._cannot_leave(victim, new.node))]
        if refused:
            return refused[0]
        after = Model({**deepcopy(self.taken), name: new}, self.version + 1)
        for victim in victims:
            after.taken[victim].state = "draining"
            after.taken[victim].preempted_by = name
        if not fits(new.node, after.promised(new.node)):
            return "no-room"
        self.taken, self.version = after.taken, after.version
        return ""

    def _cannot_leave(self, victim: str, node: str) -> str:
        item = self.taken[victim]
        if (item.node, item.state) != (node, "bound"):
            return "stale-view"
        return "no-room" if item.is_standard else ""

    def bind(self, name: str, owner: str, now: float) -> str:
        item = self.taken.get(name)
        if item is None or (item.state, item.owner) != ("reserved", owner) or item.until <= now:
            return "reservation-lost"
        if any(other.preempted_by for other in self.on(item.node).values()):
            return "still-draining"
        item.state = "bound"
        return ""

    def drain(self, name: str) -> None:
        if name in self.taken and self.taken[name].state == "reserved":
            del self.taken[name]
        elif name in self.taken:
            self.taken[name].state = "draining"

    def void(self, now: float, others_than: str | None) -> set[str]:
        void = {
            name
            for name, item in self.taken.items()
            if item.state == "reserved"
            and (item.until <= now or (others_than is not None and item.owner != others_than))
        }
        for name in void:
            del self.taken[name]
        return void

    def lose(self, node: str) -> set[str]:
        lost = set(self.on(node))
        self.taken = {name: item for name, item in self.taken.items() if name not in lost}
        self.version += bool(lost)
        return lost
