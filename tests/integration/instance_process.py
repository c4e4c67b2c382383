"""Instances as the scheduler starts them: processes of their own on Unix sockets."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from capability_sdk.packaging.digests import digests_of

ROOT = Path(__file__).parents[2]


@contextmanager
def instance(package: Path, folder: Path) -> Iterator[httpx.Client]:
    """Serve a package by a process; its socket, journal and log lie in ``folder``."""
    folder.mkdir()
    digests = digests_of(package)
    command = [sys.executable, "-m", "capability_sdk.serving", "--package", str(package)]
    command += ["--socket", str(folder / "s"), "--journal", str(folder / "journal")]
    command += ["--instance", "i-1", "--threads", "1"]
    command += ["--code-digest", digests.code, "--weights-digest", digests.weights]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        _wait_until_it_listens(folder, child)
        transport = httpx.HTTPTransport(uds=str(folder / "s"))
        with httpx.Client(transport=transport, base_url="http://instance", timeout=60) as client:
            yield client
    finally:
        child.terminate()
        child.wait(30)


def _wait_until_it_listens(folder: Path, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and child.poll() is None:
        # Not with httpx: it leaks the socket of a refused connection.
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(folder / "s")) == 0:
                return
        time.sleep(0.05)
    raise AssertionError((folder / "log").read_text())
