"""Uploads that break off, a disk that is full, and the author's own check at the desk."""

import os
import secrets
import socket
import subprocess
import sys
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from tests.campaigns.harness import Run
from tests.campaigns.hostile_packages.cases import Traps
from tests.center_process import CenterProcess
from tests.unit.capability_sdk.packaging import forge
from tests.waiting import eventually

_FULL = "8m"
_TOO_LARGE = 16 << 20


class Sender(Protocol):
    """What is needed of the uploads."""

    center: CenterProcess
    packages: Path

    def send(self, name: str, content: bytes) -> httpx.Response:
        """Upload an archive."""
        ...

    def kept(self) -> set[str]:
        """Name what lies in the store."""
        ...

    def headers(self) -> dict[str, str]:
        """Return the headers of a signed-in author."""
        ...


def break_off(run: Run, uploads: Sender, good: bytes) -> None:
    """P06: an upload that is killed at a random byte leaves nothing, and can be sent again."""
    kept = uploads.kept()
    times = max(5, run.size // 100)
    for _ in range(times):
        _send_part(uploads, good, run.random.randrange(len(good)))
    try:
        eventually(lambda: uploads.kept() == kept, 20)
    except AssertionError:
        run.expect(False, f"broken uploads left {sorted(uploads.kept() - kept)[:3]}")
    again = uploads.send("sent again", good)
    run.expect(again.status_code == httpx.codes.CONFLICT, f"sent again: {again.status_code}")
    run.report(uploads_broken_off=times)


def _send_part(uploads: Sender, content: bytes, size: int) -> None:
    port = urlsplit(uploads.center.url).port
    lines = {
        "host": "center", "content-type": "application/gzip", "content-length": str(len(content)),
        **uploads.headers(),
    }  # fmt: skip
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with socket.create_connection(("127.0.0.1", port), 5) as peer:
        peer.sendall(f"POST /api/v1/packages HTTP/1.1\r\n{head}\r\n".encode() + content[:size])


def fill_the_disk(run: Run, uploads: Sender, good: bytes) -> None:
    """P07: on a full disk an upload is answered 507, cleaned up, and hinders nobody else."""
    drafts = uploads.packages / "drafts"
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_FULL}", "tmpfs", str(drafts)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode != 0:
        run.report(full_disk="not measured: mounting a small tmpfs needs root")
        return
    try:
        answer = uploads.send("too large for the disk", secrets.token_bytes(_TOO_LARGE))
        left = list(drafts.iterdir())
        after = uploads.send("after the full disk", good)
    finally:
        subprocess.run(["umount", str(drafts)], check=True)
    full = (answer.status_code, answer.json().get("type"))
    run.expect(full == (507, "/problems/storage-full"), f"a full disk was answered {full}")
    run.expect(not left, f"a full disk was left with {left}")
    run.expect(after.status_code == httpx.codes.CONFLICT, f"then came {after.status_code}")
    run.report(full_disk=full[0])


def check_at_the_desk(run: Run, folder: Path, traps: Traps) -> None:
    """``jiuzhou check`` names everything hostile in a project, and executes none of it."""
    start = traps.python.encode()
    hostile = {
        "code/sitecustomize.py": start, "code/boot.pth": start, "code/fast.so": b"\x7fELF\x02",
        "model/model.pkl": b"\x80\x02cos\nsystem\n(Vid\ntR.", "annotation/rule.yaml": b"!!python/x",
    }  # fmt: skip
    forge.project(folder, **hostile)
    (folder / "samples" / "link.json").symlink_to("/etc/passwd")
    os.mkfifo(folder / "samples" / "pipe.json")
    command = [sys.executable, "-m", "capability_sdk.cli", "check", str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    run.expect(done.returncode == 1, f"check ended with {done.returncode}: {done.stderr[-300:]}")
    for name in (*hostile, "samples/link.json"):
        run.expect(name in done.stdout, f"check does not name {name}")
    run.report(check="named every hostile file")
