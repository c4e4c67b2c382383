"""A scheduler process that runs its instances in a real cluster's namespace, and looks at that cluster."""

import contextlib
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from tests.integration.scheduler_world import SchedulerProcess
from tests.servers.kubernetes.controlplane import ControlPlane
from tests.servers.kubernetes.standin_pods import StandInPods
from tests.waiting import eventually

CLAIM = "jiuzhou-models"
_WRITTEN = {
    "deployments": "/apis/apps/v1",
    "replicasets": "/apis/apps/v1",
    "horizontalpodautoscalers": "/apis/autoscaling/v2",
    "pods": "/api/v1",
    "services": "/api/v1",
    "configmaps": "/api/v1",
    "secrets": "/api/v1",
}
"""What the runner writes, and what the cluster makes of it."""


class KubernetesProvince:
    """One province's scheduler and its namespace."""

    def __init__(
        self, plane: ControlPlane, folder: Path, namespace: str = "", **settings: str
    ) -> None:
        self.plane = plane
        self.namespace = namespace or plane.namespace()
        self.folder = folder
        make_claim(plane, self.namespace)
        self._settings = {
            "SCHEDULER_RUNNER": "kubernetes",
            "SCHEDULER_KUBECONFIG": str(plane.kubeconfig),
            "SCHEDULER_KUBERNETES_NAMESPACE": self.namespace,
            **settings,
        }
        self.scheduler = SchedulerProcess(folder, **self._settings)

    def restart(self) -> None:
        """Kill the scheduler and start another one in its folder."""
        assert self.scheduler.process is not None
        self.scheduler.process.kill()
        self.scheduler.process.wait()
        revision = self.scheduler.revision
        self.scheduler.http.close()
        self.scheduler = SchedulerProcess(self.folder, **self._settings)
        self.scheduler.revision = revision
        self.scheduler.start()

    def path(self, plural: str, name: str = "") -> str:
        """Return the path of a collection of the namespace, or of an object in it."""
        collection = f"{_WRITTEN[plural]}/namespaces/{self.namespace}/{plural}"
        return f"{collection}/{name}" if name else collection

    def objects(self, plural: str) -> list[dict[str, Any]]:
        """List what belongs to the province."""
        found = self.plane.items(self.path(plural), "app.kubernetes.io/managed-by=jiuzhou")
        return [item for item in found if "deletionTimestamp" not in item["metadata"]]

    def one(self, plural: str) -> dict[str, Any]:
        """Return the only object of a kind."""
        (found,) = self.objects(plural)
        return found

    def left_behind(self) -> dict[str, int]:
        """Count what is still there."""
        counts = {
            plural: len(self.plane.items(self.path(plural), "jiuzhou.io/workload"))
            for plural in _WRITTEN
        }
        return {plural: count for plural, count in counts.items() if count}

    def served(self) -> dict[str, list[str]]:
        """Return the versions that each workload is told to serve."""
        found = {}
        for item in self.objects("configmaps"):
            content = json.loads(item.get("data", {}).get("served.json", "{}"))
            found[name_of(item)] = [one["version"] for one in content.get("versions", [])]
        return found

    def pods(self) -> list[str]:
        """Return the names of the pods that shall stay."""
        return sorted(name_of(item) for item in self.objects("pods"))

    def disagreement(self, *desired: dict[str, Any]) -> str:
        """Say where the cluster is not what was last asked for; empty where it is."""
        by_code: dict[str, list[dict[str, Any]]] = {}
        for item in desired:
            by_code.setdefault(item["code_digest"], []).append(item)
        return next(self._differences(by_code), "")

    def _differences(self, by_code: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
        """Compare what is wanted of each code with what is there."""
        deployments = self.objects("deployments")
        codes = [item["metadata"]["annotations"]["jiuzhou.io/code-digest"] for item in deployments]
        if sorted(codes) != sorted(by_code):
            yield f"deployments of {codes}"
        served = sorted(self.served().values())
        if served != sorted(
            sorted(item["version"] for item in group) for group in by_code.values()
        ):
            yield f"served {served}"
        yield from self._unowned({name_of(item): item["metadata"]["uid"] for item in deployments})
        asked = sum(item["spec"]["replicas"] for item in deployments)
        counts = [[item.get("replicas", 1) for item in group] for group in by_code.values()]
        # Weights that come while nothing of their code is ready yet get pods of their own.
        least, most = sum(map(max, counts)), sum(map(sum, counts))
        pods = self.objects("pods")
        if not (len(pods) == asked and least <= asked <= most):
            yield f"{len(pods)} pods of {asked}, {least} to {most} wanted"
        endpoints = self.scheduler.endpoints()
        told = sorted(item["version"] for item in endpoints)
        versions = [
            [item["version"]] * item.get("replicas", 1) for item in chain(*by_code.values())
        ]
        if told != sorted(chain(*versions)):
            yield f"endpoints {told}"
        addresses = {f"http://{item['status'].get('podIP')}:8480" for item in pods}
        if {item["address"] for item in endpoints} != addresses:
            yield "the gateway is told of other pods than there are"

    def _unowned(self, deployments: dict[str, str]) -> Iterator[str]:
        for plural in ("configmaps", "secrets", "services", "horizontalpodautoscalers"):
            owners = {
                name_of(item): [one["uid"] for one in item["metadata"]["ownerReferences"]]
                for item in self.objects(plural)
            }
            if owners != {name: [uid] for name, uid in deployments.items()}:
                yield f"{plural} {owners} for deployments {deployments}"

    def await_agreement(self, *desired: dict[str, Any], seconds: float = 120) -> None:
        """Wait until the cluster is what was asked for, and stays so for a moment."""
        end = time.monotonic() + seconds
        while found := self._disagreement_of_a_while(desired):
            assert time.monotonic() < end, found
            time.sleep(0.5)

    def _disagreement_of_a_while(self, desired: Sequence[dict[str, Any]]) -> str:
        for _ in range(2):
            if found := self.disagreement(*desired):
                return found
            time.sleep(0.3)
        return ""

    def await_versions(self, *versions: str) -> None:
        """Wait until the gateway is told exactly these, one for each endpoint."""
        eventually(lambda: self.scheduler.versions() == sorted(versions), 60)


def name_of(item: dict[str, Any]) -> str:
    """Return an object's name."""
    name: str = item["metadata"]["name"]
    return name


def make_claim(plane: ControlPlane, namespace: str) -> None:
    """Make the claim of the shared storage; nobody looks into it, since the pods run nothing."""
    volume = f"models-{namespace}"
    size = {"storage": "1Gi"}
    common = {"accessModes": ["ReadWriteMany"], "storageClassName": ""}
    claim = {"namespace": namespace, "name": CLAIM}
    volume_spec = {**common, "capacity": size, "hostPath": {"path": "/nowhere"}, "claimRef": claim}
    claim_spec = {**common, "volumeName": volume, "resources": {"requests": size}}
    plane.create("/api/v1/persistentvolumes", {"metadata": {"name": volume}, "spec": volume_spec})
    claims = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims"
    plane.create(claims, {"metadata": {"name": CLAIM}, "spec": claim_spec})


@contextlib.contextmanager
def running_province(
    plane: ControlPlane, namespace: str = "", **settings: str
) -> Iterator[KubernetesProvince]:
    """Run a scheduler against a namespace, of its own if none is named, with stand-ins for its pods."""
    with tempfile.TemporaryDirectory(prefix="jz-") as folder:
        province = KubernetesProvince(plane, Path(folder), namespace, **settings)
        with StandInPods(plane, province.namespace).running():
            try:
                province.scheduler.start()
                yield province
            finally:
                province.scheduler.stop()
