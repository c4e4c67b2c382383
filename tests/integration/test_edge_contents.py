"""A real center and a real edge: what lies on the disk, what a province chose, who makes room."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

from capability_sdk.client import CenterClient
from capability_sdk.packaging.signing import sign
from capability_sdk.profiling.columns import Tensor
from capability_sdk.sandbox import has_sandbox
from edge_gateway.agent.enrolment import Enrolment, enrol
from tests.center_process import CenterProcess, make_signing_key, running_center_process
from tests.center_store_world import pack
from tests.servers.process import accepts, free_port, refuse_or_skip, running
from tests.unit.capability_sdk.serving.packages import identity_model, manifest, write_package
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(400)

_TENSOR: dict[str, Any] = {"datatype": "FP32", "shape": [2]}
_ROWS = np.array([[number, 0.5] for number in range(100)], np.float32)
_CODE = """
class Capability:
    def infer(self, inputs, context):
        return {"o_x": inputs["x"] * context.settings["factor"]}
"""
_MORE_THAN_HALF = 600 * (os.cpu_count() or 1)
"""Thousandths of a core of this machine: there is room for one such instance."""
_PARTS = {
    "code": "code/capability.py",
    "weights": "model/weights.json",
    "parse-rule": "annotation/rule.toml",
    "anchors": "reference/profile.json",
}


@dataclass
class Field:
    """A center, the edge of a province, and the people of both."""

    center: CenterProcess
    author: CenterClient
    operator: CenterClient
    folder: Path
    edge: Path
    gateway: str

    def publish(self, name: str) -> None:
        """Publish code that multiplies by a setting, with something in each of its parts."""
        declared = manifest(
            name=name,
            version="1.0.0",
            engine="python",
            inputs=[_TENSOR | {"name": "x"}],
            outputs=[_TENSOR | {"name": "o_x"}],
            resources={"cpu_millicores": _MORE_THAN_HALF, "memory_mib": 128},
            settings={"factor": {"kind": "number", "default": 2.0}},
        )
        tensors: dict[str, Tensor] = {"x": _ROWS, "o_x": _ROWS}
        project = write_package(self.folder / name, declared, identity_model(declared), tensors)
        shutil.rmtree(project / "model")
        for path, text in (
            *(("code/capability.py", _CODE), ("model/weights.json", "[1, 2]")),
            *(("annotation/rule.toml", 'rule = "one"\n'), ("README.md", "# Factor\n")),
        ):
            (project / path).parent.mkdir(exist_ok=True)
            (project / path).write_text(text)
        sign(project, self.folder / "author.pem")
        archive = self.folder / f"{name}.tar.gz"
        archive.write_bytes(pack(project))
        self.center.publish(self.author, archive)

    def deploy(self, name: str, priority: str = "standard") -> None:
        body = {"versions": [{"version": "1.0.0", "weight": 1}], "priority": priority}
        self.operator.put(f"/provinces/zhejiang/deployments/{name}", body)

    def choose(self, name: str, factor: float) -> None:
        path = f"/provinces/zhejiang/deployments/{name}/settings"
        self.operator.put(path, {"values": {"factor": factor}, "reason": "better here"})

    def line(self, name: str) -> dict[str, Any]:
        """Return the matrix's one version of a capability; empty while there is none."""
        cells = self.operator.get("/consistency/matrix", capability=name)["cells"]
        line: dict[str, Any] = cells[0]["v"][0] if cells else {}
        return line

    def is_whole(self, name: str) -> bool:
        line = self.line(name)
        return (line.get("t"), line.get("ready")) == ("=====", 1)

    def wrong_parts(self, name: str) -> list[dict[str, Any]]:
        (line,) = self.operator.get("/consistency", capability=name)["items"]
        return [part for part in line["parts"] if part["tick"] == "!"]


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    if not has_sandbox():
        refuse_or_skip("a sandbox for the code of packages", "install bubblewrap")
    folder = tmp_path_factory.mktemp("field")
    # A Unix socket's path has at most 107 characters, and pytest's folders have long names.
    with (
        tempfile.TemporaryDirectory(prefix="jz") as short,
        running_center_process(folder / "center") as center,
    ):
        edge, port = Path(short) / "p", free_port()
        code = center.add_province("zhejiang")
        enrol(Enrolment(center.url, code, edge, port, free_port()))
        author = center.join("author", "engineer")
        make_signing_key(author, folder / "author.pem")
        operator = center.join("op", "operator", "zhejiang")
        field = Field(center, author, operator, folder, edge, f"http://127.0.0.1:{port}")
        field.publish("factor")
        field.deploy("factor", priority="best-effort")
        # An instance that ran before would leave no room for one with what is chosen here.
        field.choose("factor", 3.0)
        with running(
            [sys.executable, "-m", "capability_sdk.cli", "edge", "run", "--data", str(edge)],
            log=edge / "logs" / "run.log",
            is_ready=lambda: accepts(port),
        ):
            yield field
        author.close()
        operator.close()


