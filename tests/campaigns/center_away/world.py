"""A real center, and a province that runs under its real supervisor with a real instance.

Only the way of the package is cut short: it is in the province's folder before the agent starts,
which verifies it by the digests of a release that the center's own key signed.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
from onnx import TensorProto, helper, save

from capability_sdk.client import CenterClient
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.packages import RELEASE_TYPE, PackageDigests, Release
from capability_sdk.kit.local_credential import INTERNAL_TOKEN_FILE
from capability_sdk.packaging.digests import digests_of
from center.access.keys import KeyRing
from center.access.vault import Vault
from center.capability.rows import CapabilityRow, CapabilityVersionRow
from center.database import Database
from center.identity.service.users import create_first_admin
from center.schema import migrate
from edge_gateway.agent.enrolment import Enrolment, enrol
from edge_gateway.gateway.endpoints import ENDPOINTS_FILE
from edge_gateway.state import load_site
from tests.campaigns.harness import ROOT
from tests.center_world import PASSWORD
from tests.servers.process import accepts, free_port
from tests.waiting import eventually

PROVINCE = "zhejiang"
SERVED, OTHER = "digit-recognition", "letter-recognition"
EDGE_PROCESSES = ("gateway", "agent", "scheduler", "instance", "supervisor")
_VERSION = "1.0.0"
_MANIFEST = """
name = "{name}"
version = "1.0.0"
titles = {{zh = "测试", en = "Test"}}
summary = {{zh = "测试", en = "Test"}}
domain = "testing"
owner = "tests"
algorithm_family = "linear"
inputs = [{{name = "x", datatype = "FP32", shape = [2]}}]
outputs = [{{name = "y", datatype = "FP32", shape = [2]}}]
"""
_START_SECONDS = 90.0
_TERMS = {"daily_quota": 10_000_000, "rate_per_second": 100_000, "concurrency": 1000}
_MODULES = {
    "gateway": "edge_gateway.gateway",
    "agent": "edge_gateway.agent",
    "scheduler": "scheduler",
    "instance": "capability_sdk.serving",
}


@dataclass
class CenterProcess:
    """``python -m center``, which goes in several ways and comes back."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        environment = {
            "CENTER_DATA": str(self.folder / "center"),
            "CENTER_PORT": str(self.port),
            "PYTHONPATH": str(ROOT),
        }
        log = self.folder / "center.log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "center"],
                cwd=ROOT,
                env={**os.environ, **environment},
                stdout=output,
                stderr=output,
            )
        eventually(lambda: accepts(self.port), _START_SECONDS)

    def go(self, way: str) -> None:
        """Be gone: ``killed`` refuses connections, ``hung`` takes them and never answers."""
        assert self.process is not None
        if way == "killed":
            self.process.kill()
            self.process.wait()
        else:
            self.process.send_signal(signal.SIGSTOP)

    def come_back(self, way: str) -> None:
        assert self.process is not None
        if way == "killed":
            self.start()
        else:
            self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()


@dataclass
class Edge:
    """The province: its folder, and ``jiuzhou edge run`` over it."""

    folder: Path
    port: int
    supervisor: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        log = self.folder / "logs" / "edge.log"
        environment = {"AGENT_LONGEST_DELAY": "PT0.5S", "PYTHONPATH": str(ROOT)}
        with log.open("ab") as output:
            self.supervisor = subprocess.Popen(
                [sys.executable, "-m", "capability_sdk.cli", "edge", "run", "--data", self.folder],
                cwd=ROOT,
                env={**os.environ, **environment},
                stdout=output,
                stderr=output,
            )

    def find(self, name: str) -> psutil.Process | None:
        """Find a process of the province by what it runs."""
        assert self.supervisor is not None
        if name == "supervisor":
            return psutil.Process(self.supervisor.pid)
        for child in psutil.Process(self.supervisor.pid).children(recursive=True):
            try:
                command = child.cmdline()
            except psutil.Error:
                continue
            if "-m" in command and command[command.index("-m") + 1] == _MODULES[name]:
                return child
        return None

    def kill(self, name: str) -> None:
        """End a process at once; whoever watches it starts it again, the campaign the watcher."""
        assert self.supervisor is not None
        process = eventually(lambda: self.find(name))
        assert process is not None
        process.kill()
        if name == "supervisor":
            self.supervisor.wait()
            self.start()

    def knows_all_ready(self) -> bool:
        """Whether the scheduler sees all instances ready, and the gateway has its newest list."""
        # In this order: a list that is published after the look at the instances holds them.
        is_ready = all(item["health"] == "ready" for item in self._ask_scheduler("instances"))
        newest = self._ask_scheduler("endpoints")
        kept = json.loads((self.folder / ENDPOINTS_FILE).read_text())
        return is_ready and bool(newest["endpoints"]) and newest["revision"] == kept["revision"]

    def _ask_scheduler(self, what: str) -> Any:  # noqa: ANN401 - JSON
        port = load_site(self.folder).scheduler_port
        secret = (self.folder / INTERNAL_TOKEN_FILE).read_text().strip()
        headers = {"authorization": f"Bearer {secret}"}
        url = f"http://127.0.0.1:{port}/api/v1/{what}"
        answer = httpx.get(url, headers=headers, trust_env=False, timeout=15)
        return answer.raise_for_status().json()

    def end(self) -> None:
        if self.supervisor is not None and self.supervisor.poll() is None:
            self.supervisor.terminate()
            try:
                self.supervisor.wait(60)
            except subprocess.TimeoutExpired:
                self.supervisor.kill()
                self.supervisor.wait()


@dataclass
class Application:
    """A calling system's credentials."""

    client_id: str
    secret: str


