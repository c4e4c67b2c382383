"""Which version answers a call: pure functions, no state.

The traffic split is exact over requests: any ``total`` consecutive calls hold each version exactly
as often as its weight says, and evenly spread. Where a caller sends a key (``x-affinity-key``), a
keyed hash decides instead, so that the same key stays with the same version; the ratio is then
exact over keys, in expectation.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate

from capability_sdk.contracts.model import major

_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class Split:
    """A traffic split: version i owns the points from ``bounds[i-1]`` to below ``bounds[i]``."""

    versions: tuple[str, ...]
    bounds: tuple[int, ...]
    total: int
    step: int
    """Coprime to ``total`` and near its golden section: walks all points, neighbours far apart."""


def make_split(shares: Sequence[tuple[str, int]]) -> Split | None:
    """Make the split of versions with their weights; None where every weight is 0."""
    positive = [(version, weight) for version, weight in shares if weight > 0]
    if not positive:
        return None
    divisor = math.gcd(*(weight for _, weight in positive))
    bounds = tuple(accumulate(weight // divisor for _, weight in positive))
    total = bounds[-1]
    step = max(1, round(total * _GOLDEN))
    while math.gcd(step, total) != 1:
        step += 1
    return Split(tuple(version for version, _ in positive), bounds, total, step)


def pick(split: Split, counter: int) -> str:
    """Return the version of the ``counter``-th call."""
    return split.versions[bisect_right(split.bounds, counter * split.step % split.total)]


def pick_by_key(split: Split, capability: str, key: bytes) -> str:
    """Return the version that a caller's key belongs to."""
    hashed = blake2b(key, key=capability.encode()[:64], digest_size=8).digest()
    return split.versions[bisect_right(split.bounds, int.from_bytes(hashed) % split.total)]


def eligible(shares: Sequence[tuple[str, int]], asked: str | None) -> list[tuple[str, int]]:
    """Return the versions, with weights, that a caller's version admits.

    An exact version is admitted whatever its weight; a major version whose weights are all 0 is
    admitted in equal shares. Without a version the weights decide alone.
    """
    if asked is None:
        return [share for share in shares if share[1] > 0]
    exact = [(version, 1) for version, _ in shares if version == asked]
    if exact:
        return exact
    same = [share for share in shares if major(share[0]) == asked]
    weighted = [share for share in same if share[1] > 0]
    return weighted or [(version, 1) for version, _ in same]
