"""Starting, awaiting and stopping a server that belongs to a test session."""

import itertools
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[2]
START_SECONDS = 180.0
_PORTS = range(20_000, 30_000)
_SHARES = 8
_missing: set[str] = set()


def missing_servers() -> list[str]:
    """Name the servers that tests of this session asked for in vain."""
    return sorted(_missing)


def find_program(name: str, *folders: str) -> str:
    """Find a server's program; skip the test where it is missing, fail it in CI."""
    path = os.pathsep.join([*folders, os.environ.get("PATH", ""), "/usr/sbin"])
    found = shutil.which(name, path=path)
    if found is None:
        refuse_or_skip(name, "make servers")
    return found


def refuse_or_skip(name: str, remedy: str) -> NoReturn:
    """Skip a test for want of a server, loudly; in CI nothing may be missing."""
    _missing.add(name)
    reason = f"{name} is not installed; `{remedy}` installs it"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    """Return a loopback port that is free, and that nobody else is given until it is bound."""
    return next(port for port in _ports if _is_free(port))


def _own_ports() -> Iterator[int]:
    """Yield ports again and again: other ones in each of pytest's workers, and none by chance.

    They lie below those that the kernel gives to whoever connects or asks for any port. Such a one
    may be taken by somebody between being found free and being bound, which takes a process seconds.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _SHARES
    size = len(_PORTS) // _SHARES
    share = _PORTS[worker * size : (worker + 1) * size]
    first = os.getpid() % size  # other runs on this machine begin elsewhere
    return itertools.cycle([*share[first:], *share[:first]])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


_ports = _own_ports()


@contextmanager
def running(
    command: Sequence[str],
    *,
    log: Path,
    is_ready: Callable[[], bool],
    user: str | None = None,
    environment: dict[str, str] | None = None,
    poll_seconds: float = 0.05,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server for the length of a ``with`` block."""
    with (
        log.open("ab") as output,
        subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            user=user,
            env={**os.environ, **(environment or {})},
        ) as process,
    ):
        try:
            await_ready(process, is_ready, log, poll_seconds)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


class Module:
    """A module of ours as a process, which a test kills or stops, and starts again."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        log_file: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self._log_file = log_file
        self._command = [sys.executable, "-m", name, *arguments]
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}

    @property
    def log(self) -> str:
        """What it has said."""
        return self._log_file.read_text(errors="replace")

    def start(self) -> None:
        """Start it; it may not be ready yet."""
        with self._log_file.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )

    def await_ready(self, is_ready: Callable[[], bool]) -> None:
        """Wait until it answers; one that ended instead fails with the end of its log."""
        assert self.process is not None
        await_ready(self.process, is_ready, self._log_file)

    def kill(self) -> None:
        """End it with SIGKILL."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it in order, if it still runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)


def await_ready(
    process: subprocess.Popen[bytes],
    is_ready: Callable[[], bool],
    log: Path,
    poll_seconds: float = 0.05,
) -> None:
    """Wait until a server answers; a dead or silent one fails with the end of its log."""
    deadline = time.monotonic() + START_SECONDS
    while not is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            end = log.read_text(errors="replace")[-2000:]
            pytest.fail(f"{process.args!r} did not start:\n{end}")
        time.sleep(poll_seconds)


def accepts(port: int) -> bool:
    """Tell whether something listens on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
