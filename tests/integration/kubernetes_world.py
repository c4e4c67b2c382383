"""A scheduler process that runs its instances in a real cluster's namespace, and looks at that cluster."""

import contextlib
import json
import tempfile
from collections.abc import Iterator
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

    def __init__(self, plane: ControlPlane, folder: Path, **settings: str) -> None:
        self.plane = plane
        self.namespace = plane.namespace()
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
            content = json.loads(item["data"]["served.json"])
            found[item["metadata"]["name"]] = [one["version"] for one in content["versions"]]
        return found

    def pods(self) -> list[str]:
        """Return the names of the pods that shall stay."""
        return sorted(item["metadata"]["name"] for item in self.objects("pods"))

    def await_versions(self, *versions: str) -> None:
        """Wait until the gateway is told exactly these, one for each endpoint."""
        eventually(lambda: self.scheduler.versions() == sorted(versions), 60)


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
def running_province(plane: ControlPlane, **settings: str) -> Iterator[KubernetesProvince]:
    """Run a scheduler against a namespace of its own, with stand-ins for its pods."""
    with tempfile.TemporaryDirectory(prefix="jz-") as folder:
        province = KubernetesProvince(plane, Path(folder), **settings)
        with StandInPods(plane, province.namespace).running():
            try:
                province.scheduler.start()
                yield province
            finally:
                province.scheduler.stop()
