"""Bar 3: server CPU of every list and board of the center's API over a country's figures.

``python -m tests.bench.country_lists URL DATA [--asks 20] [--only WORD]`` asks every GET of the OpenAPI
document whose parameters are known here, in this process, and prints CPU per request: the 95th
percentile of the center's own, beside that of the PostgreSQL backends that worked for it, and of both.
It is CPU and not time, so that a busy machine disturbs little. A route that cannot be asked is named.
"""

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from capability_sdk.contracts.errors import Conflict
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

QUESTIONS: dict[str, tuple[str, ...]] = {
    "/api/v1/usage": (
        "limit=50",
        "",
        "limit=50&by=province",
        "limit=50&by=capability&sort=-calls",
        "limit=50&by=application&sort=-calls",
        "limit=50&by=organisation",
        "limit=50&by=capability,version",
        "limit=50&by=hour&province={province}",
        "limit=50&sort=-calls&from={day}",
        "limit=50&sort=-calls&from={month}",
        "limit=50&sort=-calls&from={quarter}",
        "limit=50&sort=-calls&from={quarter}&to={month}",
        "limit=50&by=hour&from={day}",
    ),
}
"""What else a path is asked than its first page: as the console and the CLI do."""

_NOT_LISTS = ("/events", "/package", "/desired-state", "/openapi", "/metrics", "/gate-report")


@dataclass(frozen=True, slots=True)
class Route:
    """A GET that can be asked.

    Attributes:
        is_paged: Whether it takes ``limit``.
        query: What it is asked; None for the first page.
    """

    path: str
    is_paged: bool
    query: str | None = None

    def address(self, limit: int) -> str:
        """Return the path with its values, and the page's size where it has one."""
        query = self.query
        if query is None:
            query = f"limit={limit}" if self.is_paged else ""
        address = f"{self.path}?{query}".rstrip("?")
        for name, value in (VALUES | _moments()).items():
            address = address.replace(f"{{{name}}}", value)
        return address


def _moments() -> dict[str, str]:
    """Starts of the hours from which on the console asks for a day, a month and a quarter."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = {"day": 23, "month": 671, "quarter": 2159}
    return {
        name: f"{hour - timedelta(hours=ago):%Y-%m-%dT%H:00:00Z}" for name, ago in hours.items()
    }


@dataclass
class Cost:
    """CPU of one route, in milliseconds a request."""

    route: Route
    center: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)
    status: int = 0
    bytes: int = 0

    @property
    def p95(self) -> float:
        """The 95th percentile of the center's own: what the bar is about."""
        return _p95(self.center)

    @property
    def p95_database(self) -> float:
        """The 95th percentile of the database server's; 0 on SQLite, which is the center's own."""
        return _p95(self.database)

    @property
    def p95_both(self) -> float:
        """The 95th percentile of both together."""
        return _p95([sum(pair) for pair in zip(self.center, self.database, strict=True)])


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


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


def asked(route: Route) -> list[Route]:
    """Return a route as often as it is asked differently."""
    return [replace(route, query=query) for query in QUESTIONS.get(route.path, (None,))]


def measure(client: TestClient, route: Route, asks: int, limit: int = 50) -> Cost:
    """Ask a route again and again; the first answer, which fills caches, does not count."""
    cost = Cost(route)
    address = route.address(limit)
    answer = client.get(address)
    cost.status, cost.bytes = answer.status_code, len(answer.content)
    app: Any = client.app
    engine = app.state.database.engine
    for _ in range(asks):
        backends = _backends(engine)
        before, began = _cpu_ms(backends), time.process_time()
        client.get(address)
        cost.center.append((time.process_time() - began) * 1000)
        cost.database.append(_cpu_ms(backends) - before)
    return cost


def _backends(engine: Engine) -> list[int]:
    """Return the processes of a PostgreSQL on this machine that answer the center."""
    if engine.dialect.name != "postgresql":
        return []
    asked = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
    with engine.connect() as connection:
        return list(connection.scalars(asked))


def _cpu_ms(processes: list[int]) -> float:
    """Return what processes have used; the kernel counts it in nanoseconds."""
    texts = [Path(f"/proc/{number}/schedstat").read_text("ascii") for number in processes]
    return sum(int(text.split()[0]) for text in texts) / 1e6


def signed_in(url: str, folder: Path) -> TestClient:
    """Start a center over a filled database, and sign its admin in."""
    database = Database(url)
    try:
        with suppress(Conflict):  # measured once more
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
    yield f"{'center':>8} {'database':>8} {'both':>8} {'status':>6} {'bytes':>9}  p95 ms of CPU"
    for cost in costs:
        figures = f"{cost.p95:8.1f} {cost.p95_database:8.1f} {cost.p95_both:8.1f}"
        question = f"?{cost.route.query}" if cost.route.query else ""
        yield f"{figures} {cost.status:6} {cost.bytes:9}  {cost.route.path}{question}"


def main() -> int:
    """Measure; the exit code says whether every route keeps the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("data", type=Path, help="The center's folder; the same with the same URL.")
    parser.add_argument("--asks", type=int, default=20)
    parser.add_argument("--only", default="", help="Paths that hold this.")
    given = parser.parse_args()
    client = signed_in(_on_one_core(given.url), given.data)
    known, unknown = routes(client.get("/openapi.json").json())
    wanted = [one for route in known if given.only in route.path for one in asked(route)]
    gc.collect()
    gc.freeze()  # as the center does when it has started
    costs = [measure(client, route, given.asks) for route in wanted]
    client.__exit__(None, None, None)
    costs.sort(key=lambda cost: -cost.p95_both)
    sys.stdout.writelines(f"{line}\n" for line in table(costs))
    over = [cost.route.path for cost in costs if cost.p95 > BAR_MS]
    sys.stdout.write(f"not asked: {', '.join(unknown) or 'none'}\n")
    sys.stdout.write(f"{len(costs)} questions, {len(over)} over {BAR_MS:.0f} ms\n")
    return 1 if over else 0


def _on_one_core(url: str) -> str:
    """Have PostgreSQL answer in the backend itself, whose CPU is counted, and in no helper of it."""
    if not url.startswith("postgresql"):
        return url
    return f"{url}?options=-cmax_parallel_workers_per_gather%3D0"


if __name__ == "__main__":
    raise SystemExit(main())
