"""Bar 3: server CPU of every list and board of the center's API over a country's figures.

``python -m tests.bench.country_lists URL [--asks 20]`` asks every GET of the OpenAPI document whose
parameters are known here, in this process, and prints CPU per request: mean and 95th percentile of
the center's own, and of the database server's where it is one. A route that cannot be asked is named.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from pydantic import SecretStr
from starlette.testclient import TestClient

from capability_sdk.kit.clock import system_clock
from center.app import create_app
from center.database import Database
from center.identity.service.users import create_first_admin
from center.settings import CenterSettings

BAR_MS = 150.0
PASSWORD = "a long sentence for tests"
VALUES: dict[str, str] = {
    "province": "yunnan",
    "capability": "capability-000",
    "name": "capability-000",
    "version": "1.0.0",
    "subscription": "sub-0",
    "application": "app-0-0",
    "client_id": "app-0-0",
    "edge": "edge-yunnan",
    "column": "column_0",
}
"""Path parameter to a value that the country has."""

_NOT_LISTS = ("/events", "/package", "/desired-state", "/openapi", "/metrics", "/gate-report")


@dataclass(frozen=True, slots=True)
class Route:
    """A GET that can be asked.

    Attributes:
        is_paged: Whether it takes ``limit``.
    """

    path: str
    is_paged: bool

    def address(self, limit: int) -> str:
        """Return the path with its values, and the page's size where it has one."""
        path = self.path
        for name, value in VALUES.items():
            path = path.replace(f"{{{name}}}", value)
        return f"{path}?limit={limit}" if self.is_paged else path


@dataclass
class Cost:
    """CPU of one route, in milliseconds a request."""

    route: Route
    center: list[float] = field(default_factory=list)
    database: float = 0.0
    status: int = 0
    bytes: int = 0

    @property
    def p95(self) -> float:
        """The 95th percentile of the center's own, with the database server's mean on top."""
        return statistics.quantiles(self.center, n=20)[-1] + self.database


def routes(document: dict[str, Any]) -> tuple[list[Route], list[str]]:
    """Return the GETs of an OpenAPI document that can be asked, and those that cannot."""
    known, unknown = [], []
    for path, methods in document["paths"].items():
        if "get" not in methods or not path.startswith("/api/v1"):
            continue
        given = methods["get"].get("parameters", [])
        needed = {p["name"] for p in given if p["in"] == "path" or p.get("required")}
        if any(part in path for part in _NOT_LISTS):
            continue
        if needed <= VALUES.keys() and all(f"{{{name}}}" in path for name in needed):
            known.append(Route(path, any(p["name"] == "limit" for p in given)))
        else:
            unknown.append(path)
    return known, unknown


def measure(client: TestClient, route: Route, asks: int, limit: int = 50) -> Cost:
    """Ask a route again and again; the first answer, which fills caches, does not count."""
    cost = Cost(route)
    address = route.address(limit)
    answer = client.get(address)
    cost.status, cost.bytes = answer.status_code, len(answer.content)
    before = sum(_database_cpu())
    for _ in range(asks):
        began = time.process_time()
        client.get(address)
        cost.center.append((time.process_time() - began) * 1000)
    cost.database = (sum(_database_cpu()) - before) * 1000 / asks
    return cost


def _database_cpu() -> Iterator[float]:
    for process in psutil.process_iter(["name"]):
        if process.info["name"] in ("postgres", "mariadbd"):
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            yield times.user + times.system


def signed_in(url: str, folder: Path) -> TestClient:
    """Start a center over a filled database, and sign its admin in."""
    database = Database(url)
    try:
        create_first_admin(database, "root", PASSWORD, system_clock())
    finally:
        database.close()
    settings = CenterSettings(data=folder, database_url=SecretStr(url))
    client = TestClient(create_app(settings))
    client.__enter__()
    session = client.post("/api/v1/sessions", json={"name": "root", "password": PASSWORD})
    assert session.status_code == 201, session.text
    return client


def table(costs: list[Cost]) -> Iterator[str]:
    """Return a head and a line for each route."""
    yield f"{'p95 ms':>8} {'mean':>7} {'db':>6} {'status':>6} {'bytes':>9}  route"
    for cost in costs:
        mean = statistics.mean(cost.center)
        figures = f"{cost.p95:8.1f} {mean:7.1f} {cost.database:6.1f} {cost.status:6} {cost.bytes:9}"
        yield f"{figures}  {cost.route.path}"


def main() -> int:
    """Measure; the exit code says whether every route keeps the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--asks", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        client = signed_in(given.url, Path(folder))
        known, unknown = routes(client.get("/openapi.json").json())
        costs = [measure(client, route, given.asks) for route in known]
    costs.sort(key=lambda cost: -cost.p95)
    sys.stdout.writelines(f"{line}\n" for line in table(costs))
    over = [cost.route.path for cost in costs if cost.p95 > BAR_MS]
    sys.stdout.write(f"not asked: {', '.join(unknown) or 'none'}\n")
    sys.stdout.write(f"{len(costs)} routes, {len(over)} over {BAR_MS:.0f} ms\n")
    return 1 if over else 0


if __name__ == "__main__":
    raise SystemExit(main())
