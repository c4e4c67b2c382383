"""A real tritonserver with its Python backend, from the wheel's own binary, over a model repository."""

import shutil
import sys
import sysconfig
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import peers
from tests.servers.process import free_port, running


@dataclass(frozen=True, slots=True)
class Triton:
    """A running tritonserver, on loopback; a Python stub for each model is a child of it."""

    pid: int
    http_port: int
    grpc_port: int
    metrics_port: int

    @property
    def http(self) -> str:
        return f"127.0.0.1:{self.http_port}"

    @property
    def grpc(self) -> str:
        return f"127.0.0.1:{self.grpc_port}"


@contextmanager
def running_triton(
    repository: Path, folder: Path, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[Triton]:
    """Run tritonserver for the length of a ``with`` block; skips where its wheel is not installed.

    Args:
        repository: The model repository; its models run on numpy 1, ONNX Runtime, XGBoost, LightGBM.
        folder: A new folder for the server's own files.
        options: Further options of its command line.
        environment: Further variables that models can read.
    """
    site = peers.site_packages(peers.environment("tritonserver"))
    home = site / "pytriton" / "tritonserver"
    _lay_out_backend(folder / "backends" / "python", site)
    http, grpc, metrics = free_port(), free_port(), free_port()
    command = [
        *(str(home / "bin" / "tritonserver"), f"--model-repository={repository}"),
        *(f"--backend-directory={folder / 'backends'}", "--disable-auto-complete-config"),
        *("--http-address=127.0.0.1", f"--http-port={http}"),
        *("--grpc-address=127.0.0.1", f"--grpc-port={grpc}"),
        *("--metrics-address=127.0.0.1", f"--metrics-port={metrics}"),
        # With a client's connection kept open it would wait for 30 s.
        "--exit-timeout-secs=2",
        *options,
    ]
    variables = {
        # The stub is linked with Python's library, the server with those of the wheel.
        "LD_LIBRARY_PATH": f"{site / 'nvidia_pytriton.libs'}:{sysconfig.get_config_var('LIBDIR')}",
        **(environment or {}),
    }
    log = folder / "triton.log"
    ready = f"http://127.0.0.1:{http}/v2/health/ready"
    with running(
        command, log=log, is_ready=lambda: _is_ready(ready), environment=variables
    ) as process:
        yield Triton(process.pid, http, grpc, metrics)


def _lay_out_backend(backend: Path, site: Path) -> None:
    """Copy the backend out of the wheel, and beside it the stub of the Python that models run on."""
    home = site / "pytriton" / "tritonserver"
    shutil.copytree(home / "backends" / "python", backend)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    shutil.copy2(home / "python_backend_stubs" / version / "triton_python_backend_stub", backend)
    # The stub reads no PYTHONPATH, but looks into this folder.
    for package in site.iterdir():
        (backend / package.name).symlink_to(package)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - loopback, plain HTTP
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
