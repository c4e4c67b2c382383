"""The kinds of objects that the runner writes or reads, and what it must be allowed to do with each."""

from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
"""An object of the cluster as JSON: a dictionary with ``metadata`` and mostly ``spec``, ``status``."""

_WRITES = ("get", "list", "watch", "create", "patch", "update", "delete")
_READS = ("get", "list", "watch")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: how it is named, where it is found, and which verbs the runner uses."""

    name: str
    api: str
    plural: str
    verbs: tuple[str, ...] = _WRITES
    is_namespaced: bool = True

    @property
    def group(self) -> str:
        """Group of the API; empty for the core."""
        return self.api.partition("/")[0] if "/" in self.api else ""

    def path(self, namespace: str, name: str = "") -> str:
        """Return the path of an object, or of the collection where no name is given."""
        root = f"/apis/{self.api}" if self.group else f"/api/{self.api}"
        within = f"/namespaces/{namespace}" if self.is_namespaced else ""
        return f"{root}{within}/{self.plural}" + (f"/{name}" if name else "")


DEPLOYMENT = Kind("Deployment", "apps/v1", "deployments")
SERVICE = Kind("Service", "v1", "services")
AUTOSCALER = Kind("HorizontalPodAutoscaler", "autoscaling/v2", "horizontalpodautoscalers")
CONFIG_MAP = Kind("ConfigMap", "v1", "configmaps")
SECRET = Kind("Secret", "v1", "secrets")
POD = Kind("Pod", "v1", "pods", _READS)
NODE = Kind("Node", "v1", "nodes", _READS, is_namespaced=False)

WRITTEN = (DEPLOYMENT, CONFIG_MAP, SECRET, SERVICE, AUTOSCALER)
"""In the order in which they are written: the first owns the others."""
READ = (POD, NODE)


def name_of(item: Object) -> str:
    """Return an object's name."""
    name: str = item["metadata"]["name"]
    return name


def is_leaving(item: Object) -> bool:
    """Tell whether an object is being deleted."""
    return "deletionTimestamp" in item["metadata"]
