"""How fast each endpoint of a version answers now, beside its peers. Pure.

A call is computed by one thread, so at most at the speed of one core of its node, and by as much of that
as is free: ``speed = cpu_score / 1000 * min(1, cores * room)``. The weight of an endpoint is its speed in
parts of the fastest one's. Queues and calls in flight are left out on purpose: the gateway knows its own
to the call, and a count that is a second old would drive it from one node to the next (ADR 17).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from capability_sdk.contracts.nodes import Endpoint, NodeLoad, NodeMetadata
from capability_sdk.contracts.passport import NODE_SCORE
from scheduler.dispatch.services import Service

_LEAST_ROOM = 0.1
_STEP = 1.15
"""Weights move in steps of this factor, so that noise in the load makes no new revision each second."""
_MEMORY_FULL = 0.9
"""Share of memory in use from which on a node is about to swap or to kill."""


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a node computes one call, in idle cores of the reference node.

    Attributes:
        cores: Cores of the node.
        idle: Speed when nothing else runs there.
        now: Speed under its present load, above 0.
    """

    cores: float
    idle: float
    now: float


_UNKNOWN = Speed(cores=1.0, idle=1.0, now=1.0)


def speed_of(metadata: NodeMetadata, load: NodeLoad | None) -> Speed:
    """Tell how fast a node computes a call.

    Args:
        metadata: What it reported at its start.
        load: What it reported last; None where that is too old, and it counts as idle.
    """
    cores = metadata.cpu_millicores / 1000
    score = (metadata.cpu_score or NODE_SCORE) / NODE_SCORE
    room = 1.0 if load is None else max(_room(load), _LEAST_ROOM)
    return Speed(cores, score * min(1.0, cores), score * min(1.0, cores * room))


def _room(load: NodeLoad) -> float:
    memory = (1 - load.memory_fraction) / (1 - _MEMORY_FULL)
    gpu = 1.0 if load.gpu_fraction is None else 1 - load.gpu_fraction
    return min(1 - load.cpu_fraction, memory, gpu)


def weigh(
    endpoints: Sequence[Endpoint],
    speeds: Mapping[str, Speed],
    services: Mapping[tuple[str, str], Service],
) -> list[Endpoint]:
    """Give each endpoint its weight, and what a call takes where the weight is 1.

    Args:
        endpoints: Ready endpoints with their nodes.
        speeds: By node; one that is not known counts as an idle core of the reference node.
        services: By capability and version.

    Returns:
        The endpoints with weights in (0, 1]; the fastest of a version has 1.
    """
    best: dict[tuple[str, str], Speed] = {}
    for item in endpoints:
        version, speed = (item.capability, item.version), speeds.get(item.node, _UNKNOWN)
        best[version] = max(best.get(version, speed), speed, key=lambda found: found.now)
    return [
        _weighed(
            item,
            speeds.get(item.node, _UNKNOWN),
            best[item.capability, item.version],
            services.get((item.capability, item.version), Service()),
        )
        for item in endpoints
    ]


def _weighed(item: Endpoint, speed: Speed, best: Speed, service: Service) -> Endpoint:
    return item.model_copy(
        update={
            "weight": _step(speed.now / best.now),
            "cores": speed.cores,
            "service_seconds": service.cpu_seconds / best.idle,
            "is_stateless": service.is_stateless,
        }
    )


def _step(share: float) -> float:
    return float(f"{_STEP ** round(math.log(share, _STEP)):.3g}")
