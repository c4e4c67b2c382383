"""How much of a version's traffic each of its endpoints shall take. Pure."""

from collections.abc import Mapping, Sequence

from capability_sdk.contracts.nodes import Endpoint

_STEP = 0.1
"""Weights move in steps, so that noise in the load does not make a new revision each second."""


def weigh(endpoints: Sequence[Endpoint], busy: Mapping[str, float]) -> list[Endpoint]:
    """Give each endpoint a weight from its node's load.

    Args:
        endpoints: Ready endpoints.
        busy: Share of cores in use, 0 to 1, by instance; unknown counts as idle.

    Returns:
        The endpoints with weights in (0, 1], in steps of 0.1; the least busy endpoint of a version
        has 1, so that one endpoint, or several on one node, always have 1.
    """
    room = {item.instance: max(1 - busy.get(item.instance, 0.0), _STEP) for item in endpoints}
    best: dict[tuple[str, str], float] = {}
    for item in endpoints:
        key = (item.capability, item.version)
        best[key] = max(best.get(key, 0.0), room[item.instance])
    return [
        item.model_copy(
            update={"weight": _step(room[item.instance] / best[item.capability, item.version])}
        )
        for item in endpoints
    ]


def _step(share: float) -> float:
    return max(round(round(share / _STEP) * _STEP, 1), _STEP)
