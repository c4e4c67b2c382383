"""A real center in processes of its own, which is backed up, killed and restored; its admin."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from center.capability.rows import CapabilityRow
from center.changes import NotedChangeRow
from center.database import Database
from center.identity.service.users import create_first_admin
from center.instance.domain import DESIRED_STATE
from center.instance.store import DeploymentRow
from center.schema import migrate
from center.subscription.store import SubscriptionRow
from edge_gateway.agent.enrolment import Enrolment, enrol
from tests.center_stock import DIGITS, published_version
from tests.servers.process import Module, free_port
from tests.waiting import eventually

CAPABILITY = DIGITS
PASSWORD = "a long sentence for campaigns"


class LiveCenter:
    """``python -m center`` in a folder, over SQLite."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "center-1"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=f"{self.url}/api/v1", timeout=30)
        self._module = self._over_data()
        database = self._database()
        migrate(database)
        create_first_admin(database, "root", PASSWORD, datetime.now(UTC))
        with database.session() as session:
            now = datetime.now(UTC)
            row = CapabilityRow(name=CAPABILITY, skeleton="digits", owner="center", created_at=now)
            session.add(row)
            session.flush()
            version = published_version("1.0.0", now)
            version.release = "a release that no province can verify"
            session.add(version)
        database.close()

    def _database(self) -> Database:
        return Database(f"sqlite:///{self.data / 'center.db'}")

    def _over_data(self) -> Module:
        environment = {"CENTER_DATA": str(self.data), "CENTER_PORT": str(self.port)}
        return Module("center", [], self.folder / "center.log", environment)

    def start(self) -> None:
        self._module = self._over_data()
        self._module.start()
        self._module.await_ready(self._is_ready)
        self._sign_in()

    def kill(self) -> None:
        self._module.kill()

    def close(self) -> None:
        self.http.close()
        self._module.stop()

    def administer(self, *arguments: str) -> None:
        """Run ``jiuzhou admin``."""
        done = subprocess.run(
            [sys.executable, "-m", "capability_sdk.cli", "admin", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr + done.stdout

    def restore(self, backup: Path) -> None:
        """Come back from a backup, in a new folder, the lost one being gone."""
        shutil.rmtree(self.data)
        self.data = self.folder / "center-2"
        self.administer("restore", str(backup), "--data", str(self.data))

    def post(self, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        answer = self.http.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def get(self, path: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        answer = self.http.get(path, params=query)
        assert answer.is_success, answer.text
        return answer.json()

    def add_province(self, name: str) -> Path:
        """Create a province and enrol its folder."""
        self.post("/provinces", {"name": name, "titles": {"zh": name, "en": name}})
        code = self.post(f"/provinces/{name}/enrolment-codes")["code"]
        enrol(Enrolment(self.url, code, self.folder / name, free_port(), free_port()))
        with closing(self._database()) as database, database.session() as session:
            share = {"version": "1.0.0", "weight": 1, "replicas": 1}
            now = datetime.now(UTC)
            row = DeploymentRow(province=name, capability=CAPABILITY, present=True, revision=1)
            row.shares, row.updated_by, row.updated_at = [share], "root", now
            session.add(row)
        return self.folder / name

    def add_application(self, name: str, province: str) -> tuple[str, str]:
        """Register an application with an active subscription; returns id and secret."""
        made = self.post("/applications", {"name": name, "province": province})
        now = datetime.now(UTC)
        with closing(self._database()) as database, database.session() as session:
            terms = {"daily_quota": 10**9, "rate_per_second": 1e6, "concurrency": 1000}
            row = SubscriptionRow(id=f"sub-{name}", application=made["client_id"], **terms)
            row.province, row.capability, row.plan = province, CAPABILITY, "standard"
            row.open_pair = f"{made['client_id']} {CAPABILITY}"
            row.purpose, row.requested_by, row.requested_at = "cheques", "root", now
            row.status = "active"
            session.add(row)
            session.add(NotedChangeRow(topic=DESIRED_STATE, at=now))
        return made["client_id"], made["client_secret"]

    def calls(self, application: str) -> int:
        """Count an application's calls as the totals have it."""
        groups = self.get("/usage", by="application")["items"]
        return sum(group["calls"] for group in groups if group["application"] == application)

    def counted(self) -> list[tuple[str, str]]:
        """Read the single calls that the center holds: request id and application."""
        with closing(sqlite3.connect(self.data / "center.db", timeout=30)) as database:
            return list(database.execute("SELECT request_id, application FROM usage_record"))

    def uncounted(self, province: str) -> int:
        """Count a province's records that no total holds."""
        total: int = self.get(f"/provinces/{province}/uncounted-telemetry")["total"]
        return total

    def acts(self) -> list[str]:
        """Name the acts of the audit trail, newest first."""
        return [item["act"] for item in self.get("/audit", limit="200")["items"]]

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/ready").is_success
        except httpx.HTTPError:
            return False

    def _sign_in(self) -> None:
        self.http.cookies.clear()
        made = self.post("/sessions", {"name": "root", "password": PASSWORD})
        self.http.headers["X-CSRF-Token"] = made["csrf_token"]
        eventually(lambda: self.http.get("/me").is_success)