@dataclass
class World:
    """Everything that runs; ``admin`` speaks to the center."""

    center: CenterProcess
    admin: CenterClient
    edge: Edge
    known: Application
    """May call both capabilities; the province's own issuer may name only the served one."""
    closed: Application
    """Was disabled before the center went."""
    package: Path


@contextmanager
def running_world(logs: Path) -> Iterator[World]:
    """Run the world for the length of a ``with`` block; its logs outlive it."""
    # A Unix socket's path has at most 107 characters, and a campaign's folder has a long name.
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jz")))
        stack.callback(_keep_logs, folder, logs)
        declared = _manifest(SERVED)
        project = _write_package(folder / "package", declared)
        digests = digests_of(project)
        _prepare_center(folder / "center", declared, digests)
        center = CenterProcess(folder)
        stack.callback(center.end)
        center.start()
        with CenterClient(center.url) as guest:
            token = guest.sign_in("root", PASSWORD, label="campaign")
        admin = stack.enter_context(CenterClient(center.url, token))
        yield _join(folder, stack, center, admin, project, digests)


def _join(
    folder: Path,
    stack: ExitStack,
    center: CenterProcess,
    admin: CenterClient,
    project: Path,
    digests: PackageDigests,
) -> World:
    titles = {"zh": PROVINCE, "en": PROVINCE}
    admin.post("/provinces", {"name": PROVINCE, "titles": titles})
    limit = {"enabled": True, "capabilities": [SERVED]}
    admin.put(f"/provinces/{PROVINCE}/delegated-issuer", limit)
    asker = _invite(stack, center, admin)
    known, closed = (_subscribed(admin, asker, name) for name in ("bank", "post"))
    shares = [{"version": _VERSION, "weight": 1, "replicas": 1}]
    admin.put(f"/provinces/{PROVINCE}/deployments/{SERVED}", {"versions": shares})
    code = admin.post(f"/provinces/{PROVINCE}/enrolment-codes")["code"]
    edge = Edge(folder / PROVINCE, free_port())
    enrol(Enrolment(center.url, code, edge.folder, edge.port, free_port()))
    package = edge.folder / "packages" / digests.package.removeprefix("sha256:")
    shutil.copytree(project, package)
    stack.callback(edge.end)
    edge.start()
    return World(center, admin, edge, known, closed, package)


def _invite(stack: ExitStack, center: CenterProcess, admin: CenterClient) -> CenterClient:
    """Make a second admin: nobody approves what they asked for themselves."""
    person = {"name": "asker", "role": "admin", "organisation": "center"}
    code = admin.post("/users", person)["invitation"]["code"]
    with CenterClient(center.url) as guest:
        guest.post("/invitations:accept", {"code": code, "password": PASSWORD})
        token = guest.sign_in("asker", PASSWORD, label="campaign")
    return stack.enter_context(CenterClient(center.url, token))


def _subscribed(admin: CenterClient, asker: CenterClient, name: str) -> Application:
    made = admin.post("/applications", {"name": name, "province": PROVINCE})
    for capability in (SERVED, OTHER):
        wish = {"application": made["client_id"], "capability": capability, "purpose": "campaign"}
        subscription = asker.post("/subscriptions", {**wish, **_TERMS})["id"]
        admin.post(f"/subscriptions/{subscription}:approve")
    return Application(made["client_id"], made["client_secret"])


def _manifest(name: str) -> Manifest:
    return Manifest.from_toml(_MANIFEST.format(name=name))


def _write_package(folder: Path, declared: Manifest) -> Path:
    """Write a package whose answer is the question."""
    (folder / "model").mkdir(parents=True)
    (folder / "capability.toml").write_text(_MANIFEST.format(name=declared.name))
    x, y = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 2]) for name in ("x", "y")
    )
    node = helper.make_node("Identity", ["x"], ["y"])
    graph = helper.make_graph([node], "identity", [x], [y])
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    save(model, folder / "model" / "model.onnx")
    return folder


def _prepare_center(data: Path, served: Manifest, digests: PackageDigests) -> None:
    """Make the center's tables, keys and first admin, and publish two capabilities."""
    data.mkdir()
    database = Database(f"sqlite:///{data / 'center.db'}")
    migrate(database)
    now = datetime.now(UTC)
    create_first_admin(database, "root", PASSWORD, now)
    keys = KeyRing(Vault(data / "keys"))
    keys.prepare(database, now)
    with database.session() as session:
        for item in (served, _manifest(OTHER)):
            name = item.name
            session.add(CapabilityRow(name=name, skeleton=name, owner="center", created_at=now))
            session.flush()
            session.add(_published(item, digests, keys, now))
    database.close()


def _published(
    item: Manifest, digests: PackageDigests, keys: KeyRing, now: datetime
) -> CapabilityVersionRow:
    release = Release(
        capability=item.name,
        version=item.version,
        manifest=item,
        digests=digests,
        author="li",
        author_key="",
        approved_by="root",
        approved_at=now,
    )
    signed = keys.sign_jws(release.model_dump_json(by_alias=True).encode(), RELEASE_TYPE, "release")
    columns: dict[str, Any] = {f"{kind}_digest": text for kind, text in digests}
    return CapabilityVersionRow(
        **columns,
        capability=item.name,
        version=item.version,
        stage="published",
        domain=item.domain,
        search_text=item.name,
        manifest=item.model_dump(mode="json"),
        archive_digest="sha256:" + "0" * 64,
        archive_bytes=1,
        author="li",
        organisation="center",
        author_key="",
        uploaded_at=now,
        release=signed,
    )


def _keep_logs(folder: Path, logs: Path) -> None:
    for log in folder.rglob("*.log"):
        kept = logs / "logs" / log.relative_to(folder)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(log, kept)
