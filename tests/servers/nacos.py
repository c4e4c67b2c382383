"""A real Nacos 3.1 server: started, killed, frozen and emptied by tests."""

import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.nacos.installation import NacosMissing, find_class_path
from deploy.nacos.server import USER, NacosServer, pick_port
from tests.servers.process import refuse_or_skip
from tests.waiting import eventually

_TRIES = 3


class Nacos:
    """One server on loopback, with login; `running_nacos` starts it."""

    username = USER

    def __init__(self, folder: Path, class_path: str) -> None:
        self._server = NacosServer(folder, pick_port(), secrets.token_urlsafe(12))
        self._class_path = class_path
        self._process: subprocess.Popen[bytes] | None = None
        self.address = self._server.address
        self.port = self._server.port
        self.password = self._server.password
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "nacos.log"
        self._server.write_configuration()

    def start(self) -> None:
        """Start the server and wait until its user can log in."""
        for _ in range(_TRIES):
            self._process = self._spawn()
            eventually(lambda: self._server.is_up() or self._has_ended(), 110, pause=0.2)
            if not self._has_ended():
                break
            # Its own database has ten seconds to open, which a crowded machine may not give it.
            self.empty()
        else:
            pytest.fail(f"Nacos did not start {_TRIES} times:\n{self._log.read_text()[-2000:]}")
        eventually(self._server.settle_password, 60, pause=0.3)

    def _spawn(self) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as output:
            command = self._server.command(self._class_path)
            return subprocess.Popen(command, stdout=output, stderr=output)

    def _has_ended(self) -> bool:
        assert self._process is not None
        return self._process.poll() is not None

    def kill(self) -> None:
        """End it as a crash does."""
        self._signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait()

    def empty(self) -> None:
        """Delete everything that the killed server knew; what starts next is a new one."""
        for name in ("data", "logs"):
            shutil.rmtree(self._server.folder / name, ignore_errors=True)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self.thaw()
        # Nothing of it is kept: an orderly end would take three seconds.
        self.kill()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


@contextmanager
def running_nacos(folder: Path) -> Iterator[Nacos]:
    """Run a server of one's own for the length of a ``with`` block: 15 s and 430 MB."""
    try:
        class_path = find_class_path()
    except NacosMissing:
        refuse_or_skip("nacos", "make nacos")
    nacos = Nacos(folder, class_path)
    try:
        nacos.start()
        yield nacos
    finally:
        nacos.stop()
