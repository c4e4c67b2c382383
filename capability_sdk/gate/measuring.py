"""Measures the engine of a package, in the sandbox: ``python -m capability_sdk.gate.measuring``.

The last line that it prints is a `Measured` as JSON. It judges nothing.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.packages import MANIFEST_FILE
from capability_sdk.contracts.passport import BatchPoint
from capability_sdk.gate.measured import Measured
from capability_sdk.gate.processes import Usage, usage_of
from capability_sdk.packaging.samples import read_samples
from capability_sdk.profiling.columns import Tensor
from capability_sdk.serving.engines import leave_out_training_libraries, load_engine
from capability_sdk.serving.requests import RequestReader

BATCHES = (1, 2, 4, 8, 16, 32, 64)
_WARM_UP = 2
_MOST_RUNS = 100_000
_TAIL = 0.99

Batch = Mapping[str, Tensor]
Run = Callable[[Batch], object]


def measure(folder: Path, threads: int, point_seconds: float) -> Measured:
    """Load the model and run batches of the first sample's first row."""
    manifest = Manifest.from_toml((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    row = _first_row(folder, manifest)
    before, began = _usage().resident_bytes, time.perf_counter()
    engine = load_engine(folder, manifest, threads=threads)
    load_seconds = time.perf_counter() - began
    try:
        points = [
            _point(engine.run, _repeated(row, rows), threads, point_seconds)
            for rows in BATCHES
            if rows <= manifest.max_batch_size
        ]
        memory = max(_usage().resident_bytes - before, 0)
    finally:
        engine.close()
    return Measured(load_seconds=load_seconds, memory_bytes=memory, batches=points)


def _first_row(folder: Path, manifest: Manifest) -> Batch:
    sample = next(iter(read_samples(folder, []).values()))
    body = sample.request.model_dump_json(exclude_none=True).encode()
    call = RequestReader(manifest).read(body, None)
    return {name: values[:1] for name, values in call.tensors.items()}


def _repeated(row: Batch, rows: int) -> Batch:
    return {name: np.repeat(values, rows, axis=0) for name, values in row.items()}


def _point(run: Run, batch: Batch, threads: int, seconds: float) -> BatchPoint:
    rows = len(next(iter(batch.values())))
    for _ in range(_WARM_UP):
        run(batch)
    before = _usage().cpu_seconds
    took = sorted(_times(run, batch, seconds))
    cpu = (_usage().cpu_seconds - before) / len(took)
    middle = took[len(took) // 2]
    return BatchPoint(
        rows=rows,
        threads=threads,
        latency_p50_ms=round(middle * 1e3, 4),
        latency_p99_ms=round(took[int(len(took) * _TAIL)] * 1e3, 4),
        rows_per_second=round(rows / middle, 1),
        cpu_microseconds_per_row=round(cpu / rows * 1e6, 3),
    )


def _times(run: Run, batch: Batch, seconds: float) -> Iterator[float]:
    until = time.perf_counter() + seconds
    for _ in range(_MOST_RUNS):
        began = time.perf_counter()
        run(batch)
        ended = time.perf_counter()
        yield ended - began
        if ended > until:
            return


def _usage() -> Usage:
    return usage_of(os.getpid())


def main() -> int:
    """Measure the package of the arguments and print what was found."""
    parser = argparse.ArgumentParser(prog="capability_sdk.gate.measuring", description=__doc__)
    parser.add_argument("--package", type=Path, required=True, help="folder of the package")
    parser.add_argument("--threads", type=int, default=1, help="threads that one batch may use")
    parser.add_argument("--seconds", type=float, default=0.2, help="for each number of rows")
    given = parser.parse_args()
    measured = measure(given.package, given.threads, given.seconds)
    sys.stdout.write(measured.model_dump_json() + "\n")
    return 0


if __name__ == "__main__":
    leave_out_training_libraries()
    sys.exit(main())
