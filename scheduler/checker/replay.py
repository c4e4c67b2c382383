"""Takes a placement decision again from its written inputs, in plain Python.

It shares no code with the placement: it stands on the standard library alone, goes node by node and
device by device, and follows the words of the documentation. Where both say the same, the arrays of
the placement hide nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]

WHOLE = 1000
_NODE_SCORE = 1000.0
_DECIMALS = 6


@dataclass(frozen=True)
class Answer:
    """What a decision says.

    Attributes:
        node: Chosen node; None where none can take the request.
        devices: GPUs of it.
        scores: Of every node that can take it.
        failures: First failing constraint of every other node.
    """

    node: str | None
    devices: tuple[int, ...]
    scores: dict[str, float]
    failures: dict[str, str]

    @property
    def totals(self) -> dict[str, int]:
        """How many nodes fail first at which constraint."""
        return dict(Counter(self.failures.values()))


def decide(inputs: Document) -> Answer:
    """Filter, score and choose."""
    request = inputs["request"]
    nodes = sorted(inputs["nodes"], key=lambda node: node["node"])
    failures = {node["node"]: failed for node in nodes if (failed := failing(request, node))}
    suitable = [node for node in nodes if node["node"] not in failures]
    if not suitable:
        return Answer(None, (), {}, failures)
    if len(suitable) == 1:
        (only,) = suitable
        devices = _tightest(request, only) if request["gpu_milli"] else ()
        return Answer(only["node"], devices, {only["node"]: 0.0}, failures)
    largest = {
        what: max(node[what] for node in suitable)
        for what in ("cpu_millicores", "memory_mib", "gpu_milli")
    }
    scores: dict[str, float] = {}
    best: tuple[float, str, tuple[int, ...]] | None = None
    for node in suitable:
        for devices in _ways(request, node):
            value = _score(inputs, node, devices, largest)
            scores[node["node"]] = max(value, scores.get(node["node"], value))
            if best is None or value > best[0]:
                best = (value, node["node"], devices)
    assert best is not None  # noqa: S101 - a suitable node has a way to bind
    return Answer(best[1], best[2], scores, failures)


def failing(request: Document, node: Document) -> str:
    """Name the first constraint that a node fails; empty where it passes all."""
    for name, passes in _CONSTRAINTS.items():
        if not passes(request, node):
            return name
    return ""


def free_devices(node: Document) -> list[int]:
    """Thousandths that are free of each GPU."""
    count = node["gpu_milli"] // WHOLE
    reserved = [*node["reserved_gpu"], *[0] * count]
    return [max(WHOLE - reserved[device], 0) for device in range(count)]


def shape(request: Document) -> tuple[int, int]:
    """How many GPUs a request takes, and how much of each."""
    return -(-request["gpu_milli"] // WHOLE), min(request["gpu_milli"], WHOLE)


def _gpu(request: Document, node: Document) -> bool:
    count, share = shape(request)
    return not count or sum(free >= share for free in free_devices(node)) >= count


_CONSTRAINTS: Mapping[str, Callable[[Document, Document], bool]] = {
    "reporting": lambda _, node: node["is_reporting"],
    "runner": lambda _, node: node["is_startable"],
    "engine": lambda request, node: request["engine"] in node["engines"],
    "family": lambda request, node: request["family"] in node["families"],
    "apart": lambda request, node: request["apart_from"] not in node["units"],
    "cpu": lambda request, node: request["cpu_millicores"] <= _free(node, "cpu_millicores"),
    "memory": lambda request, node: request["memory_mib"] <= _free(node, "memory_mib"),
    "gpu-model": lambda request, node: (
        not request["gpu_milli"]
        or not request["gpu_models"]
        or node["gpu_model"] in request["gpu_models"]
    ),
    "gpu": _gpu,
}


def _free(node: Document, what: str) -> int:
    free: int = node[what] - node[f"reserved_{what}"]
    return free


def _tightest(request: Document, node: Document) -> tuple[int, ...]:
    count, share = shape(request)
    fitting = sorted((free, i) for i, free in enumerate(free_devices(node)) if free >= share)
    return tuple(sorted(device for _, device in fitting[:count]))


def _ways(request: Document, node: Document) -> Iterator[tuple[int, ...]]:
    """Every way to bind: a share of one device, tightest first; whole ones the first that are."""
    count, share = shape(request)
    free = free_devices(node)
    if count == 1:
        seen: set[int] = set()
        for amount, device in sorted((amount, device) for device, amount in enumerate(free)):
            if amount >= share and amount not in seen:
                seen.add(amount)
                yield (device,)
        return
    yield tuple(device for device, amount in enumerate(free) if amount >= share)[:count]


def _score(
    inputs: Document, node: Document, devices: Sequence[int], largest: Mapping[str, int]
) -> float:
    request, weights, workload = inputs["request"], inputs["weights"], inputs["workload"]
    _, share = shape(request)
    before = free_devices(node)
    after = [amount - (share if i in devices else 0) for i, amount in enumerate(before)]
    cores = _free(node, "cpu_millicores")
    cores_after = cores - request["cpu_millicores"]
    idle, idle_after = sum(before), sum(after)
    speed = node["cpu_score"] / _NODE_SCORE if node["cpu_score"] > 0 else 1.0
    if largest["gpu_milli"]:
        other = idle_after / largest["gpu_milli"]
    else:
        left = _free(node, "memory_mib") - request["memory_mib"]
        other = left / largest["memory_mib"]
    parts = {
        "best_fit": 0.0
        if request["gpu_milli"]
        else 1 - (cores_after / largest["cpu_millicores"] + other) / 2,
        "spread": 1 / (1 + node["instances_of"].get(request["capability"], 0)),
        "idle": 1 - node["busy_fraction"],
        "passport_fit": speed / (1 + speed),
        "fragmentation": -(
            _usable(workload, node, before, cores) - _usable(workload, node, after, cores_after)
        )
        / WHOLE,
        "balance": (_served(workload, idle_after, cores_after) - _served(workload, idle, cores))
        / WHOLE,
    }
    total: float = sum(weights[name] * value for name, value in parts.items())
    return round(total, _DECIMALS)


def _usable(workload: Document, node: Document, free: Sequence[int], cores: int) -> float:
    """Idle GPU that typical requests could use, weighted by how often each is asked for."""
    total = 0.0
    for typical in workload["typical"]:
        count, milli, models = typical["devices"], typical["device_milli"], typical["gpu_models"]
        fitting = [amount for amount in free if amount >= milli]
        is_allowed = not models or node["gpu_model"] in models
        if count and is_allowed and cores >= typical["cpu_millicores"] and len(fitting) >= count:
            total += typical["share"] * sum(fitting)
    return total


def _served(workload: Document, gpu_milli: int, cores: int) -> float:
    """Idle GPU as far as the free cores last."""
    ratio = workload["cpu_per_gpu"]
    return min(gpu_milli, cores / ratio) if ratio else gpu_milli
