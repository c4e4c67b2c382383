"""A serving instance as the scheduler starts it, with its data socket and its admin socket."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from onnx import TensorProto, helper, numpy_helper

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.packaging.digests import digests_of
from tests.unit.capability_sdk.serving.packages import manifest, write_package
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
CAPABILITY = "scaling"


def scaling_manifest(version: str, **changes: Any) -> Manifest:  # noqa: ANN401 - of any type
    """Declare a capability that multiplies its input by its weights."""
    one = {"datatype": "FP32", "shape": [1]}
    members = {
        "name": CAPABILITY,
        "version": version,
        "inputs": [{"name": "x", **one}],
        "outputs": [{"name": "y", **one}],
        "quality": {"task": "regression", "output": "y"},
    }
    return manifest(**{**members, **changes})


def scaling_package(
    folder: Path,
    version: str,
    factor: float,
    *,
    weights: int = 1,
    **changes: Any,  # noqa: ANN401 - members of a manifest, of any type
) -> Path:
    """Write a package of ``weights`` equal numbers, ``factor``, so that an answer tells whose it is."""
    declared = scaling_manifest(version, **changes)
    (given,), (out,) = declared.inputs, declared.outputs
    shape = [None, *given.shape]
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMax", ["w"], ["factor"], axes=[0]),
            helper.make_node("Mul", [given.name, "factor"], [out.name]),
        ],
        "scaling",
        [helper.make_tensor_value_info(given.name, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(out.name, TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(np.full(weights, factor, np.float32), "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return write_package(folder, declared, model)


@dataclass(frozen=True)
class Instance:
    """A running instance and clients of its two sockets."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    data: httpx.Client
    admin: httpx.Client

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def infer(self, value: float, version: str | None = None) -> httpx.Response:
        path = f"/v2/models/{CAPABILITY}{f'/versions/{version}' if version else ''}/infer"
        item = {"name": "x", "datatype": "FP32", "shape": [1, 1], "data": [value]}
        return self.data.post(path, json={"inputs": [item]})

    def load(self, package: Path, version: str, **changes: str) -> httpx.Response:
        digests = digests_of(package)
        parameters = {
            "version": version,
            "folder": str(package),
            "code_digest": digests.code,
            "weights_digest": digests.weights,
            **changes,
        }
        path = f"/v2/repository/models/{CAPABILITY}/load"
        return self.admin.post(path, json={"parameters": parameters})

    def unload(self, version: str) -> httpx.Response:
        path = f"/v2/repository/models/{CAPABILITY}/unload"
        return self.admin.post(path, json={"parameters": {"version": version}})

    def index(self) -> dict[str, tuple[str, str]]:
        found = self.admin.post("/v2/repository/index").json()
        return {item["version"]: (item["state"], item["reason"]) for item in found}


@contextmanager
def running_instance(package: Path, folder: Path, *options: str) -> Iterator[Instance]:
    """Serve a package for the length of a ``with`` block."""
    folder.mkdir(parents=True, exist_ok=True)
    digests = digests_of(package)
    command = [
        *(sys.executable, "-m", "capability_sdk.serving", "--package", str(package)),
        *("--socket", str(folder / "http.sock"), "--admin", str(folder / "admin.sock")),
        *("--journal", str(folder / "journal"), "--instance", "i-1"),
        *("--code-digest", digests.code, "--weights-digest", digests.weights, *options),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log
        )
    with _client(folder / "http.sock") as data, _client(folder / "admin.sock") as admin:
        try:
            eventually(lambda: _is_ready(process, folder, data))
            yield Instance(process, folder, data, admin)
        finally:
            process.kill()
            process.wait()


def _client(path: Path) -> httpx.Client:
    transport = httpx.HTTPTransport(uds=str(path))
    return httpx.Client(transport=transport, base_url="http://instance", timeout=30)


def _is_ready(process: "subprocess.Popen[bytes]", folder: Path, data: httpx.Client) -> bool:
    assert process.poll() is None, (folder / "log").read_text()
    # Not with httpx at first: it leaks the socket of a refused connection.
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(str(folder / "http.sock")) != 0:
            return False
    return data.get("/v2/health/ready").status_code == 200
