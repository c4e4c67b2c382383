"""A center that is started to die, and the people who publish through it."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from capability_sdk.client import CenterClient
from capability_sdk.contracts.packages import GateReport
from capability_sdk.kit.clock import system_clock
from capability_sdk.packaging.signing import generate_key, public_key_pem, sign
from center.adapters.folder_packages import FolderPackageStore
from center.capability.gate import run_pending
from center.capability.intake import collect_orphans
from center.database import Database
from center.identity.audit import verify
from center.identity.service.users import create_first_admin
from center.permissions import CENTER
from center.schema import migrate
from center.settings import CenterSettings
from tests.center_store_world import manifest, pack, toml_of
from tests.servers.process import accepts, free_port

NAME = "crash-test"
_PASSWORD = "a long sentence for tests"
_PASSED = GateReport(passed=True, checks=[], passport={"memory_bytes": 1000})
_NEVER = 0
_START_SECONDS = 60.0


class MortalCenter:
    """A center process that dies at a chosen step, over one folder that outlives it."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "center"
        self._steps = folder / "steps"
        self._folder = folder
        self._port = free_port()
        self._url = f"http://127.0.0.1:{self._port}"
        self.data.mkdir(parents=True)
        database = self.database()
        migrate(database)
        create_first_admin(database, "root", _PASSWORD, system_clock())
        database.close()
        environment = {
            "CENTER_DATA": str(self.data),
            "CENTER_PORT": str(self._port),
            "CENTER_PUBLIC_URL": self._url,
            "STEPS": str(self._steps),
        }
        self._log = (folder / "center.log").open("ab")
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.campaigns.publish_crash.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env={**os.environ, **environment},
        )
        self._child: int | None = None
        self.start(_NEVER)
        self._tokens = {"root": self._token("root")}
        self.admin = CenterClient(self._url, self._tokens["root"])
        body = {"name": "author", "role": "engineer", "organisation": CENTER}
        code = self.admin.post("/users", body)["invitation"]["code"]
        with CenterClient(self._url) as person:
            person.post("/invitations:accept", {"code": code, "password": _PASSWORD})
        self._tokens["author"] = self._token("author")
        self.author = CenterClient(self._url, self._tokens["author"])
        self._key = folder / "key.pem"
        generate_key(self._key)
        self.author.post("/signing-keys", {"public_key_pem": public_key_pem(self._key)})

    def close(self) -> None:
        """End the center and its nursery."""
        self.kill()
        assert self._nursery.stdin is not None
        self.admin.close()
        self.author.close()
        self._nursery.stdin.close()
        self._nursery.wait(60)
        if self._nursery.stdout is not None:
            self._nursery.stdout.close()
        self._log.close()

    def database(self) -> Database:
        """Open the center's database."""
        return Database(CenterSettings(data=self.data).sqlalchemy_url)

    def start(self, dies_at: int = _NEVER) -> None:
        """Start it anew; 0 never dies by itself."""
        self.kill()
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write(f"{dies_at}\n")
        self._nursery.stdin.flush()
        self._child = int(self._nursery.stdout.readline())
        deadline = time.monotonic() + _START_SECONDS
        while not accepts(self._port):
            assert time.monotonic() < deadline, (self._folder / "center.log").read_text()
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once, if it lives."""
        if self._child is not None and self._is_alive():
            os.kill(self._child, signal.SIGKILL)
        while self._child is not None and self._is_alive():
            time.sleep(0.005)
        self._child = None

    def toggle(self) -> None:
        """Have it begin to count its steps, or end counting."""
        assert self._child is not None
        os.kill(self._child, signal.SIGUSR1)
        time.sleep(0.05)

    def steps(self) -> list[str]:
        """Return the names of the steps that it counted, in order."""
        self.toggle()
        return self._steps.read_text().splitlines()

    def build(self, version: str) -> bytes:
        """Return a signed package of a version, each time another one."""
        folder = self._folder / f"package-{version}"
        (folder / "model").mkdir(parents=True)
        (folder / "capability.toml").write_text(toml_of(manifest(NAME, version)), encoding="utf-8")
        (folder / "README.md").write_text("# Crash\n", encoding="utf-8")
        (folder / "model" / "model.onnx").write_bytes(b"\x08\x08" + secrets.token_bytes(16))
        sign(folder, self._key)
        return pack(folder)

    def upload(self, package: bytes) -> httpx.Response | None:
        """Send a package; None where the center died over it."""
        return self._ask("/packages", content=package, person="author")

    def approval_of(self, version: str) -> dict[str, Any]:
        """Return the body that approves a version after a look at everything."""
        review = self.admin.get(f"{path_of(version)}/review")
        checked = [item["id"] for item in review["checklist"]]
        return {"package_digest": review["version"]["digests"]["package"], "checked": checked}

    def approve(self, version: str, approval: dict[str, Any]) -> httpx.Response | None:
        """Approve a version; None where the center died over it."""
        return self._ask(f"{path_of(version)}:approve", json=approval, person="root")

    def download(self, version: str) -> httpx.Response:
        """Ask for a version's package."""
        url = f"{self._url}/api/v1{path_of(version)}/package"
        headers = {"Authorization": f"Bearer {self._tokens['author']}"}
        return httpx.get(url, headers=headers, timeout=60)

    def gate(self) -> None:
        """Let what waits pass its gate."""
        database = self.database()
        try:
            store = FolderPackageStore(self.data / "packages")
            assert run_pending(database, store, lambda *_: _PASSED, clock=system_clock)
        finally:
            database.close()

    def trail_is_intact(self) -> bool:
        """Whether the audit trail verifies."""
        database = self.database()
        try:
            with database.session(write=False) as session:
                return verify(session).intact
        finally:
            database.close()

    def collect_orphans(self) -> None:
        """Throw away what no version needs, as the worker does after a day."""
        database = self.database()
        try:
            collect_orphans(database, FolderPackageStore(self.data / "packages"), timedelta(-1))
        finally:
            database.close()

    def acts(self, act: str, version: str) -> int:
        """Count an act on a version in the trail."""
        rows = self.admin.pages("/audit")
        subject = f"capability/{NAME}/{version}"
        return sum(row["act"] == act and row["subject"] == subject for row in rows)

    def _ask(self, path: str, *, person: str, **body: Any) -> httpx.Response | None:  # noqa: ANN401 - httpx's own
        headers = {"Authorization": f"Bearer {self._tokens[person]}"}
        if "content" in body:
            headers["Content-Type"] = "application/gzip"
        try:
            return httpx.post(f"{self._url}/api/v1{path}", headers=headers, timeout=60, **body)
        except httpx.TransportError:
            return None

    def _token(self, name: str) -> str:
        with CenterClient(self._url) as person:
            return person.sign_in(name, _PASSWORD, label="campaign")

    def _is_alive(self) -> bool:
        assert self._child is not None
        try:
            os.kill(self._child, 0)
        except ProcessLookupError:
            return False
        return True


def path_of(version: str) -> str:
    """Return a version's path."""
    return f"/capabilities/{NAME}/versions/{version}"


@contextmanager
def mortal_center(folder: Path) -> Iterator[MortalCenter]:
    """Found a center that can die, and end it."""
    center = MortalCenter(folder)
    try:
        yield center
    finally:
        center.close()
