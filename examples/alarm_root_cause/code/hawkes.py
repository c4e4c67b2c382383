"""Alarms that raise alarms: a mutually exciting (Hawkes) point process on every device.

An alarm of type ``i`` raises the rate of type ``j`` on its device by ``excitation[i, j]`` alarms in
all, most of them soon: the delay is exponential with mean `Kernel.mean_delay`. What no earlier
alarm explains is the background: alarms that come by themselves.

Source: Hawkes (1971); the branching structure as hidden variable, Zhuang, Ogata and Vere-Jones
(2002). Needs numpy alone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_CANDIDATES = 256
"""Earlier alarms that are looked at for one alarm, the latest first: so a storm stays affordable."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """Alarms, sorted by device and then by time.

    Attributes:
        kinds: Type of each alarm, shape ``(alarms,)``.
        devices: Its device, numbered from 0 without gaps.
        seconds: When it was raised.
    """

    kinds: Ints
    devices: Ints
    seconds: Floats


@dataclass(frozen=True, slots=True)
class Kernel:
    """How long a cause is felt.

    Attributes:
        mean_delay: Seconds.
        window: Seconds after which an alarm causes nothing any more.
    """

    mean_delay: float
    window: float


@dataclass(frozen=True, slots=True)
class Pairs:
    """Every alarm with each earlier one on its device that may have caused it.

    Attributes:
        causes: Place of the earlier alarm, shape ``(pairs,)``.
        effects: Place of the later one, ascending.
        density: Of the delay between them, 1/s.
    """

    causes: Ints
    effects: Ints
    density: Floats


def pair(alarms: Alarms, kernel: Kernel) -> Pairs:
    """Find who may have caused whom; alarms of one moment do not cause each other."""
    if not len(alarms.seconds):
        nothing = np.zeros(0, np.int64)
        return Pairs(nothing, nothing, np.zeros(0))
    # One device after the other on one axis, further apart than any window.
    span = float(np.ptp(alarms.seconds)) + kernel.window + 1.0
    axis = alarms.devices * span + (alarms.seconds - alarms.seconds.min())
    before = np.searchsorted(axis, axis)
    first = np.maximum(np.searchsorted(axis, axis - kernel.window), before - MOST_CANDIDATES)
    counts = before - first
    effects = np.repeat(np.arange(len(axis)), counts)
    within = np.arange(len(effects)) - np.repeat(np.cumsum(counts) - counts, counts)
    causes = first[effects] + within
    delay = axis[effects] - axis[causes]
    density = np.exp(-delay / kernel.mean_delay) / kernel.mean_delay
    return Pairs(causes, effects, density)


def attribute(
    alarms: Alarms, pairs: Pairs, excitation: Floats, background: Floats
) -> tuple[Floats, Floats]:
    """Say how probable each pair is, and that an alarm came by itself.

    Args:
        alarms: Shape ``(alarms,)``.
        pairs: From `pair`.
        excitation: Expected alarms of type column that one alarm of type row causes.
        background: Rate of each type on one device, 1/s.

    Returns:
        Probability of each pair, shape ``(pairs,)``, and of no cause, shape ``(alarms,)``; those of
        an alarm sum to 1.
    """
    kinds = alarms.kinds
    raised = excitation[kinds[pairs.causes], kinds[pairs.effects]] * pairs.density
    alone = background[kinds]
    total = alone + np.bincount(pairs.effects, raised, minlength=len(kinds))
    return raised / total[pairs.effects], alone / total