@pytest.fixture(scope="module")
def factor(field: Field) -> str:
    """A capability that runs with settings, and nothing of it differs."""
    eventually(lambda: field.is_whole("factor"), 120)
    return "factor"


@pytest.fixture(scope="module")
def caller(field: Field, factor: str) -> tuple[str, str]:
    """Id and secret of somebody who may call it."""
    credential = field.center.subscribe(field.operator, "zhejiang", factor)
    return credential["client_id"], credential["client_secret"]


def _answer(field: Field, factor: str, caller: tuple[str, str]) -> list[float]:
    """Return what a call gives; nothing while calls are not answered yet."""
    form = {"grant_type": "client_credentials"}
    told = httpx2.post(f"{field.gateway}/oauth2/token", data=form, auth=caller)
    if told.status_code != 200:
        return []
    tensor = {**_TENSOR, "name": "x", "shape": [1, 2], "data": [1.0, 5.0]}
    said = httpx2.post(
        f"{field.gateway}/v2/models/{factor}/infer",
        json={"inputs": [tensor]},
        headers={"Authorization": f"Bearer {told.json()['access_token']}"},
    )
    values: list[float] = said.json()["outputs"][0]["data"] if said.status_code == 200 else []
    return values


def test_what_the_province_chose_is_what_the_code_computes_with(
    field: Field, factor: str, caller: tuple[str, str]
) -> None:
    assert eventually(lambda: _answer(field, factor, caller), 60) == [3.0, 15.0]


@pytest.mark.parametrize("part", [*_PARTS, "overlay"])
def test_R048_one_byte_changed_in_a_part_is_named_and_repaired(
    field: Field, factor: str, part: str
) -> None:
    if part == "overlay":
        (file,) = (field.edge / "overlays").iterdir()
    else:
        (package,) = (path for path in (field.edge / "packages").iterdir() if path.is_dir())
        file = package / _PARTS[part]
    content = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(bytes([content[0] ^ 1]) + content[1:])

    (wrong,) = eventually(lambda: field.wrong_parts(factor), 120)

    assert wrong["part"] == part
    assert wrong["actual"] != wrong["desired"]
    assert "disk" in wrong["cure"]
    eventually(lambda: field.is_whole(factor), 120)


def test_an_instance_with_settings_of_before_serves_but_does_not_count(
    field: Field, factor: str, caller: tuple[str, str]
) -> None:
    field.choose(factor, 4.0)

    def is_told() -> bool:
        line = field.line(factor)
        return (line["t"], line["ready"]) == ("=====", 0)

    eventually(is_told, 60)
    answer = _answer(field, factor, caller)
    field.choose(factor, 3.0)
    eventually(lambda: field.is_whole(factor), 60)
    assert answer == [3.0, 15.0]


def test_standard_work_makes_best_effort_work_give_way(field: Field, factor: str) -> None:
    assert field.line(factor)["ready"] == 1
    field.publish("urgent")

    field.deploy("urgent")

    eventually(lambda: field.line("urgent").get("ready") == 1, 120)
    eventually(lambda: field.line(factor)["ready"] == 0, 60)
