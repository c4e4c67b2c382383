"""A small country for campaigns: a center, two provinces with two gateway workers each, links.

Center, agents and gateways are the real processes; the instance is a stand-in that answers. A
province reaches its center through a `Link` alone.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from capability_sdk.client import CenterClient
from capability_sdk.contracts.nodes import Endpoint, EndpointList
from center.capability.rows import CapabilityRow
from center.database import Database
from center.identity.service.users import create_first_admin
from center.schema import migrate
from edge_gateway.agent.enrolment import Enrolment, enrol
from tests.campaigns.link import Link
from tests.center_stock import DIGITS, published_version
from tests.gateway_province import Peers
from tests.servers.process import Module, accepts, free_port
from tests.waiting import eventually

PASSWORD = "a long sentence for campaigns"
PROVINCES = ("zhejiang", "guizhou")
WORKERS = 2


class Center:
    """``python -m center`` over a database of its own, with two admins."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = folder / "center"
        self.data.mkdir(parents=True)
        given = {"DATA": str(self.data), "PORT": str(self.port), "PUBLIC_URL": self.url}
        env = {f"CENTER_{name.upper()}": text for name, text in {**given, **settings}.items()}
        self._process = Module("center", [], folder / "center.log", env)
        self._open: list[CenterClient] = []

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.data / 'center.db'}"

    def prepare(self) -> None:
        """Make the database with its first admin and one published capability."""
        database = Database(self.database_url)
        migrate(database)
        create_first_admin(database, "root", PASSWORD, datetime.now(UTC))
        with database.session() as session:
            now = datetime.now(UTC)
            row = CapabilityRow(name=DIGITS, skeleton="digits", owner="center", created_at=now)
            session.add(row)
            session.flush()
            session.add(published_version("1.0.0", now, release="a stand-in's release"))
        database.close()

    def start(self) -> None:
        self._process.start()
        self._process.await_ready(lambda: accepts(self.port))

    def stop(self) -> None:
        self._process.stop()

    def close(self) -> None:
        for client in self._open:
            client.close()
        self.stop()

    def sign_in(self, name: str) -> CenterClient:
        """Return a client that speaks as an account."""
        with CenterClient(self.url) as client:
            token = client.sign_in(name, PASSWORD, label="campaign")
        self._open.append(CenterClient(self.url, token))
        return self._open[-1]

    def invite(self, by: CenterClient, name: str, role: str, organisation: str) -> CenterClient:
        """Make an account and sign it in."""
        body = {"name": name, "role": role, "organisation": organisation}
        code = by.post("/users", body)["invitation"]["code"]
        with CenterClient(self.url) as client:
            client.post("/invitations:accept", {"code": code, "password": PASSWORD})
        return self.sign_in(name)


class ProvinceEdge:
    """One province: its agent, and gateway workers on ports of their own, so that each is met."""

    def __init__(self, name: str, folder: Path, link: Link, instance: str) -> None:
        self.name = name
        self.folder = folder
        self.link = link
        self.ports = [free_port() for _ in range(WORKERS)]
        self._instance = instance
        self.agent = Module("edge_gateway.agent", ["--data", str(folder)], folder / "agent.log")
        self.workers = [self._worker(number, port) for number, port in enumerate(self.ports)]

    def enrol(self, code: str) -> None:
        enrol(Enrolment(self.link.url, code, self.folder, self.ports[0], 1))
        endpoint = Endpoint(
            instance="i-1", capability=DIGITS, version="1.0.0", address=self._instance
        )
        found = EndpointList(revision=1, endpoints=[endpoint])
        (self.folder / "endpoints.json").write_text(found.model_dump_json(by_alias=True))

    def start(self) -> None:
        self.agent.start()
        for worker in self.workers:
            worker.start()

    def await_ready(self) -> None:
        for worker, port in zip(self.workers, self.ports, strict=True):
            worker.await_ready(partial(accepts, port))

    def stop(self) -> None:
        for process in (*self.workers, self.agent):
            process.stop()

    def token(self, client_id: str, secret: str) -> str:
        """Return an access token as soon as there is one: the agent may just be starting."""

        def ask() -> str:
            answer = self.ask_token(client_id, secret)
            return str(answer.json()["access_token"]) if answer.is_success else ""

        return eventually(ask)

    def ask_token(self, client_id: str, secret: str) -> httpx.Response:
        """Ask the first gateway worker for a token."""
        form = {"grant_type": "client_credentials"}
        url = f"http://127.0.0.1:{self.ports[0]}/oauth2/token"
        return httpx.post(url, data=form, auth=(client_id, secret), trust_env=False, timeout=10)

    def _worker(self, number: int, port: int) -> Module:
        arguments = ["--data", str(self.folder), "--port", str(port)]
        arguments += ["--worker", str(number), "--workers", str(WORKERS)]
        return Module("edge_gateway.gateway", arguments, self.folder / f"gateway-{number}.log")


@dataclass
class Country:
    """The whole of it; ``root`` decides on what ``asker`` asks for."""

    center: Center
    root: CenterClient
    asker: CenterClient
    provinces: dict[str, ProvinceEdge] = field(default_factory=dict)

    def register(self, province: str, name: str) -> dict[str, Any]:
        """Register an application with a subscription in force.

        Returns:
            ``client_id``, ``client_secret`` and ``subscription``.
        """
        made = self.root.post("/applications", {"name": name, "province": province})
        return {**made, "subscription": self.subscribe(made["client_id"])}

    def subscribe(self, client_id: str) -> str:
        """Put a subscription of an application in force; returns its id."""
        limits = {"daily_quota": 10_000_000, "rate_per_second": 10_000, "concurrency": 100}
        body = {"application": client_id, "capability": DIGITS, "purpose": "campaign", **limits}
        identifier = str(self.asker.post("/subscriptions", body)["id"])
        self.root.post(f"/subscriptions/{identifier}:approve")
        return identifier

    def new_code(self, province: str) -> str:
        return str(self.root.post(f"/provinces/{province}/enrolment-codes")["code"])


@contextmanager
def running_country(folder: Path, **settings: str) -> Iterator[Country]:
    """Run a country for the length of a ``with`` block.

    Args:
        folder: Where the center lives; provinces need shorter paths for their sockets.
        settings: Of the center, without their prefix.
    """
    with ExitStack() as stack:
        short = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jz")))
        center = Center(folder, **settings)
        stack.callback(center.close)
        center.prepare()
        center.start()
        root = center.sign_in("root")
        country = Country(center, root, center.invite(root, "asker", "admin", "center"))
        instance = Peers(short / "peers", stack).instance()
        for name in PROVINCES:
            root.post("/provinces", {"name": name, "titles": {"zh": name, "en": name}})
            body = {"versions": [{"version": "1.0.0", "weight": 1, "replicas": 1}]}
            root.put(f"/provinces/{name}/deployments/{DIGITS}", body)
            link = Link(center.port)
            link.open()
            stack.callback(link.close)
            province = ProvinceEdge(name, short / name, link, instance)
            province.enrol(country.new_code(name))
            stack.callback(province.stop)
            province.start()
            country.provinces[name] = province
        for province in country.provinces.values():
            province.await_ready()
        yield country
