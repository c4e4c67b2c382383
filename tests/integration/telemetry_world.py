"""A center with two provinces, one capability and their subscriptions, ready for telemetry."""

import base64
import gzip
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from httpx2 import Response
from sqlalchemy import update
from starlette.testclient import TestClient

from capability_sdk.contracts.profiles import QualityReference, ReferenceProfile
from center.capability.rows import CapabilityRow, CapabilityVersionRow
from center.database import Database
from center.identity.store.applications import ApplicationRow
from center.monitoring.counting import Monitor
from center.monitoring.references import package_references
from center.permissions import CENTER
from center.subscription.store import SubscriptionRow
from tests import center_world
from tests.center_stock import DIGITS, published_version
from tests.center_world import EdgeWorld, World

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
PROVINCES = ("zhejiang", "guizhou")

_PEOPLE = {
    "engineer": ("engineer", CENTER),
    "stranger": ("engineer", "guizhou"),
    "zhejiang": ("operator", "zhejiang"),
    "guizhou": ("operator", "guizhou"),
}


@dataclass
class Center:
    """A running center; ``as_`` names who asks, a person or the province that an edge is of."""

    world: World
    edges: dict[str, str]
    clients: dict[str, TestClient] = field(default_factory=dict)
    enrolled: dict[str, EdgeWorld] = field(default_factory=dict)

    def enrol(self, province: str) -> None:
        """Found a province, with an edge that may send."""
        self.world.add_province(province)
        edge = self.world.enrol(province).sign_in()
        self.edges[province] = edge.identity.edge
        self.enrolled[province] = edge
        self.clients[f"edge of {province}"] = edge.http

    def sign_in_again(self, province: str) -> None:
        """Give a province's edge a fresh token: they end while a test's clock moves."""
        self.enrolled[province].sign_in()

    @property
    def database(self) -> Database:
        return self.world.database

    def client(self, who: str) -> TestClient:
        if who not in self.clients:
            role, organisation = _PEOPLE[who]
            person = self.world.add_person(f"{who}-person", role, organisation)
            self.clients[who] = person.http
        return self.clients[who]

    def ask(
        self, path: str, as_: str, headers: Mapping[str, str] | None = None, **query: str
    ) -> Response:
        address = f"/api/v1{path}"
        return self.client(as_).get(address, params=query or None, headers=headers)

    def get(self, path: str, as_: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        response = self.ask(path, as_, None, **query)
        assert response.status_code == 200, response.text
        return response.json()

    def post(
        self, body: bytes, *, of: str, as_: str, headers: Mapping[str, str] | None = None
    ) -> Response:
        address = f"/api/v1/edges/{self.edges[of]}/telemetry"
        return self.client(as_).post(address, content=body, headers=headers)

    def send(
        self,
        records: Sequence[Mapping[str, Any]],
        *,
        of: str = "zhejiang",
        as_: str | None = None,
        stream: str = "usage-0",
        epoch: int = 1,
        compressed: bool = False,
    ) -> Response:
        """Send a batch of a province's edge."""
        batch = {"schema": 1, "stream": stream, "epoch": epoch, "records": list(records)}
        body = json.dumps(batch).encode()
        headers = {"content-type": "application/json"}
        if compressed:
            body, headers = gzip.compress(body), headers | {"content-encoding": "gzip"}
        return self.post(body, of=of, as_=as_ or f"edge of {of}", headers=headers)

    def calls(self, as_: str = "admin") -> int:
        return sum(item["calls"] for item in self.get("/usage", as_, by="province")["items"])


@contextmanager
def running_center(
    database_url: str,
    folder: Path,
    **settings: Any,  # noqa: ANN401 - any setting
) -> Iterator[Center]:
    with center_world.running_center(database_url, folder, **settings) as world:
        world.clock.moment = NOW
        center = Center(world, {}, {"admin": world.admin.http, "nobody": world.anonymous})
        for province in PROVINCES:
            center.enrol(province)
        stock(world.database)
        yield center


def stock(database: Database) -> None:
    """Put the capability into the store and give both provinces a subscription."""
    with database.session() as session:
        session.add(CapabilityRow(name=DIGITS, skeleton="digits", owner="center", created_at=NOW))
        session.flush()
        session.add(published_version("1.0.0", NOW))
        session.add(_application("app-z", "zhejiang"))
        session.add(_application("app-g", "guizhou"))
        session.flush()
        session.add(_subscription("sub-z", "app-z", "zhejiang"))
        session.add(_subscription("sub-g", "app-g", "guizhou"))


def _application(client_id: str, province: str) -> ApplicationRow:
    return ApplicationRow(
        client_id=client_id,
        name="bank",
        province=province,
        organisation=province,
        suspended_at=None,
        created_at=NOW,
    )


def _subscription(name: str, application: str, province: str) -> SubscriptionRow:
    return SubscriptionRow(
        id=name,
        application=application,
        province=province,
        capability=DIGITS,
        open_pair=f"{application} {DIGITS}",
        plan="standard",
        daily_quota=1000,
        rate_per_second=10.0,
        concurrency=4,
        purpose="cheques",
        requested_by="chen",
        requested_at=NOW,
        status="active",
    )


def usage(seq: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    body = {
        "request_id": f"r-{seq}",
        "at": (NOW - timedelta(minutes=5)).isoformat(),
        "application": "app-z",
        "subscription": "sub-z",
        "capability": DIGITS,
        "version": "1.0.0",
        "status": 200,
        "units": 1,
        "latency_us": 900,
        "request_bytes": 300,
        "response_bytes": 200,
    }
    return {"seq": seq, "kind": "usage", "body": body | changes}


def turned_away(seq: int, calls: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    nothing = {"version": None, "status": 429, "units": 0, "latency_us": 0}
    return usage(seq, **nothing, turned_away=calls, **changes)


def guizhou(seq: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return usage(seq, application="app-g", subscription="sub-g", **changes)


def quality(
    seq: int,
    cells: Mapping[tuple[int, int], int],
    predictions: int,
    **changes: Any,  # noqa: ANN401 - JSON
) -> dict[str, Any]:
    body = {
        "schema": 1,
        "capability": DIGITS,
        "version": "1.0.0",
        "window": NOW.replace(minute=0).isoformat(),
        "predictions": predictions,
        "confusion": [
            {"predicted": p, "actual": a, "count": count} for (p, a), count in cells.items()
        ],
    }
    return {"seq": seq, "kind": "quality", "body": body | changes}


def profile(
    seq: int, content: bytes, rows: int, anchors: str, hour: datetime = NOW
) -> dict[str, Any]:
    body = {
        "schema": 1,
        "capability": DIGITS,
        "version": "1.0.0",
        "window": hour.replace(minute=0).isoformat(),
        "rows": rows,
        "anchors": anchors,
        "profile": base64.b64encode(content).decode(),
    }
    return {"seq": seq, "kind": "profile", "body": body}


def health(seq: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    body = {"schema": 1, "at": NOW.isoformat(), "state_revision": 7, "backlog": {"usage-0": 3}}
    return {"seq": seq, "kind": "health", "body": body | changes}


def in_threads(work: Sequence[Callable[[], None]]) -> None:
    """Run all at once; the first failure is raised here."""
    failures: list[BaseException] = []
    barrier = threading.Barrier(len(work))

    def guarded(task: Callable[[], None]) -> None:
        barrier.wait(60)
        try:
            task()
        except BaseException as error:  # noqa: BLE001 - it is raised again below
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(task,)) for task in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def keep_package(
    center: Center, reference: ReferenceProfile, quality: QualityReference | None = None
) -> None:
    """Give the version a stored package that carries the reference."""
    documents = {"profile": reference, "quality": quality}
    keep_files(
        center,
        {
            f"reference/{name}.json": document.model_dump_json(by_alias=True)
            for name, document in documents.items()
            if document is not None
        },
    )


def keep_files(center: Center, files: Mapping[str, str]) -> None:
    """Give the version a stored package of these files, by path."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    packed = gzip.compress(plain.getvalue(), mtime=0)
    digest = f"sha256:{hashlib.sha256(packed).hexdigest()}"
    packages = center.world.app.state.packages
    draft = packages.drafts / "draft"
    draft.write_bytes(packed)
    packages.publish(draft, digest)
    with center.database.session() as session:
        session.execute(update(CapabilityVersionRow).values(archive_digest=digest))


def monitor(center: Center) -> Monitor:
    references = package_references(center.database, center.world.app.state.packages)
    return Monitor(center.database, references, center.world.clock)


def work(center: Center) -> None:
    worker = monitor(center)
    while worker.run():
        pass
