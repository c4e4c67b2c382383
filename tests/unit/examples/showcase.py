"""The capabilities of the examples: trained once a test module, and served as a province does."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from capability_sdk.packaging.digests import digests_of

ROOT = Path(__file__).parents[3]
# One thread, as the scripts train: more of them on a busy machine wait for each other.
_ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Example:
    """An example and its data set.

    Attributes:
        module: Of its training script, below ``examples``.
        data: Folder of its data.
        capability: Name of the capability.
    """

    module: str
    data: str
    capability: str


EXAMPLES = (
    Example("ran_kpi_anomaly", "ran-cell-kpi", "ran-kpi-anomaly"),
    Example("cell_traffic_forecast", "lte-cell-traffic", "cell-traffic-forecast"),
    Example("fault_severity", "telecom-fault", "fault-severity"),
    Example("alarm_root_cause", "alarm-rca", "alarm-root-cause"),
    Example("ticket_classify", "ticket-text", "ticket-classify"),
)


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained example: its project and what the script printed."""

    example: Example
    project: Path
    printed: str

    def score(self, name: str) -> float:
        """Return the score of a line that starts so."""
        (line,) = [
            line for line in self.printed.splitlines() if line.strip().startswith(f"{name}:")
        ]
        return float(line.split(f"{name}:")[1].split(",")[0])


def train(example: Example, data: Path, out: Path) -> Trained:
    """Train an example as a user does."""
    command = [sys.executable, "-m", f"examples.{example.module}.train"]
    command += ["--data", str(data / example.data), "--out", str(out)]
    done = subprocess.run(
        command, cwd=ROOT, env=_ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Trained(example, out / example.capability, done.stdout)


@contextmanager
def served(package: Path, folder: Path) -> Iterator[httpx.Client]:
    """Serve a package by ``python -m capability_sdk.serving`` and yield a client of its socket."""
    address, digests = folder / "http.sock", digests_of(package)
    command = [sys.executable, "-m", "capability_sdk.serving", "--package", str(package)]
    command += ["--socket", str(address), "--journal", str(folder / "journal")]
    command += ["--instance", "i-1", "--threads", "1"]
    command += ["--code-digest", digests.code, "--weights-digest", digests.weights]
    with (folder / "log").open("wb") as log:
        instance = subprocess.Popen(command, cwd=ROOT, env=_ENVIRONMENT, stdout=log, stderr=log)
        try:
            _wait(address, instance, folder / "log")
            transport = httpx.HTTPTransport(uds=str(address))
            with httpx.Client(
                transport=transport, base_url="http://instance", timeout=30.0
            ) as http:
                yield http
        finally:
            instance.terminate()
            instance.wait(timeout=30)


def _wait(address: Path, instance: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and instance.poll() is None:
        # Not with httpx: it leaks the socket of a refused connection.
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(address)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text())
