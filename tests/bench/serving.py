"""Serving beside tritonserver's Python backend and MLServer, on the same ONNX model.

``python -m tests.bench.serving [--rounds 5] [--seconds 3] [--json FILE]``. Besides: the same instance
without a reference profile, which shows profiling's share. Every candidate is sent the same request,
with an id, since MLServer makes one up where there is none and no two of its answers were equal.
"""

import json
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from tests.bench.anchor import Anchor, anchor, write_anchor_package
from tests.bench.load import Call, Load
from tests.bench.ours import running_tcp_instance
from tests.bench.peers import environment
from tests.bench.peers.mlserver import running_mlserver
from tests.bench.peers.triton import running_triton
from tests.bench.procedure import Candidate, Results, Windows, alternate
from tests.bench.proof import ask, prove_model
from tests.bench.report import Bar, Report, arguments_of, plan_of, publish

_PATH = "/v2/models/anchor/infer"
OURS, UNPROFILED = "jiuzhou serving", "jiuzhou serving, no profiling"
TRITON, MLSERVER = "triton", "mlserver"
BAR = Bar(OURS, TRITON, 2.0)
BARS = (BAR, Bar(OURS, MLSERVER, 7.0), Bar(OURS, UNPROFILED, 0))


def candidates(stack: ExitStack, folder: Path, model: Anchor) -> list[Candidate]:
    """Start all candidates; they end with the stack."""
    found = []
    for name, is_profiled in ((OURS, True), (UNPROFILED, False)):
        place = "profiled" if is_profiled else "unprofiled"
        package = write_anchor_package(folder / f"{place}-package", is_profiled=is_profiled)
        instance = stack.enter_context(running_tcp_instance(package, folder / place))
        found.append(_candidate(name, instance.pid, instance.url, folder, model))
    triton = stack.enter_context(running_triton(folder / "triton", model.onnx))
    found.insert(1, _candidate(TRITON, triton.pid, triton.url, folder, model))
    mlserver = stack.enter_context(running_mlserver(folder / "mlserver", model.onnx))
    found.insert(2, _candidate(MLSERVER, mlserver.pid, mlserver.url, folder, model))
    return found


def _candidate(name: str, pid: int, url: str, folder: Path, model: Anchor) -> Candidate:
    request = json.dumps({"id": "bench", **json.loads(model.request)})
    answer = prove_model(ask(url, _PATH, request), model)
    # As the gateway does, which gives every call an id; the peers take no notice of it.
    call = Call(_PATH, request, [answer], {"x-request-id": "bench-request"})
    return Candidate(name, (pid,), Load(folder, name.replace(" ", "-"), url, call))


def latency(results: Results) -> str:
    """Hold our p50 at one connection against Triton's."""
    ours, peer = (_p50(results.get(name, {})) for name in (OURS, TRITON))
    if ours is None or peer is None:
        return "p50 at 1 connection: not measured"
    verdict = "held" if ours <= peer else "MISSED"
    return f"p50 at 1 connection: {ours:.0f} us, {TRITON} {peer:.0f} us (not above it: {verdict})"


def _p50(windows: Mapping[int, Windows]) -> float | None:
    at_one = windows.get(1)
    return median(item.p50_us for item in at_one.valid) if at_one and at_one.valid else None


def main() -> int:
    """Measure; return the exit code."""
    arguments = arguments_of(__doc__)
    version = environment.mlserver_version()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        started = candidates(stack, Path(name), anchor())
        wanted = [c for c in started if not arguments.only or c.name in arguments.only]
        results = alternate(wanted, plan_of(arguments))
    notes = [latency(results), f"MLServer {version}, parallel_workers 0"]
    return publish(Report("Serving", results, BARS, notes), arguments.json)


if __name__ == "__main__":
    sys.exit(main())
