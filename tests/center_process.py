"""A center as its operator starts it: a process of its own, and people who speak HTTP to it."""

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

from capability_sdk.client import CenterClient
from capability_sdk.contracts.packages import GateReport
from capability_sdk.kit.clock import system_clock
from capability_sdk.packaging.signing import generate_key, public_key_pem
from center.adapters.folder_packages import FolderPackageStore
from center.capability.gate import run_pending
from center.database import Database
from center.identity.service.users import create_first_admin
from center.permissions import CENTER
from center.schema import migrate
from center.settings import CenterSettings
from tests.servers.process import accepts, free_port, running

PASSWORD = "a long sentence for tests"
PASSED = GateReport(passed=True, checks=[], passport={"memory_bytes": 64 << 20})
TERMS: dict[str, Any] = {
    "daily_quota": 1_000_000,
    "rate_per_second": 5000.0,
    "concurrency": 64,
    "purpose": "tests",
}


@dataclass(frozen=True)
class CenterProcess:
    """A running center.

    Attributes:
        data: Its folder: database, packages, keys, log.
    """

    url: str
    data: Path
    process: "Popen[bytes]"
    admin: CenterClient

    @property
    def log(self) -> Path:
        return self.data / "center.log"

    def join(self, name: str, role: str, organisation: str = CENTER) -> CenterClient:
        """Invite somebody, who accepts and signs in."""
        body = {"name": name, "role": role, "organisation": organisation}
        code = self.admin.post("/users", body)["invitation"]["code"]
        person = CenterClient(self.url)
        person.post("/invitations:accept", {"code": code, "password": PASSWORD})
        person.close()
        return CenterClient(self.url, self.token(name))

    def token(self, name: str) -> str:
        """Make an API token for somebody who joined."""
        with CenterClient(self.url) as person:
            return person.sign_in(name, PASSWORD, label=f"tests {secrets.token_hex(2)}")

    def add_province(self, name: str) -> str:
        """Add a province; returns a code to enrol its edge."""
        self.admin.post("/provinces", {"name": name, "titles": {"zh": name, "en": name}})
        code: str = self.admin.post(f"/provinces/{name}/enrolment-codes")["code"]
        return code

    def gate(self) -> None:
        """Let the waiting version pass its gate, as the worker does; its samples are not run."""
        database = Database(CenterSettings(data=self.data).sqlalchemy_url)
        try:
            store = FolderPackageStore(self.data / "packages")
            assert run_pending(database, store, lambda *_: PASSED, clock=system_clock)
        finally:
            database.close()

    def publish(self, author: CenterClient, archive: Path) -> dict[str, Any]:
        """Bring an archive from upload to publication; returns the version's view."""
        view = author.upload_package(archive)
        path = f"/capabilities/{view['name']}/versions/{view['version']}"
        self.gate()
        author.post(f"{path}:request-review")
        return self.admin.post(f"{path}:approve", self.approval(path))

    def approval(self, path: str) -> dict[str, Any]:
        """Return the body that approves a version after a look at everything."""
        review = self.admin.get(f"{path}/review")
        checked = [item["id"] for item in review["checklist"]]
        return {"package_digest": review["version"]["digests"]["package"], "checked": checked}

    def subscribe(self, operator: CenterClient, province: str, capability: str) -> dict[str, Any]:
        """Give a new application of a province an approved subscription; returns its credential."""
        made = operator.post("/applications", {"name": "caller", "province": province})
        wanted = {"application": made["client_id"], "capability": capability, **TERMS}
        asked = operator.post("/subscriptions", wanted)
        self.admin.post(f"/subscriptions/{asked['id']}:approve")
        return {**made, "subscription": asked["id"]}


def make_signing_key(author: CenterClient, path: Path) -> Path:
    """Make a key of an author and register its public half."""
    generate_key(path)
    author.post("/signing-keys", {"public_key_pem": public_key_pem(path)})
    return path


@contextmanager
def running_center_process(folder: Path, **environment: str) -> Iterator[CenterProcess]:
    """Run ``python -m center`` over a new folder, with its first admin."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    database = Database(CenterSettings(data=folder).sqlalchemy_url)
    migrate(database)
    create_first_admin(database, "root", PASSWORD, system_clock())
    database.close()
    chosen = {
        "CENTER_DATA": str(folder),
        "CENTER_PORT": str(port),
        "CENTER_PUBLIC_URL": f"http://127.0.0.1:{port}",
        **environment,
    }
    with running(
        [sys.executable, "-m", "center"],
        log=folder / "center.log",
        is_ready=lambda: accepts(port),
        environment=chosen,
    ) as process:
        url = f"http://127.0.0.1:{port}"
        with CenterClient(url) as person:
            token = person.sign_in("root", PASSWORD, label="tests")
        with CenterClient(url, token) as admin:
            yield CenterProcess(url, folder, process, admin)
