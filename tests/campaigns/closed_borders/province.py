"""A real province whose every byte to the center is recorded, and a capability that echoes."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.packaging.builder import build_package
from edge_gateway.agent.enrolment import Enrolment, enrol
from tests.center_process import CenterProcess, make_signing_key
from tests.servers.process import free_port
from tests.servers.recorder import Recorder
from tests.unit.capability_sdk.serving.packages import identity_model, manifest, write_package
from tests.waiting import eventually

NAME = "echo"
VERSION = "1.2.3"
PROVINCE = "zhejiang"
LEVELS = ["bill", "fault", "move", "query"]
INFER = f"/v2/models/{NAME}/infer"
_TYPES = {"amount": "FP64", "small": "FP32", "phone": "INT64", "word": "BYTES", "secret": "BYTES"}


def echo_manifest() -> Manifest:
    """Numbers, an identifier, a category and a sensitive text come in and go out again."""
    inputs: list[dict[str, Any]] = [{"name": n, "datatype": t} for n, t in _TYPES.items()]
    inputs[3]["levels"] = LEVELS
    inputs[4]["sensitive"] = True
    outputs = [{**spec, "name": f"o_{spec['name']}"} for spec in inputs]
    quality = {"task": "classification", "output": "o_word", "labels": LEVELS}
    return manifest(name=NAME, version=VERSION, inputs=inputs, outputs=outputs, quality=quality)


def request(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Make the Open Inference Protocol request of some rows."""
    return {
        "inputs": [
            {
                "name": name,
                "datatype": datatype,
                "shape": [len(rows)],
                "data": [r[name] for r in rows],
            }
            for name, datatype in _TYPES.items()
        ]
    }


def build_echo(folder: Path, key: Path) -> Path:
    """Build the signed archive of the capability; returns its path."""
    declared = echo_manifest()
    chance = np.random.default_rng(1)
    tensors: dict[str, Any] = {
        "amount": chance.normal(100.0, 20.0, 400),
        "small": chance.normal(0.0, 1.0, 400).astype(np.float32),
        "phone": chance.integers(1000, 2000, 400),
        "word": np.array([LEVELS[i % 4] for i in range(400)], dtype=object),
    }
    tensors |= {f"o_{name}": values for name, values in tensors.items()}
    project = write_package(folder / "project", declared, identity_model(declared), tensors)
    (project / "README.md").write_text("# Echo\n")
    (project / "samples").mkdir()
    row = {"amount": 1.5, "small": 0.5, "phone": 1200, "word": "bill", "secret": "none"}
    expected = {f"o_{name}": [value] for name, value in row.items()}
    sample = {"request": request([row]), "expected": expected}
    (project / "samples" / "one.json").write_text(json.dumps(sample))
    return build_package(project, folder / "package.tar.gz", signing_key=key).path


@dataclass
class BorderProvince:
    """The province: ``jiuzhou edge run`` in a folder, and a caller of its gateway."""

    folder: Path
    gateway_port: int
    credential: dict[str, Any]
    process: "subprocess.Popen[bytes] | None" = None
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{self.gateway_port}", trust_env=False, timeout=30
        )

    def start(self) -> None:
        """Start it and wait until the capability is served."""
        environment = {"AGENT_PROFILE_FLUSH": "PT2S", "AGENT_LONGEST_DELAY": "PT0.5S"}
        environment["SCHEDULER_SAMPLE_SHARE"] = "1"
        with (self.folder / "logs" / "edge.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "capability_sdk.cli", "edge", "run", "--data", self.folder],
                env={**os.environ, **environment},
                stdout=log,
                stderr=log,
            )
        eventually(self._serves, 180)

    def stop(self) -> None:
        """Stop it as an operator does."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)

    def sign_in(self) -> None:
        """Fetch a token; calls carry it from now on."""
        self.http.headers.pop("authorization", None)
        answer = self.http.post(
            "/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(self.credential["client_id"], self.credential["client_secret"]),
        )
        assert answer.status_code == 200, answer.text
        self.http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"

    def instances(self) -> list[psutil.Process]:
        """Find the serving processes."""
        assert self.process is not None
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in children if "capability_sdk.serving" in child.cmdline()]

    def addresses(self) -> set[int]:
        """Name the remote TCP ports that the province's processes are connected to."""
        assert self.process is not None
        ports = set()
        for child in psutil.Process(self.process.pid).children(recursive=True):
            ports |= {c.raddr.port for c in child.net_connections("tcp") if c.raddr}
        return ports

    def remembered(self, query: str) -> list[Any]:
        """Read from the agent's database."""
        with sqlite3.connect(f"file:{self.folder / 'agent.db'}?mode=ro", uri=True) as database:
            return database.execute(query).fetchall()

    def _serves(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "logs" / "edge.log").read_text()
        try:
            self.sign_in()
            return self.http.get(INFER.removesuffix("/infer")).is_success
        except (httpx.HTTPError, AssertionError):
            return False


@contextmanager
def running_province(
    center: CenterProcess, recorder: Recorder, scratch: Path, folder: Path
) -> Iterator[BorderProvince]:
    """Publish the capability, let a new province subscribe and deploy it, and run the province."""
    author = center.join("author", "engineer")
    code = center.add_province(PROVINCE)
    archive = build_echo(scratch, make_signing_key(author, scratch / "author.pem"))
    center.publish(author, archive)
    operator = center.join("operator", "operator", PROVINCE)
    credential = center.subscribe(operator, PROVINCE, NAME)
    share = {"version": VERSION, "weight": 1, "replicas": 1}
    operator.put(f"/provinces/{PROVINCE}/deployments/{NAME}", {"versions": [share]})
    port = free_port()
    enrol(Enrolment(f"http://127.0.0.1:{recorder.port}", code, folder, port, free_port()))
    province = BorderProvince(folder, port, credential)
    try:
        province.start()
        yield province
    finally:
        province.stop()
        province.http.close()
        author.close()
        operator.close()
