"""How fast this node is: a small fixed piece of work, so that CPU times of two nodes compare."""

import gc
import json
import time

from capability_sdk.contracts.passport import NODE_SCORE

_REFERENCE_SECONDS = 0.016
"""CPU time of `_work` on the node that scores `NODE_SCORE`."""
_REPEATS = 7
_ROUNDS = 600
_DOCUMENT = {"inputs": [{"name": f"column_{n}", "data": [n * 0.37, str(n)]} for n in range(20)]}


def node_score() -> float:
    """Measure this node; takes a tenth of a second.

    Returns:
        `NODE_SCORE` on the reference node, twice that on a node twice as fast.
    """
    # The least of some runs is what no neighbour disturbed.
    return NODE_SCORE * _REFERENCE_SECONDS / min(_cpu_seconds() for _ in range(_REPEATS))


def _cpu_seconds() -> float:
    # Collecting garbage costs as much as this process is large, which is not the node's.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        began = time.process_time()
        _work()
        return time.process_time() - began
    finally:
        if was_enabled:
            gc.enable()


def _work() -> float:
    """Do what serving does: text to values and back, and arithmetic in between."""
    total = 0.0
    for _ in range(_ROUNDS):
        document = json.loads(json.dumps(_DOCUMENT))
        for tensor in document["inputs"]:
            total += sum(value * value for value in range(len(tensor["name"])))
    return total
