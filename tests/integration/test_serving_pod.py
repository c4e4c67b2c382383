"""An instance as a pod runs it: told what to serve by a file, called over TCP with a credential."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from capability_sdk.packaging.digests import digests_of
from tests.integration.serving_process import CAPABILITY, ROOT, scaling_package
from tests.servers.process import free_port
from tests.waiting import eventually

CREDENTIAL = "the-credential-of-this-workload"


class Pod:
    """A pod's process, its mounts and a client of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pointer = folder / "served.json"
        (folder / "credential").write_text(CREDENTIAL)
        self.port = free_port()
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"authorization": f"Bearer {CREDENTIAL}"},
        )

    def serve(self, *packages: Path) -> None:
        """Point at packages, as a cluster does: the file is replaced as a whole."""
        self.point_at(*(entry(package) for package in packages))

    def point_at(self, *versions: dict[str, Any]) -> None:
        coming = self.folder / "coming"
        coming.write_text(json.dumps({"schema": 1, "name": CAPABILITY, "versions": versions}))
        coming.rename(self.pointer)

    def start(self) -> "subprocess.Popen[bytes]":
        command = [
            *(sys.executable, "-m", "capability_sdk.serving.pod"),
            *("--served", str(self.pointer), "--port", str(self.port)),
            *("--credential", str(self.folder / "credential")),
            *("--socket", str(self.folder / "http.sock"), "--instance", "pod-1"),
            *("--journal", str(self.folder / "journal")),
        ]
        with (self.folder / "log").open("wb") as log:
            return subprocess.Popen(
                command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log
            )

    def status(self, path: str) -> int:
        try:
            return self.http.get(path).status_code
        except httpx.HTTPError:
            return 0

    def serves(self, version: str) -> bool:
        return self.status(f"/v2/models/{CAPABILITY}/versions/{version}/ready") == 200

    def factor(self, version: str) -> float:
        """Return what the weights in service multiply by."""
        item = {"name": "x", "datatype": "FP32", "shape": [1, 1], "data": [1.0]}
        path = f"/v2/models/{CAPABILITY}/versions/{version}/infer"
        answer = self.http.post(path, json={"inputs": [item]})
        found: float = answer.json()["outputs"][0]["data"][0]
        return found


def entry(package: Path) -> dict[str, Any]:
    """Describe a package, whose folder has the name of its version."""
    digests = digests_of(package)
    return {
        "version": package.name,
        "folder": str(package),
        "code_digest": digests.code,
        "weights_digest": digests.weights,
    }


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    """A pod that serves 1.0.0, whose weights are 2."""
    pod = Pod(tmp_path)
    pod.serve(scaling_package(tmp_path / "1.0.0", "1.0.0", 2.0))
    process = pod.start()
    try:
        eventually(lambda: process.poll() is not None or pod.status("/v2/health/ready") == 200)
        assert process.poll() is None, (tmp_path / "log").read_text()
        yield pod
    finally:
        process.terminate()
        process.wait(60)
        pod.http.close()


def test_weights_change_with_the_pointer_in_the_process_that_runs(pod: Pod) -> None:
    old, new = pod.folder / "1.0.0", scaling_package(pod.folder / "1.1.0", "1.1.0", 3.0)

    pod.serve(old, new)
    eventually(lambda: pod.serves("1.1.0"))
    assert (pod.factor("1.0.0"), pod.factor("1.1.0")) == (2.0, 3.0)

    pod.serve(new)
    eventually(lambda: not pod.serves("1.0.0"))
    assert pod.factor("1.1.0") == 3.0


def test_a_pointer_at_weights_that_are_not_those_of_their_digest_takes_nothing_away(
    pod: Pod,
) -> None:
    tampered = scaling_package(pod.folder / "1.1.0", "1.1.0", 3.0)
    promised = entry(tampered)
    (tampered / "model" / "model.onnx").write_bytes(b"of somebody else")
    pod.point_at(promised)

    eventually(lambda: "the pointer is not followed" in (pod.folder / "log").read_text())

    assert not pod.serves("1.1.0")
    assert pod.factor("1.0.0") == 2.0


def test_health_is_told_to_the_kubelet_and_all_else_to_the_gateway_alone(pod: Pod) -> None:
    paths = ["/metrics", "/v2", f"/v2/models/{CAPABILITY}", f"/v2/models/{CAPABILITY}/infer"]
    with httpx.Client(base_url=pod.http.base_url) as stranger:
        assert stranger.get("/v2/health/live").status_code == 200
        assert stranger.get("/v2/health/ready").status_code == 200
        assert {stranger.get(path).status_code for path in paths} == {401}
