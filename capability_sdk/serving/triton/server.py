"""One tritonserver on a Unix socket of its own: started, watched, and started again when it fails.

A thread owns the process: the kernel ends a child with the thread that started it. A server that is
gone or does not answer is down at once for its callers, who are told to come back.
"""

import contextlib
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tritonclient.grpc import InferenceServerClient
from tritonclient.utils import InferenceServerException

from capability_sdk.contracts.errors import Unavailable
from capability_sdk.serving.errors import UnusablePackage
from capability_sdk.serving.triton.installation import TritonInstallation

_log = logging.getLogger(__name__)

START_SECONDS = 60.0
_LOOK_SECONDS = 0.25
_SILENT_SECONDS = 1.0
_STOP_SECONDS = 4.0
_FIRST_DELAY, _LONGEST_DELAY = 0.1, 10.0
_LOG_BYTES = 2000
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where the Python backend has its regions


class TritonDown(Unavailable):
    """The server is being started again."""

    code = "triton-down"
    title = "The tritonserver of this instance is starting"


@dataclass(frozen=True, slots=True)
class _Life:
    """The server from one start to its end."""

    process: subprocess.Popen[bytes]
    client: InferenceServerClient


class TritonServer:
    """Keeps one server running over a model repository."""

    def __init__(self, installation: TritonInstallation, repository: Path, folder: Path) -> None:
        """Start it and wait until it is ready.

        Args:
            installation: Where the server is.
            repository: What it serves.
            folder: A short path for its socket, log and backend; ours alone.

        Raises:
            UnusablePackage: It cannot load the model; the reason is in its log.
        """
        self._folder = folder
        self._installation = installation
        self._region = region_of(folder)
        installation.lay_out_backend(folder / "backends")
        self._command = self._compose(repository)
        self._life: _Life | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = threading.Event()
        self._settled = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="tritonserver", daemon=True)
        self._keeper.start()
        if not self._settled.wait(START_SECONDS) or self._life is None:
            self.close()
            raise UnusablePackage(f"tritonserver does not serve the package: {self._last_words()}")

    @property
    def client(self) -> InferenceServerClient:
        """A client of the running server.

        Raises:
            TritonDown: It does not run now.
        """
        life = self._life
        if life is None:
            raise TritonDown("Try again in a second.", headers={"Retry-After": "1"})
        return life.client

    def restart(self) -> None:
        """End the server, which no longer answers; the keeper starts a new one."""
        life = self._life
        if life is not None and life.process.poll() is None:
            _kill(life.process)

    def close(self) -> None:
        """End the server for good."""
        self._ending.set()
        self._keeper.join()

    def _keep(self) -> None:
        delay = _FIRST_DELAY
        while not self._ending.is_set():
            life = self._start()
            self._settled.set()
            if life is not None:
                delay = _FIRST_DELAY
                self._watch(life)
                self._life = None
                life.client.close()
            self._stop()
            if not self._ending.wait(delay):
                _log.warning("tritonserver is started again: %s", self._last_words())
            delay = min(delay * 2, _LONGEST_DELAY)

    def _start(self) -> _Life | None:
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the operator configured the server
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self._installation.variables},
                cwd=self._folder,
                start_new_session=True,
            )
        client = InferenceServerClient(f"unix:{self._folder / 'g:1'}")
        until = time.monotonic() + START_SECONDS
        while not _answers(client.is_server_ready):
            gone = self._process.poll() is not None
            if gone or time.monotonic() > until or self._ending.wait(_LOOK_SECONDS / 5):
                client.close()
                return None
        self._life = _Life(self._process, client)
        return self._life

    def _watch(self, life: _Life) -> None:
        """Return when the server is gone, hangs, or is to end."""
        while not self._ending.wait(_LOOK_SECONDS):
            if life.process.poll() is not None or not _answers(life.client.is_server_live):
                return

    def _stop(self) -> None:
        process = self._process
        if process is None:
            return
        if self._ending.is_set():
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_SECONDS)
        _kill(process)  # with the processes of its models
        process.wait()
        sweep_regions(self._folder)

    def _compose(self, repository: Path) -> Sequence[str]:
        return (
            *("setpriv", "--pdeathsig", "KILL", str(self._installation.program)),
            *(f"--model-repository={repository}", "--disable-auto-complete-config"),
            f"--backend-directory={self._folder / 'backends'}",
            f"--backend-config=python,shm-region-prefix-name={self._region}",
            # gRPC takes the whole for a path: no port of the machine is opened.
            *(f"--grpc-address=unix:{self._folder / 'g'}", "--grpc-port=1"),
            *("--allow-http=false", "--allow-metrics=false", "--exit-timeout-secs=2"),
        )

    def _last_words(self) -> str:
        """Return the last error in the server's log; its own words, no inputs."""
        try:
            text = (self._folder / "log").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return "it has no log"
        errors = [line for line in text.splitlines() if line.startswith(("E", "error"))]
        return (errors or [text])[-1][-_LOG_BYTES:]


def region_of(folder: Path) -> str:
    """Name the shared memory of a server's folder; no other folder of this machine has the name."""
    status = folder.stat()
    return f"jiuzhou-{status.st_dev:x}-{status.st_ino:x}-"


def sweep_regions(folder: Path) -> None:
    """Free the shared memory that a killed server left behind."""
    for region in SHARED_MEMORY.glob(f"{region_of(folder)}*"):
        region.unlink(missing_ok=True)


def _answers(ask: Callable[..., bool]) -> bool:
    try:
        return ask(client_timeout=_SILENT_SECONDS)
    except InferenceServerException:
        return False


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
