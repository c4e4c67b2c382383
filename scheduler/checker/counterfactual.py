"""Whether a change admits what was refused, whether less would do, and what the cheapest costs."""

import copy
from collections.abc import Container, Iterator
from typing import Any

from scheduler.checker.replay import Document, failing, free_devices, shape

_MOVE, _ADD, _OFFER, _RESTORE = 1.0, 1.0, 2.0, 4.0
_OFFERED = {"engine": "engines", "family": "families"}
_RESTORED = {"reporting": "is_reporting", "runner": "is_startable"}
_AMOUNTS = {"cpu": "cpu_millicores", "memory": "memory_mib", "gpu": "gpu_milli"}


def admits(inputs: Document, change: Document) -> bool:
    """Tell whether a node can take the request once a change is made there."""
    node = next((node for node in inputs["nodes"] if node["node"] == change["node"]), None)
    return node is not None and not failing(inputs["request"], changed(node, change))


def changed(node: Document, change: Document) -> dict[str, Any]:
    """Return a node as a change leaves it."""
    after = copy.deepcopy(dict(node))
    for item in change["changes"]:
        _change(after, item)
    return after


def smaller(change: Document) -> Iterator[dict[str, Any]]:
    """Every change that does a little less: one amount lowered by one, or one part left out."""
    parts = change["changes"]
    for i, part in enumerate(parts):
        less = [{**part, "amount": part["amount"] - 1}] if part["amount"] > 1 else []
        yield {**change, "changes": [*parts[:i], *less, *parts[i + 1 :]]}


def cheapest(inputs: Document) -> tuple[float, str]:
    """Return the cost of the cheapest change, and the first node by name that it is possible on."""
    costs = ((_cost(inputs["request"], node), node["node"]) for node in inputs["nodes"])
    return min(costs, default=(0.0, ""))


def _change(node: dict[str, Any], item: Document) -> None:
    constraint, act = item["constraint"], item["act"]
    if act == "restore":
        node[_RESTORED[constraint]] = True
    elif act == "move":
        node["units"] = [unit for unit in node["units"] if unit != item["value"]]
    elif act == "offer" and constraint == "gpu-model":
        node["gpu_model"] = item["value"]
    elif act == "offer":
        node[_OFFERED[constraint]] = [*node[_OFFERED[constraint]], item["value"]]
    elif act == "add":
        node[_AMOUNTS[constraint]] += item["amount"]
    elif constraint == "gpu":
        node["reserved_gpu"][item["device"]] -= item["amount"]
    else:
        node[f"reserved_{_AMOUNTS[constraint]}"] -= item["amount"]


def _cost(request: Document, node: Document) -> float:
    missing = [
        _RESTORE * (not node["is_reporting"]),
        _RESTORE * (not node["is_startable"]),
        _OFFER * (request["engine"] not in node["engines"]),
        _OFFER * (request["family"] not in node["families"]),
        _MOVE * (request["apart_from"] in node["units"]),
        *(_cost_of(request, node, what) for what in ("cpu_millicores", "memory_mib")),
        _cost_of_gpu(request, node),
    ]
    return round(sum(missing), 6)


def _cost_of(request: Document, node: Document, what: str) -> float:
    asked, has = request[what], node[what]
    lacking = asked - (has - node[f"reserved_{what}"])
    added = max(asked - has, 0)
    freed = max(lacking - added, 0)
    return freed / asked + (_ADD + added / asked if added else 0.0) if asked else 0.0


def _cost_of_gpu(request: Document, node: Document) -> float:
    count, share = shape(request)
    if not count:
        return 0.0
    wrong = bool(request["gpu_models"]) and node["gpu_model"] not in request["gpu_models"]
    free = free_devices(node)
    lacking = sorted(max(share - amount, 0) for amount in free)[:count]
    missing = max(count - len(free), 0)
    add = _ADD + missing / count if missing else 0.0
    return _OFFER * wrong + sum(lacking) / (count * share if count > 1 else share) + add


def without(node: Document, processes: Container[str]) -> dict[str, Any]:
    """Return a node as it is once some of its processes have left."""
    after = copy.deepcopy(dict(node))
    for item in node["evictable"]:
        if item["process"] in processes:
            after["reserved_cpu_millicores"] -= item["cpu_millicores"]
            after["reserved_memory_mib"] -= item["memory_mib"]
            for device, share in enumerate(item["devices"]):
                after["reserved_gpu"][device] -= share
    return after
