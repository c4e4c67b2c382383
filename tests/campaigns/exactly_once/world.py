"""The world under attack: a real center, and two provinces with real gateways and agents.

Between agents and center stands a `FaultLink`; instances are small stand-ins that journal their
predictions. People, applications, subscriptions and deployments are made over HTTP.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from capability_sdk.client import CenterClient
from capability_sdk.contracts.nodes import Endpoint, EndpointList
from center.capability.rows import CapabilityRow
from center.database import Database
from center.identity.service.users import create_first_admin
from center.schema import migrate
from edge_gateway.agent.database import AgentDatabase
from edge_gateway.agent.declared import Declared
from edge_gateway.agent.enrolment import Enrolment, enrol
from tests.campaigns.faults import FaultLink
from tests.campaigns.harness import ROOT
from tests.center_stock import MANIFEST, published_version
from tests.servers.process import accepts, free_port
from tests.waiting import eventually

CAPABILITIES = ("digit-recognition", "letter-recognition")
APPLICATIONS = ("bank", "post")
PROVINCES = ("zhejiang", "guizhou")
PASSWORD = "a long sentence for campaigns"
_VERSION = "1.0.0"
_INSTANCE = "stand-in"
_START_SECONDS = 180.0
_TERMS = {"daily_quota": 10_000_000, "rate_per_second": 100_000, "concurrency": 1000}
_NARROW = {("post", "letter-recognition"): {"rate_per_second": 2}}
"""Who is turned away again and again."""


class Process:
    """A real process that is killed and started again."""

    def __init__(
        self,
        command: list[str],
        log: Path,
        is_ready: Callable[[], bool],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.kills = 0
        self.log = log
        self._command = command
        self._is_ready = is_ready
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Start it; it may not be ready yet."""
        log = self.log.open("ab")
        with log:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )

    def await_ready(self) -> None:
        """Wait until it answers; a process that ended instead fails with its log."""
        process = self._process

        def look() -> bool:
            assert process is not None
            assert process.poll() is None, self.log.read_text()[-3000:]
            return self._is_ready()

        eventually(look, _START_SECONDS)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.begin()
        self.await_ready()

    def kill(self) -> None:
        """End it with SIGKILL, at once."""
        assert self._process is not None
        self._process.kill()
        self.kills += 1

    def reap(self) -> None:
        """Wait until a killed process has gone."""
        assert self._process is not None
        self._process.wait(60)

    def stop(self) -> None:
        """End it in order, if it still runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


@dataclass
class Application:
    """A calling system: its credentials, and the token that it got from the gateway."""

    client_id: str
    secret: str
    token: str = ""


@dataclass
class Province:
    """A province's folder, its processes and who calls its gateway."""

    name: str
    folder: Path
    edge: str
    port: int
    operator: str
    applications: list[Application]
    gateway: Process
    agent: Process
    instance: Process

    @property
    def journal(self) -> Path:
        """Where the instance writes its predictions."""
        return self.folder / "instances" / _INSTANCE / "journal"

    def fetch_tokens(self) -> None:
        """Get a token for each application, by way of gateway, agent and center."""
        form = {"grant_type": "client_credentials"}
        url = f"http://127.0.0.1:{self.port}/oauth2/token"
        for application in self.applications:
            auth = (application.client_id, application.secret)
            answer = httpx.post(url, data=form, auth=auth, trust_env=False, timeout=30)
            assert answer.status_code == 200, answer.text
            application.token = answer.json()["access_token"]


@dataclass
class World:
    """Everything that runs."""

    center: Process
    center_url: str
    database: Path
    link: FaultLink
    provinces: list[Province]

    def client(self, province: Province) -> CenterClient:
        """Speak to the center as the province's operator, past the link."""
        return CenterClient(self.center_url, province.operator)


@contextmanager
def running_world(logs: Path, seed: int) -> Iterator[World]:
    """Run the world for the length of a ``with`` block; its logs outlive it."""
    # A Unix socket's path has at most 107 characters, and a campaign's folder has a long name.
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jz")))
        stack.callback(_keep_logs, folder, logs)
        yield _build(folder, seed, stack)


def _build(folder: Path, seed: int, stack: ExitStack) -> World:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    admin_name = _prepare_database(folder)
    center = _center(folder, port)
    link = FaultLink(port, seed)
    link.start()
    stack.callback(link.stop)
    stack.callback(center.stop)
    center.start()
    with CenterClient(url) as guest:
        admin = guest.sign_in(admin_name, PASSWORD, label="campaign")
    with CenterClient(url, admin) as client:
        provinces = [_found(client, url, folder / name, name, link.port) for name in PROVINCES]
    for province in provinces:
        for process in (province.agent, province.instance):
            stack.callback(process.stop)
            process.begin()
    for province in provinces:
        province.agent.await_ready()
        province.instance.await_ready()
        eventually((province.folder / "state.jws").exists)
        stack.callback(province.gateway.stop)
        province.gateway.start()
        province.fetch_tokens()
    return World(center, url, folder / "center" / "center.db", link, provinces)


