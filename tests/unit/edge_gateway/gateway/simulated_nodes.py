"""Unequal nodes by arithmetic: which calls a rule sends where, and when they would be answered.

On each node runs an instance of a light and one of a heavy capability. An instance computes its calls one
after the other, and both share the node's speed while both have something to do. Time is counted, not
spent, and equal seeds give equal calls: a run says the same on every machine.
"""

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from capability_sdk.contracts.nodes import Endpoint
from edge_gateway.gateway.dispatch.health import TICK_SECONDS, Health
from edge_gateway.gateway.dispatch.pool import Choose, Pool
from edge_gateway.gateway.dispatch.target import Node, Target, Ticket
from edge_gateway.gateway.upstream import AnswerHead, Done, UpstreamAnswer

SECONDS_OF = (0.0004, 0.006)
"""CPU of a light and of a heavy call."""
HEAVY_SHARE = 0.1
_NEVER = float("inf")


class Unopened:
    """Connections that are never opened; whoever is asked over them whether it lives says yes."""

    def __init__(self) -> None:
        self.in_flight = 0

    def exchange(
        self,
        request: bytes,  # noqa: ARG002 - whatever it says
        done: Done,
        own_id: bytes = b"",  # noqa: ARG002 - nobody's
        deadline: float | None = None,  # noqa: ARG002 - at once
    ) -> None:
        done(UpstreamAnswer(AnswerHead(200, {}), b""))

    def sweep(self, now: float) -> None:
        pass

    def give_up(self) -> None:
        pass

    def close(self) -> None:
        pass

    def abort(self) -> None:
        pass


@dataclass(slots=True)
class _Call:
    left: float
    began: float
    target: Target
    ticket: Ticket


@dataclass(slots=True)
class _Machine:
    """A node: its queues, and until when they are computed."""

    speed: float
    queues: tuple[deque[_Call], deque[_Call]] = field(default_factory=lambda: (deque(), deque()))
    at: float = 0.0
    done_seconds: float = 0.0

    def _heads(self) -> list[deque[_Call]]:
        return [queue for queue in self.queues if queue]

    def next_end(self) -> float:
        heads = self._heads()
        if not heads:
            return _NEVER
        return self.at + min(queue[0].left for queue in heads) * len(heads) / self.speed

    def advance(self, now: float) -> list[_Call]:
        heads = self._heads()
        part = (now - self.at) * self.speed / max(len(heads), 1)
        self.at = now
        ended = []
        for queue in heads:
            queue[0].left -= part
            self.done_seconds += part
            if queue[0].left <= 1e-12:
                ended.append(queue.popleft())
        return ended


class Simulation:
    """Two capabilities on nodes of some speeds, behind one rule."""

    def __init__(self, speeds: Sequence[float], weights: Sequence[float], choose: Choose) -> None:
        self.latencies: list[float] = []
        self.ejections = 0
        self.pools = [_pool(name, weights) for name in ("light", "heavy")]
        for light, heavy in zip(*(pool.targets for pool in self.pools), strict=True):
            heavy.node = light.node
        self._machines = [_Machine(speed) for speed in speeds]
        self._choose = choose
        self._now = 0.0
        self._health = Health(lambda: self._now, lambda _: Unopened())

    def shares(self) -> list[float]:
        """Return which part of all work each node did."""
        total = sum(machine.done_seconds for machine in self._machines)
        return [machine.done_seconds / total for machine in self._machines]

    def p99(self) -> float:
        """Return the 99th percentile of the latencies, in seconds."""
        return sorted(self.latencies)[int(0.99 * len(self.latencies))]

    def run(self, load: float, seconds: float, seed: int = 7) -> "Simulation":
        """Let calls come for some seconds, as many as are a share of what the nodes carry."""
        chance = random.Random(seed)  # noqa: S311 - a simulation
        mean = (1 - HEAVY_SHARE) * SECONDS_OF[0] + HEAVY_SHARE * SECONDS_OF[1]
        rate = load * sum(machine.speed for machine in self._machines) / mean
        arrival, tick = chance.expovariate(rate), TICK_SECONDS
        while self._now < seconds:
            end = min(machine.next_end() for machine in self._machines)
            self._go_to(min(arrival, tick, end))
            if self._now >= tick:
                self._health.look(self.pools)
                self.ejections += sum(len(pool.targets) - len(pool.active) for pool in self.pools)
                tick += TICK_SECONDS
            if self._now >= arrival:
                self._arrive(int(chance.random() < HEAVY_SHARE), chance.random())
                arrival += chance.expovariate(rate)
        return self

    def _go_to(self, now: float) -> None:
        self._now = now
        for machine in self._machines:
            for call in machine.advance(now):
                call.target.upstream.in_flight -= 1
                call.target.answered(call.ticket, now)
                self.latencies.append(now - call.began)

    def _arrive(self, kind: int, chance: float) -> None:
        pool = self.pools[kind]
        target = self._choose(pool, chance)
        call = _Call(SECONDS_OF[kind], self._now, target, target.begin(self._now))
        target.upstream.in_flight += 1
        self._machines[pool.targets.index(target)].queues[kind].append(call)


def _pool(name: str, weights: Sequence[float]) -> Pool:
    pool = Pool(name, "1.0.0")
    for place, weight in enumerate(weights):
        endpoint = Endpoint(
            instance=f"{name}-{place}",
            capability=name,
            version="1.0.0",
            address="unix:/s",
            weight=weight,
        )
        pool.targets.append(Target(endpoint, Unopened(), Node(1.0), pool.pace()))
    pool.refresh()
    return pool
