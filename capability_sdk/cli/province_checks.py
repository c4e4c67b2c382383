"""What can be wrong with a province's folder, and with the processes that live from it."""

import contextlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from capability_sdk.contracts.packages import Check
from capability_sdk.spool import examine

_SPARE_BYTES = 1 << 30
_PROBE_BYTES = 64 << 10
_PATIENCE_SECONDS = 3.0


def check_province(data: Path) -> Iterator[Check]:
    """Check a province's folder, whether it runs or not."""
    yield Check(
        name="enrolment",
        passed=(data / "edge.json").is_file(),
        detail=str(data),
        cure="jiuzhou edge enroll --center URL --code CODE --data DIR",
    )
    yield Check(
        name="desired state",
        passed=(data / "state.jws").is_file(),
        detail="what the province lives from when the center is away",
        cure="Start the agent while the center can be reached.",
    )
    if not data.is_dir():
        return
    yield _disk(data)
    for folder in sorted([*data.glob("spool/*"), *data.glob("instances/*/journal")]):
        if folder.is_dir():
            yield _spool(folder, str(folder.relative_to(data)))
    if (data / "agent.db").exists():
        yield _database(data / "agent.db")
    yield from _gateway(data)
    yield from _without_the_center(data)
    yield from _agent(data)


def _disk(data: Path) -> Check:
    free = shutil.disk_usage(data).free
    trouble = _refuses(data)
    return Check(
        name="disk",
        passed=trouble is None and free > _SPARE_BYTES,
        detail=f"{free >> 20} MiB free" + (f"; a write fails: {trouble}" if trouble else ""),
        cure="Free at least 1 GiB; a read-only disk has failed: check it, mount it anew.",
    )


def _refuses(data: Path) -> str | None:
    """Try to write a little, as only that shows a full or a read-only disk."""
    probe = data / f".doctor-{os.getpid()}"
    try:
        descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, _PROBE_BYTES)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
            probe.unlink()
    except OSError as error:
        return error.strerror
    return None


def _spool(folder: Path, name: str) -> Check:
    try:
        found = examine(folder)
    except (OSError, ValueError, KeyError) as error:
        return Check(name=name, passed=False, detail=str(error), cure="Check the disk.")
    parts = [f"{found.records} records"]
    parts += [f"{lost} damaged in {place}" for place, lost in found.damaged.items()]
    parts += [f"{lost} in quarantine/{place}" for place, lost in found.quarantined.items()]
    if not found.has_ballast:
        parts.append("no ballast: the disk is or was full")
    return Check(
        name=name,
        passed=len(parts) == 1,
        detail="; ".join(parts),
        cure="Free space for ballast. Damaged records are lost to the books: check the disk, keep"
        " the copies in quarantine, and tell the center's admin which they are.",
    )


def _database(path: Path) -> Check:
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            (verdict,) = database.execute("PRAGMA quick_check").fetchone()
    except sqlite3.Error as error:
        verdict = str(error)
    return Check(
        name=path.name,
        passed=verdict == "ok",
        detail=verdict,
        cure="Free space, and check the disk. A damaged file is moved away while the agent is"
        " stopped: the agent makes a new one, and quotas of the day and feedback start anew.",
    )


def _ask_gateway(data: Path, path: str) -> tuple[bool, dict[str, Any]] | None:
    """Return whether the gateway is content, and its answer; None where it does not run."""
    try:
        port = json.loads((data / "edge.json").read_bytes())["gateway_port"]
        url = f"http://127.0.0.1:{port}{path}"
        answer = httpx.get(url, trust_env=False, timeout=_PATIENCE_SECONDS)
        return answer.is_success, dict(answer.json())
    except (OSError, ValueError, KeyError, TypeError, httpx.HTTPError):
        return None


def _gateway(data: Path) -> Iterator[Check]:
    found = _ask_gateway(data, "/health/ready")
    if found is None:
        return  # it need not run to be examined
    is_ready, told = found
    refused = told.get("feedback_refused")
    detail = "serves" if is_ready else str(told.get("detail"))
    yield Check(
        name="gateway",
        passed=is_ready and refused is None,
        detail=f"feedback is refused: {refused}" if refused else detail,
        cure="It serves again by itself once the cause is gone.",
    )


def _without_the_center(data: Path) -> Iterator[Check]:
    """Ask the running gateway what would happen if the center went now."""
    found = _ask_gateway(data, "/health/autonomy")
    if found is None:
        return
    is_known, told = found
    reasons = ", ".join(told.get("reasons", [])) if is_known else str(told.get("detail"))
    yield Check(
        name="without the center",
        passed=is_known and bool(told.get("autonomous")),
        detail=reasons or "calls and tokens go on",
        cure=f"jiuzhou edge status --data {data}",
    )


def _agent(data: Path) -> Iterator[Check]:
    try:
        secret = (data / "internal.token").read_text(encoding="ascii").strip()
        transport = httpx.HTTPTransport(uds=str(data / "agent.sock"))
        with httpx.Client(
            transport=transport, base_url="http://agent", timeout=_PATIENCE_SECONDS
        ) as http:
            status = http.get("/v1/status", headers={"authorization": f"Bearer {secret}"}).json()
    except (OSError, ValueError, httpx.HTTPError):
        return
    standing = [f"{place}: {why}" for place, why in status.get("standing_still", {}).items()]
    troubles = [*status.get("disk", []), *standing]
    yield Check(
        name="agent",
        passed=not troubles,
        detail="; ".join(troubles) or "works",
        cure="It goes on by itself once the cause is gone.",
    )
