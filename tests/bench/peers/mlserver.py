"""MLServer with the anchor model in its own process: no workers, which would cost more."""

import json
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


@dataclass(frozen=True, slots=True)
class MlServer:
    """A running MLServer."""

    pid: int
    url: str


@contextmanager
def running_mlserver(folder: Path, onnx: Path, *, poll_seconds: float = 0.05) -> Iterator[MlServer]:
    """Run MLServer for the length of a ``with`` block.

    Args:
        folder: A new folder for its files.
        onnx: The anchor model.
        poll_seconds: How often it is asked whether it is ready.
    """
    folder.mkdir(parents=True)
    port = free_port()
    _lay_out(folder, port)
    command = [str(environment.MLSERVER / "bin" / "mlserver"), "start", str(folder)]
    variables = {"ANCHOR_ONNX": str(onnx), "PYTHONPATH": str(folder)}
    with (
        pinned_to(SERVER_CORE),
        running(
            command,
            log=folder / "mlserver.log",
            is_ready=lambda: _is_ready(port),
            environment=variables,
            poll_seconds=poll_seconds,
        ) as process,
    ):
        yield MlServer(process.pid, f"http://127.0.0.1:{port}")


def _lay_out(folder: Path, port: int) -> None:
    settings = {
        "parallel_workers": 0,
        "debug": False,
        "host": "127.0.0.1",
        "http_port": port,
        "grpc_port": free_port(),
        "metrics_port": free_port(),
    }
    model = {"name": "anchor", "implementation": "mlserver_model.AnchorModel"}
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(json.dumps(model))
    shutil.copy2(Path(__file__).with_name("mlserver_model.py"), folder)


def _is_ready(port: int) -> bool:
    try:
        url = f"http://127.0.0.1:{port}/v2/models/anchor/ready"
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
