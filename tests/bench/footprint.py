"""How much the anchor model takes: on disk, until its first answer, and in memory; ours and the peers'.

``python -m tests.bench.footprint [--rounds 5] [--json FILE]``. The runtime's environment is counted as the
files of the packages that serving asks for, theirs included. A start is the time from the process's
start to its first right answer; the rounds alternate. Memory is that of the whole process tree
after 1,000 calls.
"""

import json
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Protocol

import httpx
import psutil

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.serving.triton.repository import write_repository
from tests.bench.anchor import Anchor, anchor, write_anchor_package
from tests.bench.ours import running_tcp_instance
from tests.bench.peers import environment
from tests.bench.peers.mlserver import running_mlserver
from tests.bench.peers.triton import running_triton
from tests.bench.procedure import say
from tests.bench.proof import ask, prove_model
from tests.bench.report import machine_lines

_PATH = "/v2/models/anchor/infer"
_CALLS = 1_000
_POLL_SECONDS = 0.002
_MIB = 1 << 20
_COLUMNS = (
    "| candidate | model on disk | runtime on disk | start to first answer, median (range)"
    " | memory after 1,000 calls |"
)


class Server(Protocol):
    """A running server."""

    @property
    def pid(self) -> int:
        """Root of its process tree."""
        ...

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server that can be started, with its runtime's packages.

    Attributes:
        start: Starts it, with its files in a new folder.
        python: Of the environment that it runs in.
        packages: What serving asks of that environment.
        own: Folder of the runtime itself, where it is no installed package.
    """

    name: str
    start: Callable[[Path], AbstractContextManager[Server]]
    python: Path
    packages: Sequence[str]
    own: Path | None = None


@dataclass(slots=True)
class Footprint:
    """What was measured of one candidate: bytes, seconds."""

    model_bytes: int
    runtime_bytes: int
    start_seconds: list[float] = field(default_factory=list)
    memory_bytes: list[int] = field(default_factory=list)


def candidates(package: Path, model: Anchor) -> list[Candidate]:
    """Name the servers."""
    return [
        Candidate(
            "jiuzhou serving",
            lambda folder: running_tcp_instance(package, folder, poll_seconds=_POLL_SECONDS),
            Path(sys.executable),
            ["jiuzhou[serving]"],
            Path(sys.modules["capability_sdk"].__path__[0]),
        ),
        Candidate(
            "triton",
            lambda folder: running_triton(folder, model.onnx, poll_seconds=_POLL_SECONDS),
            environment.PYTHON,
            ["nvidia-pytriton", "numpy", "onnxruntime"],
        ),
        Candidate(
            "mlserver",
            lambda folder: running_mlserver(folder, model.onnx, poll_seconds=_POLL_SECONDS),
            environment.MLSERVER / "bin" / "python",
            ["mlserver", "onnxruntime"],
        ),
    ]


def measure(candidate: Candidate, folder: Path, model: Anchor, found: Footprint) -> None:
    """Start a server, ask it once and a thousand times, and end it."""
    began = time.perf_counter()
    with candidate.start(folder) as server:
        prove_model(ask(server.url, _PATH, model.request), model)
        found.start_seconds.append(time.perf_counter() - began)
        headers = {"content-type": "application/json"}
        with httpx.Client(base_url=server.url, headers=headers) as client:
            for _ in range(_CALLS):
                client.post(_PATH, content=model.request).raise_for_status()
        found.memory_bytes.append(_memory(server.pid))


def _memory(pid: int) -> int:
    process = psutil.Process(pid)
    return sum(item.memory_info().rss for item in (process, *process.children(recursive=True)))


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _runtime_size(candidate: Candidate) -> int:
    script = Path(environment.__file__).with_name("installed.py")
    command = [str(candidate.python), str(script), *candidate.packages]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return int(output) + (_size(candidate.own) if candidate.own is not None else 0)


def _sizes(candidate: Candidate, package: Path, model: Anchor, folder: Path) -> Footprint:
    if candidate.name == "triton":
        manifest = Manifest.from_toml((package / "capability.toml").read_text(encoding="utf-8"))
        taken = _size(write_repository(package, manifest, folder / "repository", best_batch=16))
    else:
        taken = _size(package) if candidate.own is not None else model.onnx.stat().st_size
    return Footprint(taken, _runtime_size(candidate))


def text(results: dict[str, Footprint]) -> str:
    """Write the table."""
    lines = ["## Footprint", "", *machine_lines(), ""]
    lines += [_COLUMNS, "|---" * 5 + "|"]
    for name, found in results.items():
        starts = found.start_seconds
        lines.append(
            f"| {name} | {found.model_bytes / 1024:,.0f} KiB | {found.runtime_bytes / _MIB:,.0f} MiB"
            f" | {median(starts):.2f} s ({min(starts):.2f} to {max(starts):.2f})"
            f" | {median(found.memory_bytes) / _MIB:,.0f} MiB |"
        )
    return "\n".join((*lines, ""))


def main() -> int:
    """Measure; return the exit code."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="where to write all figures")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, model = Path(name), anchor()
        package = write_anchor_package(folder / "package")
        wanted = candidates(package, model)
        results = {item.name: _sizes(item, package, model, folder) for item in wanted}
        for number in range(arguments.rounds):
            for item in wanted if number % 2 == 0 else reversed(wanted):
                measure(item, folder / f"{item.name}-{number}", model, results[item.name])
            say(f"round {number + 1} of {arguments.rounds} done")
    sys.stdout.write(text(results))
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        figures = {name: asdict(found) for name, found in results.items()}
        arguments.json.write_text(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
