"""Requests arrive one by one, none leaves, none is tried twice: how much of the GPUs is given away?

Source:
    The procedure of Weng et al., "Beware of Fragmentation", USENIX ATC 2023.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from scheduler.domain import Demand
from scheduler.placement.cluster import Cluster
from scheduler.placement.workload import Workload
from scheduler.simulation.policies import Policy
from scheduler.simulation.trace import Trace

ARRIVING = 1.3
"""Requested GPU at the end, beside what the cluster has."""
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Run:
    """One replay.

    Attributes:
        seed: Of the order of arrival, and of what a policy draws.
        curve: Percent of the cluster's GPU that are allocated when 0, 1, 2, … percent of it have
            been asked for.
        allocated: Percent at the end.
        placed: Requests that found a node.
        refused: Requests that found none.
        decision_seconds: CPU time of each decision, its binding included, sorted.
    """

    seed: int
    curve: tuple[float, ...]
    allocated: float
    placed: int
    refused: int
    decision_seconds: tuple[float, ...]

    def decision_quantile(self, share: float) -> float:
        """Return the CPU seconds that a share of the decisions stays under."""
        last = len(self.decision_seconds) - 1
        return self.decision_seconds[min(round(share * last), last)]


def arrivals(trace: Trace, seed: int) -> list[Demand]:
    """Return the requests in their order of arrival.

    Clones of uniformly drawn requests are appended until the next would ask for more than
    `ARRIVING` times what the cluster has; then all are shuffled.
    """
    random = np.random.default_rng(seed)
    requests = list(trace.requests)
    asked = sum(request.gpu_milli for request in requests)
    while True:
        clone = trace.requests[random.integers(len(trace.requests))]
        asked += clone.gpu_milli
        if asked > ARRIVING * trace.gpu_milli:
            break
        requests.append(clone)
    return [requests[place] for place in random.permutation(len(requests))]


def replay(
    trace: Trace, policy: Policy, seed: int, on_percent: Callable[[int], None] = lambda _: None
) -> Run:
    """Place a trace's requests with one policy.

    Args:
        trace: The cluster, and what is asked of it.
        policy: Who decides; it expects the trace's own mix of requests.
        seed: Of the order, and of what the policy draws.
        on_percent: Called whenever another percent of the GPUs has been asked for.
    """
    cluster = Cluster(trace.nodes)
    engine = policy.engine(cluster, Workload.of(trace.requests), seed)
    progress = _Progress(trace.gpu_milli, on_percent)
    seconds = []
    for demand in arrivals(trace, seed):
        begun = time.thread_time()
        choice = engine.choose("", demand)
        if choice is not None:
            cluster.take(choice.index, demand, choice.devices)
        seconds.append(time.thread_time() - begun)
        progress.add(demand, is_placed=choice is not None)
    return Run(
        seed=seed,
        curve=tuple(progress.curve),
        allocated=progress.allocated,
        placed=progress.placed,
        refused=len(seconds) - progress.placed,
        decision_seconds=tuple(sorted(seconds)),
    )


class _Progress:
    def __init__(self, gpu_milli: int, on_percent: Callable[[int], None]) -> None:
        self._has = gpu_milli
        self._on_percent = on_percent
        self._asked = 0
        self._given = 0
        self.placed = 0
        self.curve = [0.0]

    @property
    def allocated(self) -> float:
        return _PERCENT * self._given / self._has

    def add(self, demand: Demand, *, is_placed: bool) -> None:
        self._asked += demand.gpu_milli
        if is_placed:
            self._given += demand.gpu_milli
            self.placed += 1
        for percent in self._reached():
            self.curve.append(self.allocated)
            self._on_percent(percent)

    def _reached(self) -> Iterator[int]:
        yield from range(len(self.curve), int(_PERCENT * self._asked / self._has) + 1)
