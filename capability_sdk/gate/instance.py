"""A serving instance in the sandbox, exactly as a province would run it."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.gate.confinement import confine_for
from capability_sdk.gate.plan import Plan
from capability_sdk.gate.processes import Usage, files_below, usage_of
from capability_sdk.gate.wire import Answer, NoAnswer, Wire, request_of
from capability_sdk.packaging.digests import digests_of

_READY = request_of("GET", "/v2/health/ready")
_POLL_SECONDS = 0.01
_LOG_BYTES = 4000
_TEMPORARY = "/tmp"  # noqa: S108 - the sandbox's own


class StartFailed(Exception):
    """The instance ended, and the text is its own last word; or it was not ready in time."""

    def __init__(self, reason: str, *, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.timed_out = timed_out


@dataclass(frozen=True, slots=True)
class Instance:
    """A running instance.

    Attributes:
        start_seconds: From its process's start until it was ready.
        in_sandbox: Whether it is confined, not only limited.
    """

    socket: Path
    start_seconds: float
    in_sandbox: bool
    _process: subprocess.Popen[bytes]
    _plan: Plan

    def connect(self) -> Wire:
        """Open a connection.

        Raises:
            NoAnswer: It does not listen any more.
        """
        return Wire(self.socket, self._plan.answer_seconds)

    def ask(self, request: bytes) -> Answer:
        """Ask once, on a connection of its own.

        Raises:
            NoAnswer: It does not answer.
        """
        with self.connect() as wire:
            return wire.ask(request)

    def usage(self) -> Usage:
        """Return what it uses now, its engine's worker processes included."""
        return usage_of(self._process.pid)

    def temporary_files(self) -> set[str] | None:
        """Name its temporary files; None where this host does not let them be seen."""
        files = files_below(self._process.pid, _TEMPORARY)
        own = f"{self.socket.parent}/"  # its journal, which the province reads and removes
        return None if files is None else {name for name in files if not name.startswith(own)}

    def kill(self) -> None:
        """End it at once, with all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


@contextlib.contextmanager
def running_instance(
    folder: Path, manifest: Manifest, plan: Plan, *, threads: int = 1
) -> Iterator[Instance]:
    """Start an instance, wait until it is ready, and end it afterwards.

    Args:
        folder: The unpacked package.
        manifest: Of that package.
        plan: What it may take.
        threads: Threads that one batch may use.

    Raises:
        StartFailed: It does not become ready.
    """
    # A short path: a socket's may have 107 bytes.
    with tempfile.TemporaryDirectory(prefix="gate-") as name:
        place = Path(name).resolve()
        command = _command(folder, place, threads)
        confined = confine_for(manifest, command, plan, read_only=[folder], writable=[place])
        with (place / "log").open("wb") as log:
            began = time.perf_counter()
            process = subprocess.Popen(  # noqa: S603 - running it is the purpose
                confined.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=confined.environment,
                start_new_session=True,
            )
        try:
            _await_ready(process, place, plan)
            seconds = time.perf_counter() - began
            yield Instance(place / "http.sock", seconds, confined.in_sandbox, process, plan)
        finally:
            _end(process)


def _command(folder: Path, place: Path, threads: int) -> list[str]:
    digests = digests_of(folder)
    return [
        *(sys.executable, "-m", "capability_sdk.serving", "--package", str(folder)),
        *("--socket", str(place / "http.sock"), "--journal", str(place / "journal")),
        *("--instance", "gate", "--threads", str(threads)),
        *("--code-digest", digests.code, "--weights-digest", digests.weights),
    ]


def _await_ready(process: subprocess.Popen[bytes], place: Path, plan: Plan) -> None:
    until = time.monotonic() + plan.start_seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise StartFailed(_last_words(place / "log"))
        with contextlib.suppress(NoAnswer), Wire(place / "http.sock", plan.start_seconds) as wire:
            if wire.ask(_READY).status == 200:  # noqa: PLR2004 - HTTP
                return
        time.sleep(_POLL_SECONDS)
    reason = f"it was not ready within {plan.start_seconds:.0f} seconds"
    raise StartFailed(reason, timed_out=True)


def _last_words(log: Path) -> str:
    """Return the last line of a log without its time and module."""
    lines = log.read_bytes()[-_LOG_BYTES:].decode("utf-8", "replace").strip().splitlines()
    if not lines:
        return "it ended without a word"
    _, _, text = lines[-1].partition(" capability_sdk.serving ")
    return text or lines[-1]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(2)
    # Children that stayed behind go too; in the sandbox the end of its init takes them along.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
