"""A deployment that names ``triton``: where it is placed, what serves it, and what if it is left."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.packaging.digests import digests_of
from tests.integration.scheduler_world import SchedulerProcess, deployment
from tests.servers import peers
from tests.unit.capability_sdk.serving.packages import identity_model, manifest, write_package
from tests.waiting import eventually


@contextmanager
def running_scheduler(province: Path, **settings: str) -> Iterator[SchedulerProcess]:
    scheduler = SchedulerProcess(
        province, SCHEDULER_SERVING_MODULE="capability_sdk.serving", **settings
    )
    try:
        yield scheduler.start()
    finally:
        scheduler.stop()


def wanted(province: Path, engine: str | None) -> dict[str, Any]:
    folder = province / "package"
    declared = manifest(resources={"cpu_millicores": 10, "memory_mib": 64})
    if not folder.exists():
        write_package(folder, declared, identity_model(declared))
    read = Manifest.from_toml((folder / "capability.toml").read_text())
    digests = digests_of(folder)
    return {
        **deployment(folder, read.version),
        "capability": read.name,
        "manifest": read.model_dump(mode="json"),
        "code_digest": digests.code,
        "weights_digest": digests.weights,
        "engine": engine,
    }


def tritonservers(scheduler: SchedulerProcess) -> list[psutil.Process]:
    assert scheduler.process is not None
    children = psutil.Process(scheduler.process.pid).children(recursive=True)
    return [item for item in children if item.name() == "tritonserver"]


def infer(address: str) -> httpx.Response:
    tensor = {"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1.5, 2.5]}
    transport = httpx.HTTPTransport(uds=address.removeprefix("unix:"))
    with httpx.Client(transport=transport) as http:
        return http.post("http://instance/v2/models/sample/infer", json={"inputs": [tensor]})


def test_a_node_without_a_tritonserver_shows_that_it_lacks_the_engine(province: Path) -> None:
    with running_scheduler(province, SCHEDULER_ENGINES=json.dumps(["onnx"])) as scheduler:
        scheduler.put(wanted(province, "triton"))
        (decision,) = eventually(scheduler.decisions)

    assert decision["node"] is None
    (candidate,) = decision["candidates"]
    assert candidate["failed"] == {
        "constraint": "engine",
        "reason": "needs engine triton, the node has onnx",
        "cure": "install engine triton on the node",
    }


def test_an_environment_without_the_wheel_is_not_offered(province: Path) -> None:
    with running_scheduler(province, SCHEDULER_TRITON="/nowhere") as scheduler:
        (node,) = scheduler.http.get("/api/v1/nodes").json()
        log = (province / "scheduler.log").read_text()

    assert "triton" not in node["metadata"]["engines"]
    assert "engine triton is not offered: /nowhere is no Python environment that works" in log


def test_triton_serves_what_names_it_and_the_runtime_takes_over_when_it_is_left(
    province: Path,
) -> None:
    environment = str(peers.environment("tritonserver"))
    with running_scheduler(province, SCHEDULER_TRITON=environment) as scheduler:
        scheduler.put(wanted(province, "triton"))
        (endpoint,) = eventually(scheduler.endpoints)
        with_triton = infer(endpoint["address"])
        assert len(tritonservers(scheduler)) == 1

        scheduler.put(wanted(province, None))
        (other,) = eventually(
            lambda: [e for e in scheduler.endpoints() if e["instance"] != endpoint["instance"]]
        )
        eventually(lambda: not tritonservers(scheduler))
        without = infer(other["address"])

    assert with_triton.json() == without.json()
    for header in ("x-code-digest", "x-weights-digest", "x-capability-version"):
        assert with_triton.headers[header] == without.headers[header]
