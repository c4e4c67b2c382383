"""tritonserver with its Python backend over the anchor model, from the wheel's own binary.

One instance, one ONNX Runtime thread, dynamic batching up to 64 rows without delay.
"""

import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.peers import environment
from tests.bench.procedure import SERVER_CORE, pinned_to
from tests.servers.process import free_port, running

MODEL = "anchor"
_CONFIGURATION = """
name: "anchor"
backend: "python"
max_batch_size: 64
input [ { name: "input" data_type: TYPE_FP32 dims: [ 20 ] } ]
output [
  { name: "label" data_type: TYPE_INT64 dims: [ 1 ] },
  { name: "probabilities" data_type: TYPE_FP32 dims: [ 2 ] }
]
instance_group [ { kind: KIND_CPU count: 1 } ]
dynamic_batching { max_queue_delay_microseconds: 0 }
"""


@dataclass(frozen=True, slots=True)
class Triton:
    """A running tritonserver; its Python stub is a child of it."""

    pid: int
    url: str
    port: int
    grpc: str


@contextmanager
def running_triton(folder: Path, onnx: Path, *, poll_seconds: float = 0.05) -> Iterator[Triton]:
    """Run tritonserver for the length of a ``with`` block.

    Args:
        folder: A new folder for its files.
        onnx: The anchor model.
        poll_seconds: How often it is asked whether it is ready.
    """
    home = environment.SITE / "pytriton" / "tritonserver"
    _lay_out(folder, home)
    http, grpc, metrics = free_port(), free_port(), free_port()
    command = [
        *(str(home / "bin" / "tritonserver"), f"--model-repository={folder / 'models'}"),
        *(f"--backend-directory={folder / 'backends'}", "--disable-auto-complete-config"),
        *("--http-address=127.0.0.1", f"--http-port={http}"),
        *("--grpc-address=127.0.0.1", f"--grpc-port={grpc}"),
        *("--metrics-address=127.0.0.1", f"--metrics-port={metrics}"),
        # With a client's connection kept open it would wait for 30 s.
        "--exit-timeout-secs=2",
    ]
    libraries = f"{environment.SITE / 'nvidia_pytriton.libs'}:{environment.facts()['libdir']}"
    variables = {
        "LD_LIBRARY_PATH": libraries,
        "ANCHOR_SITE": str(environment.SITE),
        "ANCHOR_ONNX": str(onnx),
    }
    with (
        pinned_to(SERVER_CORE),
        running(
            command,
            log=folder / "triton.log",
            is_ready=lambda: _is_ready(http),
            environment=variables,
            poll_seconds=poll_seconds,
        ) as process,
    ):
        yield Triton(process.pid, f"http://127.0.0.1:{http}", http, f"127.0.0.1:{grpc}")


def _lay_out(folder: Path, home: Path) -> None:
    """Write the model repository, and a backend with the stub of the peers' Python."""
    backend = folder / "backends" / "python"
    shutil.copytree(home / "backends" / "python", backend)
    version = ".".join(str(environment.facts()["python"]).split(".")[:2])
    stub = home / "python_backend_stubs" / version / "triton_python_backend_stub"
    shutil.copy2(stub, backend)
    model = folder / "models" / MODEL / "1"
    model.mkdir(parents=True)
    (model.parent / "config.pbtxt").write_text(_CONFIGURATION)
    shutil.copy2(Path(__file__).with_name("triton_model.py"), model / "model.py")


def _is_ready(port: int) -> bool:
    try:
        url = f"http://127.0.0.1:{port}/v2/health/ready"
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
