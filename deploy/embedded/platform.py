"""``platform.json``: what runs where, for people and scripts. Mode 0600, for it names passwords."""

import asyncio
import os
from pathlib import Path
from typing import Any, Final

import psutil
from pydantic import BaseModel

from capability_sdk.kit.files import write_atomically
from deploy.embedded.probe import fetch

PLATFORM_FILE: Final = "platform.json"


class CenterView(BaseModel):
    """Where the center is."""

    url: str


class ProvinceView(BaseModel):
    """Where a province is."""

    name: str
    gateway_url: str
    scheduler_url: str
    data: str
    directory: dict[str, Any] | None = None
    """Which service directory, seconds since it answered, why it does not: as its scheduler says now."""


class ProcessView(BaseModel):
    """One process of the platform."""

    service: str
    province: str | None = None
    pid: int | None


class AccountView(BaseModel):
    """A demo account; exists in the demo only."""

    name: str
    role: str
    organisation: str
    password: str


class ApplicationView(BaseModel):
    """A demo application; exists in the demo only."""

    client_id: str
    client_secret: str
    province: str


class PlatformStatus(BaseModel):
    """The answer of ``jiuzhou status --json``."""

    ready: bool = False
    data: str
    supervisor_pid: int
    supervisor_started: float
    """Start time of the supervisor, seconds since 1970: a pid alone may be somebody else's."""
    center: CenterView
    nacos_url: str | None = None
    """Of the demo's own Nacos, where it runs on one."""
    proving: ProvinceView | None = None
    """The edge that proves drafts before they are published; it serves nobody."""
    provinces: list[ProvinceView] = []
    processes: list[ProcessView] = []
    accounts: list[AccountView] = []
    """Of the demo only."""
    applications: list[ApplicationView] = []

    def save(self) -> None:
        """Write the file as a whole."""
        write_atomically(Path(self.data) / PLATFORM_FILE, self.model_dump_json(indent=2).encode())


class NotRunning(Exception):
    """No platform runs from this folder."""


def own_start_time() -> float:
    """Return when this process started, seconds since 1970."""
    return psutil.Process().create_time()


def read_status(data: Path) -> PlatformStatus:
    """Read what a running platform says of itself, with its processes as they are now.

    Raises:
        NotRunning: None was started from this folder, or it has ended.
    """
    try:
        status = PlatformStatus.model_validate_json((data / PLATFORM_FILE).read_bytes())
    except (FileNotFoundError, ValueError) as error:
        raise NotRunning(f"No platform runs from {data}: jiuzhou up --data {data}") from error
    try:
        supervisor = psutil.Process(status.supervisor_pid)
        is_same = abs(supervisor.create_time() - status.supervisor_started) < 1.0
    except psutil.NoSuchProcess:
        is_same = False
    if not is_same:
        raise NotRunning(f"The platform of {data} has ended: jiuzhou up --data {data}")
    return status


def instances_of(province: ProvinceView) -> list[ProcessView]:
    """Find the processes of a province's instances: they name the province's folder."""
    found = []
    folder = os.path.join(province.data, "instances")  # noqa: PTH118 - compared with arguments, which are text
    for process in psutil.process_iter(["pid", "cmdline"]):
        command = process.info["cmdline"] or []
        if "capability_sdk.serving" in command and any(folder in part for part in command):
            found.append(
                ProcessView(service="instance", province=province.name, pid=process.info["pid"])
            )
    return found


def directory_of(province: ProvinceView) -> dict[str, Any] | None:
    """Ask a province's scheduler how its service directory does; None where it does not answer."""
    answer = asyncio.run(fetch(f"{province.scheduler_url}/health/ready"))
    return None if answer is None else answer.get("directory")
