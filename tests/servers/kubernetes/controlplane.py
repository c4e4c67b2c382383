"""A control plane of one test session: started, and its components killed and brought back."""

import contextlib
import json
import os
import secrets
import signal
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import httpx

from tests.servers.kubernetes.flags import flags
from tests.servers.process import await_ready, free_port
from tests.waiting import eventually

API_SERVER = "kube-apiserver"
_COMPONENTS = ("etcd", API_SERVER, "kube-controller-manager", "kube-scheduler", "kwok")
_ACCOUNTS = {
    "admin": ("admin", "system:masters"),
    "controllers": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "kwok": ("kwok", "system:masters"),
}
"""User and group of each account; the components' own rights are upstream's."""
_STOP_SECONDS = 60
_OK, _CONFLICT = 200, 409


class ControlPlane:
    """API server, controllers, scheduler and fake nodes on loopback, in a folder of their own."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._ports = {name: free_port() for name in (*_COMPONENTS, "peers")}
        self._tokens = {name: secrets.token_urlsafe(24) for name in _ACCOUNTS}
        # Pods get loopback addresses of a range that hardly another one has, so that a test can
        # stand in for one.
        self.pods = f"127.{17 + secrets.randbelow(200)}.{secrets.randbelow(16) * 16}.0/20"
        self.server = f"https://127.0.0.1:{self._ports[API_SERVER]}"
        self._write_files()
        context = ssl.create_default_context(cafile=str(self.authority))
        self.http = httpx.Client(
            base_url=self.server,
            verify=context,
            headers={"authorization": f"Bearer {self._tokens['admin']}"},
            trust_env=False,
            timeout=20,
        )

    @property
    def authority(self) -> Path:
        """Certificate that the API server's is signed by."""
        return self._folder / "keys" / "ca.crt"

    @property
    def kubeconfig(self) -> Path:
        """An administrator's."""
        return self._folder / "admin.kubeconfig"

    def __enter__(self) -> Self:
        try:
            for component in _COMPONENTS:
                self.start(component)
                if component == API_SERVER:
                    self.await_api()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End everything at once: there is nothing to save."""
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            process.wait()
        self._processes.clear()
        self.http.close()

    def start(self, component: str) -> None:
        """Start a component; it waits itself for those that it needs."""
        environment = {
            "HOME": str(self._folder),
            "PATH": os.environ["PATH"],
            "CONTROLPLANE_ENDS_WITH_PARENT": "1",
        }
        with self._log(component).open("ab") as log:
            self._processes[component] = subprocess.Popen(
                [self._program, component, *self._flags(component)],
                stdout=log,
                stderr=log,
                env=environment,
                cwd=self._folder,
            )

    def kill(self, component: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End a component, without notice if nothing else is said."""
        process = self._processes.pop(component)
        process.send_signal(how)
        process.wait(_STOP_SECONDS)

    def await_api(self) -> None:
        """Wait until the API server answers."""
        await_ready(self._processes[API_SERVER], self._answers, self._log(API_SERVER))

    def restart_api(self) -> None:
        """Bring the API server back, where it was killed, and wait until it answers."""
        if API_SERVER not in self._processes:
            self.start(API_SERVER)
        self.await_api()

    def write_kubeconfig(self, file: Path, token: str) -> Path:
        """Write a kubeconfig for the holder of a token."""
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "users": [{"name": "test", "user": {"token": token}}],
            "clusters": [
                {
                    "name": "test",
                    "cluster": {
                        "server": self.server,
                        "certificate-authority": str(self.authority),
                    },
                }
            ],
        }
        file.write_text(json.dumps(content))
        file.chmod(0o600)
        return file

    def create(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create an object in a collection, or return the one of its name that is there."""
        answer = self.http.post(path, json=body)
        if answer.status_code == _CONFLICT:
            answer = self.http.get(f"{path}/{body['metadata']['name']}")
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def items(self, path: str, selector: str = "") -> list[dict[str, Any]]:
        """List a collection."""
        answer = self.http.get(path, params={"labelSelector": selector})
        assert answer.is_success, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    def namespace(self) -> str:
        """Make a namespace in which pods can be created; nobody waits for the end of an old one."""
        name = f"test-{secrets.token_hex(4)}"
        self.create("/api/v1/namespaces", {"metadata": {"name": name}})
        account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
        eventually(lambda: self.http.get(account).status_code == _OK)
        return name

    def node(self, name: str, *, labels: Mapping[str, str], gpus: int = 0) -> None:
        """Make a fake node of 8 cores and 16 GiB, and wait until pods may go there."""
        has = {"cpu": "8", "memory": "16Gi", "pods": "110", "nvidia.com/gpu": str(gpus)}
        body = {
            "metadata": {
                "name": name,
                "labels": {"kubernetes.io/hostname": name, **labels},
                "annotations": {"kwok.x-k8s.io/node": "fake"},
            },
            "status": {"capacity": has, "allocatable": has},
        }
        self.create("/api/v1/nodes", body)
        eventually(lambda: self._is_usable(name))

    def _is_usable(self, node: str) -> bool:
        found = self.http.get(f"/api/v1/nodes/{node}").json()
        conditions = {
            item["type"]: item["status"] for item in found["status"].get("conditions", [])
        }
        return conditions.get("Ready") == "True" and not found["spec"].get("taints")

    def _answers(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return self.http.get("/readyz").is_success
        return False

    def _log(self, component: str) -> Path:
        return self._folder / f"{component}.log"

    def _flags(self, component: str) -> list[str]:
        return flags(component, self._folder, self._ports, self.pods)

    def _write_files(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        keys = [str(self._program), "pki", "--folder", str(self._folder / "keys")]
        subprocess.run(keys, check=True)
        stages = subprocess.run([self._program, "stages"], check=True, capture_output=True)
        (self._folder / "stages.yaml").write_bytes(stages.stdout)
        lines = [
            f'{self._tokens[name]},{user},{name},"{group}"'
            for name, (user, group) in _ACCOUNTS.items()
        ]
        tokens = self._folder / "tokens.csv"
        tokens.touch(mode=0o600)
        tokens.write_text("\n".join(lines))
        for name, token in self._tokens.items():
            self.write_kubeconfig(self._folder / f"{name}.kubeconfig", token)


@contextlib.contextmanager
def running_control_plane(program: Path, folder: Path) -> Iterator[ControlPlane]:
    """Run one with two usable nodes."""
    with ControlPlane(program, folder) as plane:
        for number in (1, 2):
            plane.node(f"node-{number}", labels={})
        yield plane
