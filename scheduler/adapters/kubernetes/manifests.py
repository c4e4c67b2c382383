"""The objects of a workload, as they are wanted. Pure."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass

from capability_sdk.contracts.repository import LoadParameters, ServedVersions
from scheduler.adapters.kubernetes.cast import EDGE, MANAGER, OWNED_BY, WORKLOAD, Cast
from scheduler.adapters.kubernetes.kinds import (
    AUTOSCALER,
    CONFIG_MAP,
    DEPLOYMENT,
    SECRET,
    SERVICE,
    Kind,
    Object,
)
from scheduler.adapters.kubernetes.pod import CREDENTIAL_FILE, PORT, SERVED_FILE, pod_template
from scheduler.adapters.kubernetes.storage import Storage
from scheduler.adapters.kubernetes.workloads import Workload
from scheduler.domain import Demand

DEMAND = "jiuzhou.io/demand"
"""Annotation that tells a restarted scheduler what the pods were given."""
_BUSY_PERCENT = 70


@dataclass(frozen=True, slots=True)
class Pods:
    """How many pods a workload may have.

    Attributes:
        least: As many as are placed.
        most: The upper bound of its scaling rule; as many as are placed where it has none.
        asked: What the cluster's autoscaler asked for; 0 where it did not.
    """

    least: int
    most: int
    asked: int


def deployment(workload: Workload, demand: Demand, cast: Cast, pods: Pods) -> Object:
    """Describe the Deployment: code, resources, where pods may go; of weights it says nothing.

    Args:
        workload: What shall run.
        demand: What each pod is given.
        cast: What all have in common.
        pods: How many there may be.
    """
    head = _head(DEPLOYMENT, workload, cast)
    head["metadata"]["annotations"][DEMAND] = json.dumps(
        {"cpu_millicores": demand.cpu_millicores, "memory_mib": demand.memory_mib}
    )
    return {
        **head,
        "spec": {
            "replicas": min(max(pods.asked, pods.least), pods.most),
            "selector": {"matchLabels": {WORKLOAD: workload.name}},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1},
            },
            "template": pod_template(workload, demand, cast, _labels(workload, cast)),
        },
    }


def dependents(
    workload: Workload, cast: Cast, pods: Pods, credential: str, owner: Object
) -> Iterator[tuple[Kind, Object]]:
    """Describe what belongs to a Deployment and goes with it.

    Args:
        workload: What shall run.
        cast: What all have in common.
        pods: How many there may be.
        credential: What the gateway shows to its pods.
        owner: The Deployment as it is.
    """
    contents: list[tuple[Kind, Object]] = [
        (CONFIG_MAP, {"data": {SERVED_FILE: _served(workload, cast.storage)}}),
        (SECRET, {"type": "Opaque", "data": {CREDENTIAL_FILE: _base64(credential)}}),
        (SERVICE, {"spec": _service(workload)}),
        (AUTOSCALER, {"spec": _autoscaler(workload, pods)}),
    ]
    reference = {**_target(workload), "uid": owner["metadata"]["uid"]}
    for kind, content in contents:
        head = _head(kind, workload, cast)
        head["metadata"]["ownerReferences"] = [reference]
        yield kind, {**head, **content}


def _served(workload: Workload, storage: Storage) -> str:
    """Write the pointer: which weights the pods serve, and where these are in a pod."""
    versions = [
        LoadParameters(
            version=item.unit.version,
            folder=storage.in_pod(item.package_path),
            code_digest=item.unit.code_digest,
            weights_digest=item.unit.weights_digest,
        )
        for item in workload.versions
    ]
    served = ServedVersions(name=workload.unit.capability, versions=versions)
    return served.model_dump_json(by_alias=True)


def _service(workload: Workload) -> Object:
    port = {"name": "http", "port": PORT, "protocol": "TCP", "targetPort": PORT}
    return {"selector": {WORKLOAD: workload.name}, "ports": [port]}


def _autoscaler(workload: Workload, pods: Pods) -> Object:
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": _BUSY_PERCENT}}
    return {
        "scaleTargetRef": _target(workload),
        "minReplicas": pods.least,
        "maxReplicas": pods.most,
        "metrics": [{"type": "Resource", "resource": cpu}],
    }


def _target(workload: Workload) -> Object:
    return {"apiVersion": DEPLOYMENT.api, "kind": DEPLOYMENT.name, "name": workload.name}


def _labels(workload: Workload, cast: Cast) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": workload.unit.capability,
        OWNED_BY: MANAGER,
        EDGE: cast.edge,
        WORKLOAD: workload.name,
    }


def _head(kind: Kind, workload: Workload, cast: Cast) -> Object:
    weights = {item.unit.version: item.unit.weights_digest for item in workload.versions}
    return {
        "apiVersion": kind.api,
        "kind": kind.name,
        "metadata": {
            "name": workload.name,
            "labels": _labels(workload, cast),
            "annotations": {
                "jiuzhou.io/code-digest": workload.unit.code_digest,
                "jiuzhou.io/weights-digests": json.dumps(weights),
            },
        },
    }


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
