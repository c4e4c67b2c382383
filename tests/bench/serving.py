"""CPU time of one infer call, as shipped: ``python -m tests.bench.serving [--rounds 5]``.

The model is 100 boosted trees of depth 6 over 20 FP32 inputs; one row a call, V2 JSON, keep-alive.
The runtime's process is pinned to core 0, wrk to core 1. The figure is user and system time of the
process over the requests that it answered in the window; a window with a wrong answer is void.
It listens on TCP here, because wrk has no Unix sockets; everything else is as shipped.
"""

import argparse
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
from onnx import ModelProto
from skl2onnx import to_onnx
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier

from capability_sdk.packaging.digests import digests_of
from capability_sdk.serving.app import ServingApp
from capability_sdk.serving.package import load_package
from capability_sdk.serving.server import run
from capability_sdk.spool import SpoolWriter
from tests.unit.capability_sdk.serving.packages import manifest, rename_input, write_package

CACHE = Path.home() / ".cache" / "jiuzhou-bench"
CONNECTIONS = (1, 16, 64)
_WRK = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["x-request-id"] = "bench-request"
wrk.body = [=[{}]=]
"""


def anchor_package() -> tuple[Path, bytes]:
    """Return the package of the anchor model and one request; train it the first time."""
    values, labels = make_classification(20_000, 20, n_informative=12, random_state=7)
    values = values.astype(np.float32)
    folder = CACHE / "anchor"
    row = [round(float(value), 4) for value in values[-1]]
    tensor = {"name": "input", "datatype": "FP32", "shape": [1, 20], "data": row}
    request = json.dumps({"inputs": [tensor]}).encode()
    if folder.exists():
        return folder, request
    print("training the anchor model, once", flush=True)  # noqa: T201 - a person waits
    model = GradientBoostingClassifier(n_estimators=100, max_depth=6, random_state=7)
    model.fit(values[:16_000], labels[:16_000])
    exported: ModelProto = to_onnx(
        model, values[:1], options={id(model): {"zipmap": False}}, target_opset=15
    )
    declared = manifest(
        name="anchor",
        algorithm_family="gradient-boosting",
        inputs=[{"name": "input", "datatype": "FP32", "shape": [20]}],
        outputs=[
            {"name": "label", "datatype": "INT64"},
            {"name": "probabilities", "datatype": "FP32", "shape": [2]},
        ],
        quality={"task": "classification", "output": "label", "labels": ["no", "yes"]},
    )
    tensors = {
        "input": values[:16_000],
        "label": labels[:16_000].astype(np.int64),
        "probabilities": model.predict_proba(values[:16_000]).astype(np.float32),
    }
    draft = CACHE / f"draft-{os.getpid()}"
    write_package(draft, declared, rename_input(exported, "input"), tensors).rename(folder)
    return folder, request


def serve(port: int, journal: Path) -> None:
    """Serve the anchor model on loopback until SIGTERM."""
    folder, _ = anchor_package()
    digests = digests_of(folder)
    app = ServingApp(load_package(folder, digests.code, digests.weights, 1), SpoolWriter(journal))
    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    run(app, listener)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def window(pid: int, url: str, script: Path, connections: int, seconds: int) -> tuple[float, float]:
    """Load for some seconds; return CPU microseconds a request, and requests a second."""
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s"]
    before = cpu_seconds(pid)
    output = subprocess.run(
        [*command, str(script), url], check=True, capture_output=True, text=True
    ).stdout
    used = cpu_seconds(pid) - before
    if "Non-2xx" in output or "Socket errors" in output:
        raise SystemExit(f"void window:\n{output}")
    match = re.search(r"(\d+) requests in ([\d.]+)s", output)
    if match is None:
        raise SystemExit(f"wrk said nothing:\n{output}")
    return used / int(match[1]) * 1e6, int(match[1]) / float(match[2])


def wait_until_ready(url: str) -> None:
    """Wait for the server's readiness."""
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"{url}/v2/health/ready", timeout=1):  # noqa: S310 - loopback
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise SystemExit("the server did not start")


def measure(rounds: int, seconds: int) -> None:
    """Print the figures of all rounds."""
    _, request = anchor_package()
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
        probe.close()
        script = Path(name) / "request.lua"
        script.write_text(_WRK.format(request.decode()))
        command = [sys.executable, "-m", "tests.bench.serving", "--serve", str(port)]
        server = subprocess.Popen(["taskset", "-c", "0", *command, "--journal", f"{name}/journal"])
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_ready(url)
            url += "/v2/models/anchor/infer"
            window(server.pid, url, script, 16, 1)
            found: dict[int, list[tuple[float, float]]] = {count: [] for count in CONNECTIONS}
            for _ in range(rounds):
                for count in CONNECTIONS:
                    found[count].append(window(server.pid, url, script, count, seconds))
            report(found)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(15)


def report(found: dict[int, list[tuple[float, float]]]) -> None:
    """Print median and range by number of connections."""
    load = os.getloadavg()[0]
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {load:.1f}")  # noqa: T201
    for count, windows in found.items():
        costs = [cost for cost, _ in windows]
        rate = statistics.median(rate for _, rate in windows)
        print(  # noqa: T201 - the result
            f"{count:3d} connections: {statistics.median(costs):6.1f} us CPU a request"
            f" ({min(costs):.1f} to {max(costs):.1f}), {rate:,.0f} requests/s"
        )


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--serve", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--journal", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve, arguments.journal)
    else:
        measure(arguments.rounds, arguments.seconds)


if __name__ == "__main__":
    main()
