"""A real scheduler process in a province's folder, and what its tests say to it."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.servers.process import free_port
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
STAND_IN = "tests.servers.standin_instance"


def package(folder: Path, conduct: str = "serve") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "conduct").write_text(conduct)
    return folder


def deployment(
    where: Path,
    version: str = "1.0.0",
    **changes: Any,  # noqa: ANN401 - members of two JSON documents
) -> dict[str, Any]:
    """Describe a deployment; ``changes`` are members of its manifest or of itself."""
    titles = {"zh": "数字", "en": "Digits"}
    manifest: dict[str, Any] = {
        "name": "digit-recognition",
        "version": version,
        "titles": titles,
        "summary": titles,
        "domain": "finance",
        "owner": "center",
        "algorithm_family": "mlp",
        "engine": "onnx",
        "inputs": [{"name": "image", "datatype": "FP32", "shape": [64]}],
        "outputs": [{"name": "digit", "datatype": "INT64", "shape": []}],
        "resources": {"cpu_millicores": 10, "memory_mib": 64},
    }
    own = {"replicas", "priority", "apart", "passport", "code_digest", "weights_digest", "scaling"}
    manifest |= {name: value for name, value in changes.items() if name not in own}
    return {
        "capability": manifest["name"],
        "version": version,
        "package_path": str(where),
        "code_digest": "sha256:" + "0" * 64,
        "weights_digest": "sha256:" + version.replace(".", "").zfill(64),
        "manifest": manifest,
        **{name: value for name, value in changes.items() if name in own},
    }


def _client(port: int) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30)


class SchedulerProcess:
    """``python -m scheduler`` on a free port."""

    def __init__(self, province: Path, **settings: str) -> None:
        self.province = province
        self.port = free_port()
        self._settings = {"SCHEDULER_SERVING_MODULE": STAND_IN, "SCHEDULER_DRAIN": "PT0.2S"}
        self._settings |= settings
        self.process: subprocess.Popen[bytes] | None = None
        self.http = _client(self.port)
        self.revision = 0

    def start(self) -> "SchedulerProcess":
        self.process = self.spawn()
        return self.take_over()

    def take_over(self) -> "SchedulerProcess":
        """Wait until it serves, as it does at once where no other scheduler has the folder."""
        eventually(self._is_ready, 120)
        token = (self.province / "internal.token").read_text()
        self.http.headers["authorization"] = f"Bearer {token}"
        return self

    def beside(self) -> "SchedulerProcess":
        """Return a second scheduler of the folder and the port, which stands by."""
        second = SchedulerProcess(self.province, **self._settings, SCHEDULER_STANDBY="true")
        second.http.close()
        second.port, second.http = self.port, _client(self.port)
        second.process = second.spawn()
        return second

    def spawn(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "scheduler"]
        command += ["--data", str(self.province), "--port", str(self.port)]
        environment = {**os.environ, **self._settings, "PYTHONPATH": str(ROOT)}
        with (self.province / "scheduler.log").open("ab") as log:
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def stop(self) -> int:
        self.http.close()
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(25)  # it waits for no long poll of 30 s

    def put(
        self,
        *deployments: dict[str, Any],
        **members: Any,  # noqa: ANN401 - members of a JSON document
    ) -> httpx.Response:
        self.revision += 1
        body = {"schema": 1, "revision": self.revision, "deployments": deployments, **members}
        return self.http.put("/api/v1/deployments", json=body)

    def instances(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get("/api/v1/instances").json()
        return found

    def decisions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get("/api/v1/decisions").json()
        return found

    def endpoints(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get("/api/v1/endpoints?wait=30").json()["endpoints"]
        return found

    def versions(self) -> list[str]:
        return [item["version"] for item in self.endpoints()]

    def pids(self) -> set[int]:
        """Process ids of the present instances."""
        assert self.process is not None
        children = psutil.Process(self.process.pid).children(recursive=True)
        found = set()
        for child in children:
            # One that has just ended, reaped or not, is no present instance.
            with contextlib.suppress(psutil.NoSuchProcess):
                if "--instance" in child.cmdline():
                    found.add(child.pid)
        return found

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.province / "scheduler.log").read_text()
        try:
            return self.http.get("/health/ready").is_success
        except httpx.HTTPError:
            return False


Launch = Callable[..., SchedulerProcess]
"""Starts a scheduler with settings such as ``SCHEDULER_DRAIN``."""
