"""Learns a causal graph of alarm types from a log, without being told any cause."""

from dataclasses import dataclass

import numpy as np

from examples.alarm_root_cause.code.hawkes import (
    Alarms,
    Floats,
    Kernel,
    attribute,
    pair,
)

ROUNDS = 30
LEAST_EFFECTS = 10.0
"""Alarms that an edge must explain; fewer may be chance."""


@dataclass(frozen=True, slots=True)
class Graph:
    """What was learnt.

    Attributes:
        excitation: Expected alarms of type column that one alarm of type row causes; 0 where there
            is no edge. The diagonal tells how alarms repeat.
        background: Rate of each type on one device, 1/s.
    """

    excitation: Floats
    background: Floats

    @property
    def edges(self) -> Floats:
        """1 where a type causes another one, shape ``(types, types)``."""
        return ((self.excitation > 0) & ~np.eye(len(self.excitation), dtype=bool)).astype(float)


def learn(alarms: Alarms, types: int, kernel: Kernel) -> Graph:
    """Fit the process by expectation maximisation, keep the edges that stand, and fit again.

    Of the two directions between two types the one stands that explains more alarms, and only if it
    explains `LEAST_EFFECTS` or more.
    """
    every = np.ones((types, types))
    _, explained = _fit(alarms, every, kernel)
    stands = (explained > explained.T) & (explained >= LEAST_EFFECTS)
    graph, _ = _fit(alarms, (stands | np.eye(types, dtype=bool)).astype(float), kernel)
    return graph


def _fit(alarms: Alarms, allowed: Floats, kernel: Kernel) -> tuple[Graph, Floats]:
    types = len(allowed)
    pairs = pair(alarms, kernel)
    counts = np.maximum(np.bincount(alarms.kinds, minlength=types), 1)
    # Each device is watched for the whole of the log.
    watched = np.ptp(alarms.seconds) * len(np.unique(alarms.devices))
    cell = alarms.kinds[pairs.causes] * types + alarms.kinds[pairs.effects]
    excitation, background = allowed / types, counts / watched / 2
    explained = np.zeros_like(allowed)
    for _ in range(ROUNDS):
        chance, alone = attribute(alarms, pairs, excitation, background)
        explained = np.bincount(cell, chance, minlength=types * types).reshape(types, types)
        excitation = explained / counts[:, None]
        background = np.bincount(alarms.kinds, alone, minlength=types) / watched
    return Graph(excitation, background), explained
