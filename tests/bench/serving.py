"""Serving beside tritonserver's Python backend, on the same ONNX model.

``python -m tests.bench.serving [--rounds 5] [--seconds 3] [--json FILE]``. Besides: the same instance
without a reference profile, which shows profiling's share.
"""

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.bench.anchor import Anchor, anchor, write_anchor_package
from tests.bench.load import Call, Load
from tests.bench.ours import running_tcp_instance
from tests.bench.peers.triton import running_triton
from tests.bench.procedure import Candidate, alternate
from tests.bench.proof import ask, prove_model
from tests.bench.report import Bar, Report, arguments_of, plan_of, publish

_PATH = "/v2/models/anchor/infer"
OURS, TRITON, UNPROFILED = "jiuzhou serving", "triton", "jiuzhou serving, no profiling"
BAR = Bar(OURS, TRITON, 2.0)


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
    return found


def _candidate(name: str, pid: int, url: str, folder: Path, model: Anchor) -> Candidate:
    answer = prove_model(ask(url, _PATH, model.request), model)
    # As the gateway does, which gives every call an id; Triton takes no notice of it.
    call = Call(_PATH, model.request, [answer], {"x-request-id": "bench-request"})
    return Candidate(name, (pid,), Load(folder, name.replace(" ", "-"), url, call))


def main() -> int:
    """Measure; return the exit code."""
    arguments = arguments_of(__doc__)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        started = candidates(stack, Path(name), anchor())
        wanted = [c for c in started if not arguments.only or c.name in arguments.only]
        results = alternate(wanted, plan_of(arguments))
    return publish(Report("Serving", results, (BAR, Bar(OURS, UNPROFILED, 0))), arguments.json)


if __name__ == "__main__":
    sys.exit(main())