def _prepare_database(folder: Path) -> str:
    """Make the center's tables, its first admin and two published capabilities."""
    database = Database(f"sqlite:///{folder / 'center' / 'center.db'}")
    migrate(database)
    now = datetime.now(UTC)
    create_first_admin(database, "root", PASSWORD, now)
    with database.session() as session:
        for name in CAPABILITIES:
            session.add(CapabilityRow(name=name, skeleton=name, owner="center", created_at=now))
        session.flush()
        for name in CAPABILITIES:
            session.add(published_version(_VERSION, now, capability=name, release="release"))
    database.close()
    return "root"


def _center(folder: Path, port: int) -> Process:
    return Process(
        [sys.executable, "-m", "center"],
        folder / "center.log",
        lambda: accepts(port),
        {"CENTER_DATA": str(folder / "center"), "CENTER_PORT": str(port)},
    )


def _found(admin: CenterClient, url: str, folder: Path, name: str, link_port: int) -> Province:
    """Make a province with its operator, applications, subscriptions and deployments."""
    admin.post("/provinces", {"name": name, "titles": {"zh": name, "en": name}})
    person = {"name": f"{name}-operator", "role": "operator", "organisation": name}
    code = admin.post("/users", person)["invitation"]["code"]
    with CenterClient(url) as guest:
        guest.post("/invitations:accept", {"code": code, "password": PASSWORD})
        operator = guest.sign_in(person["name"], PASSWORD, label="campaign")
    with CenterClient(url, operator) as client:
        applications = [_subscribed(admin, client, name, label) for label in APPLICATIONS]
        for capability in CAPABILITIES:
            shares = [{"version": _VERSION, "weight": 1, "replicas": 1}]
            client.put(f"/provinces/{name}/deployments/{capability}", {"versions": shares})
    port = free_port()
    code = admin.post(f"/provinces/{name}/enrolment-codes")["code"]
    site = enrol(Enrolment(f"http://127.0.0.1:{link_port}", code, folder, port, free_port()))
    _prepare_folder(folder)
    gateway, agent, instance = _processes(folder, port)
    return Province(name, folder, site.edge, port, operator, applications, gateway, agent, instance)


def _subscribed(admin: CenterClient, client: CenterClient, province: str, name: str) -> Application:
    made = client.post("/applications", {"name": name, "province": province})
    for capability in CAPABILITIES:
        wish = {"application": made["client_id"], "capability": capability, "purpose": "campaign"}
        terms = _TERMS | _NARROW.get((name, capability), {})
        subscription = client.post("/subscriptions", {**wish, **terms})["id"]
        admin.post(f"/subscriptions/{subscription}:approve")
    return Application(made["client_id"], made["client_secret"])


def _prepare_folder(folder: Path) -> None:
    """Leave what a scheduler and a verified package would have left: endpoints, and labels."""
    address = f"unix:{folder / 'instance.sock'}"
    endpoints = [
        Endpoint(instance=_INSTANCE, capability=name, version=_VERSION, address=address)
        for name in CAPABILITIES
    ]
    found = EndpointList(revision=1, endpoints=endpoints)
    (folder / "endpoints.json").write_text(found.model_dump_json(by_alias=True))
    database = AgentDatabase(folder / "agent.db")
    for name in CAPABILITIES:
        manifest = MANIFEST.model_copy(update={"name": name})
        Declared(database).learn_version(manifest, [], "")
    database.close()


def _processes(folder: Path, port: int) -> tuple[Process, Process, Process]:
    data = ("--data", str(folder))
    gateway = Process(
        [sys.executable, "-m", "edge_gateway.gateway", *data, "--port", str(port)],
        folder / "logs" / "gateway.log",
        lambda: accepts(port),
    )
    agent = Process(
        [sys.executable, "-m", "edge_gateway.agent", *data],
        folder / "logs" / "agent.log",
        lambda: _listens(folder / "agent.sock"),
        {"AGENT_LONGEST_DELAY": "PT0.5S"},
    )
    instance = Process(
        [
            *(sys.executable, "-m", "uvicorn", "tests.servers.edge_peers:instance"),
            *("--uds", str(folder / "instance.sock"), "--loop", "uvloop"),
            *("--log-level", "warning"),
        ],
        folder / "logs" / "instance.log",
        (folder / "instance.sock").exists,
        {
            "INSTANCE_VERSION": _VERSION,
            "INSTANCE_LOG": str(folder / "logs" / "instance-calls.log"),
            "INSTANCE_JOURNAL": str(folder / "instances" / _INSTANCE / "journal"),
        },
    )
    return gateway, agent, instance


def _listens(path: Path) -> bool:
    # A stale socket file refuses; httpx would leave the refused socket open.
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), timeout=60) as http:
        return http.get("http://agent/health/live").is_success


def _keep_logs(folder: Path, logs: Path) -> None:
    for log in folder.rglob("*.log"):
        kept = logs / log.relative_to(folder)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(log, kept)
