"""The pod of a workload: what runs in it, with what, where, and what it may not do. Pure.

Code comes with the image; models are on a volume of their own, read-only; which of them are served
stands in a third, small one, so that weights change without a new pod. Quantities are written as
the server writes them, so that what comes back compares equal.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from capability_sdk.contracts.settings import overlay_file
from scheduler.adapters.kubernetes.cast import Cast
from scheduler.adapters.kubernetes.kinds import Object
from scheduler.adapters.kubernetes.storage import INSTANCES, MOUNT, OVERLAYS, PACKAGES
from scheduler.adapters.kubernetes.workloads import Workload
from scheduler.domain import Demand, Unit

PORT = 8480
GPU = "nvidia.com/gpu"
GPU_MODEL = "nvidia.com/gpu.product"
FAMILY_LABEL = "family.jiuzhou.io"
ENGINE_LABEL = "engine.jiuzhou.io"
REFUSES = "false"
"""Value of a node's label ``family.jiuzhou.io/lstm`` that keeps LSTMs off; unlabelled nodes take all."""
SERVED_FILE = "served.json"
CREDENTIAL_FILE = "credential"
_SERVED, _CREDENTIAL, _RUN = "/etc/jiuzhou/served", "/etc/jiuzhou/credential", "/run/jiuzhou"
_MEMORY_HEADROOM = 2
"""While weights are swapped, old and new are there."""
_WHOLE = 1000
_MIB_PER_GIB = 1024
_PROBE_SECONDS = 2


def pod_template(
    workload: Workload, demand: Demand, cast: Cast, labels: Mapping[str, str]
) -> Object:
    """Describe the pods; it stays the same while weights or the number of pods change."""
    return {
        "metadata": {
            "labels": dict(labels),
            "annotations": {"jiuzhou.io/code-digest": workload.unit.code_digest},
        },
        "spec": {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": cast.user,
                "fsGroup": cast.user,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "affinity": {"nodeAffinity": node_affinity(demand)},
            "topologySpreadConstraints": [
                {
                    "maxSkew": 1,
                    "topologyKey": "kubernetes.io/hostname",
                    "whenUnsatisfiable": "ScheduleAnyway",
                    "labelSelector": {"matchLabels": dict(labels)},
                }
            ],
            "containers": [_container(workload, demand, cast)],
            "volumes": _volumes(workload.name, cast),
        },
    }


def node_affinity(demand: Demand) -> Object:
    """Say which nodes may take it, by what their labels say of families, engines and GPUs."""
    keys = (f"{FAMILY_LABEL}/{demand.family}", f"{ENGINE_LABEL}/{demand.engine}")
    rules: list[Object] = [{"key": key, "operator": "NotIn", "values": [REFUSES]} for key in keys]
    if demand.gpu_models:
        models = sorted(demand.gpu_models)
        rules.append({"key": GPU_MODEL, "operator": "In", "values": models})
    return {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": rules}]
        }
    }


def resources(demand: Demand) -> Object:
    """Say what a pod is given, and what it may take: memory for two sets of weights, whole GPUs."""
    requests = {"cpu": _cpu(demand.cpu_millicores), "memory": _memory(demand.memory_mib)}
    limits = {
        "cpu": _cpu(math.ceil(demand.cpu_millicores / _WHOLE) * _WHOLE),
        "memory": _memory(demand.memory_mib * _MEMORY_HEADROOM),
    }
    if demand.gpu_milli:
        gpus = {GPU: str(demand.devices)}
        requests |= gpus
        limits |= gpus
    return {"requests": requests, "limits": limits}


def _container(workload: Workload, demand: Demand, cast: Cast) -> Object:
    patience = math.ceil(cast.start_timeout.total_seconds() / _PROBE_SECONDS)
    return {
        "name": "instance",
        "image": cast.image,
        "command": ["python", "-m", "capability_sdk.serving.pod"],
        "args": _arguments(workload, demand),
        "env": [
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "OMP_NUM_THREADS", "value": "1"},
        ],
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        "resources": resources(demand),
        "startupProbe": _probe("/v2/health/ready", patience),
        "readinessProbe": _probe("/v2/health/ready", 2),
        "livenessProbe": _probe("/v2/health/live", 5),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": _mounts(workload.unit),
    }


def _arguments(workload: Workload, demand: Demand) -> list[str]:
    arguments = {
        "--served": f"{_SERVED}/{SERVED_FILE}",
        "--port": str(PORT),
        "--credential": f"{_CREDENTIAL}/{CREDENTIAL_FILE}",
        "--socket": f"{_RUN}/http.sock",
        "--journal": f"{MOUNT}/{INSTANCES}/journal",
        "--instance": "$(POD_NAME)",
        "--threads": "1",
    }
    if demand.batch_rows:
        arguments["--batch-rows"] = str(demand.batch_rows)
    if workload.unit.engine:
        arguments["--engine"] = workload.unit.engine
    if digest := workload.unit.overlay:
        file = overlay_file(Path(f"{MOUNT}/{PACKAGES}/any"), digest)
        arguments |= {"--overlay": str(file), "--overlay-digest": digest}
    return [part for pair in arguments.items() for part in pair]


def _probe(path: str, failures: int) -> Object:
    return {
        "httpGet": {"path": path, "port": PORT},
        "periodSeconds": _PROBE_SECONDS,
        "timeoutSeconds": _PROBE_SECONDS,
        "failureThreshold": failures,
    }


def _mounts(unit: Unit) -> list[Object]:
    models = {"name": "models", "mountPath": f"{MOUNT}/{PACKAGES}", "subPath": PACKAGES}
    own = {"name": "models", "mountPath": f"{MOUNT}/{INSTANCES}"}
    chosen = {"name": "models", "mountPath": f"{MOUNT}/{OVERLAYS}", "subPath": OVERLAYS}
    return [
        {**models, "readOnly": True},
        *([{**chosen, "readOnly": True}] if unit.overlay else []),
        {**own, "subPathExpr": f"{INSTANCES}/$(POD_NAME)"},
        {"name": "served", "mountPath": _SERVED, "readOnly": True},
        {"name": "credential", "mountPath": _CREDENTIAL, "readOnly": True},
        {"name": "run", "mountPath": _RUN},
    ]


def _volumes(name: str, cast: Cast) -> list[Object]:
    volumes: dict[str, dict[str, Any]] = {
        "models": {"persistentVolumeClaim": {"claimName": cast.storage.claim}},
        "served": {"configMap": {"name": name}},
        "credential": {"secret": {"secretName": name, "defaultMode": 0o440}},
        "run": {"emptyDir": {"sizeLimit": "64Mi"}},
    }
    return [{"name": volume, **source} for volume, source in volumes.items()]


def _cpu(millicores: int) -> str:
    whole, rest = divmod(millicores, _WHOLE)
    return f"{millicores}m" if rest else str(whole)


def _memory(mib: int) -> str:
    whole, rest = divmod(mib, _MIB_PER_GIB)
    return f"{mib}Mi" if rest else f"{whole}Gi"
