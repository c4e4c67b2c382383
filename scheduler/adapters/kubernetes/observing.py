"""From pods to instances: which pod is which instance, and how it is. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from capability_sdk.contracts.nodes import InstanceHealth
from scheduler.adapters.kubernetes.cast import WORKLOAD
from scheduler.adapters.kubernetes.kinds import Object, is_leaving, name_of
from scheduler.adapters.kubernetes.pod import PORT
from scheduler.adapters.kubernetes.workloads import Workload

_WAITING = {
    "CrashLoopBackOff": "exits-again-and-again",
    "ImagePullBackOff": "image-not-pulled",
    "ErrImagePull": "image-not-pulled",
    "InvalidImageName": "image-not-pulled",
    "CreateContainerConfigError": "not-configurable",
    "CreateContainerError": "not-startable",
    "RunContainerError": "not-startable",
}


@dataclass(frozen=True, slots=True)
class PodState:
    """What a pod is doing, in the words of an observation."""

    health: InstanceHealth
    detail: str
    restarts: int


def pods_of(workload: str, pods: Iterable[Object]) -> list[Object]:
    """Return the pods of a workload that shall serve: ready ones first, the oldest first."""
    mine = [
        pod
        for pod in pods
        if pod["metadata"]["labels"].get(WORKLOAD) == workload and not is_leaving(pod)
    ]
    return sorted(
        mine,
        key=lambda pod: (not is_ready(pod), pod["metadata"]["creationTimestamp"], name_of(pod)),
    )


def assign(
    workload: Workload, pods: Sequence[Object], before: Mapping[str, str]
) -> dict[str, Object]:
    """Give each process of a workload a pod; one that has a pod that still is there keeps it.

    Args:
        workload: What shall run.
        pods: Its pods, the best first.
        before: Names of the pods that processes had.

    Returns:
        Pods by process; a process for which there is none yet is missing.
    """
    free = {name_of(pod): pod for pod in pods}
    kept: dict[str, Object] = {}
    for process in workload.processes:
        pod = free.get(before.get(process, ""))
        if pod is not None and is_ready(pod):
            kept[process] = free.pop(name_of(pod))
    missing = (process for process in workload.processes if process not in kept)
    return kept | dict(zip(missing, free.values(), strict=False))


def state_of(pod: Object) -> PodState:
    """Say what a pod is doing."""
    statuses = pod["status"].get("containerStatuses", [])
    restarts = sum(int(item.get("restartCount", 0)) for item in statuses)
    if is_ready(pod):
        return PodState(InstanceHealth.READY, "", restarts)
    for item in statuses:
        reason = item.get("state", {}).get("waiting", {}).get("reason", "")
        if reason in _WAITING:
            return PodState(InstanceHealth.FAILED, _WAITING[reason], restarts)
    if pod["status"].get("phase") == "Failed":
        return PodState(InstanceHealth.FAILED, "pod-failed", restarts)
    detail = "unschedulable" if _condition(pod, "PodScheduled") == "False" else ""
    return PodState(InstanceHealth.STARTING, detail, restarts)


def is_ready(pod: Object) -> bool:
    """Tell whether a pod answers, as the cluster sees it."""
    return _condition(pod, "Ready") == "True" and bool(pod["status"].get("podIP"))


def address_of(pod: Object) -> str:
    """Return where the gateway reaches a pod; empty while it has no address."""
    found = pod["status"].get("podIP", "")
    host = f"[{found}]" if ":" in found else found
    return f"http://{host}:{PORT}" if found else ""


def incarnation(pod: Object) -> str:
    """Name a pod's present process: another one has none of the versions that were loaded."""
    return f"{pod['metadata']['uid']}/{state_of(pod).restarts}"


def _condition(pod: Object, name: str) -> str:
    conditions = pod["status"].get("conditions", [])
    return next((item["status"] for item in conditions if item["type"] == name), "")
