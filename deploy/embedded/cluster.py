"""A Kubernetes cluster for the instances of the demo's first province: ``--runner kubernetes``."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from capability_sdk.kit.processes import python
from deploy.embedded.demo import PROVINCES
from deploy.embedded.supervisor import StartFailed

NAMESPACE = "jiuzhou"
NAMESPACE_VARIABLE = "SCHEDULER_KUBERNETES_NAMESPACE"


@dataclass(frozen=True, slots=True)
class DemoCluster:
    """Where that province's instances run; what else can be set are its ``SCHEDULER_*`` variables."""

    kubeconfig: Path
    namespace: str

    def check(self) -> None:
        """Require that the cluster can be used, in a process whose memory ends with it.

        Raises:
            StartFailed: It cannot; the message says what to do.
        """
        options = ("--kubeconfig", str(self.kubeconfig), "--namespace", self.namespace)
        command = python("scheduler.adapters.kubernetes", *options)
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter and module
        if done.returncode != 0:
            raise StartFailed(done.stderr.strip().splitlines()[-1])

    def environment(self, province: str) -> dict[str, str]:
        """Return what tells a province's scheduler of the cluster; nothing where it is not its."""
        if province != PROVINCES[0].name:
            return {}
        return {
            "SCHEDULER_RUNNER": "kubernetes",
            "SCHEDULER_KUBECONFIG": str(self.kubeconfig),
            NAMESPACE_VARIABLE: self.namespace,
        }
