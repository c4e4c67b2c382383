"""The measured passport of a capability version: what one instance of it costs."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from capability_sdk.profiling.columns import Tensor

Run = Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]

_BATCHES = (1, 4, 16, 64)
_WARM_UP = 3
_BUDGET_SECONDS = 0.25
_MOST_RUNS = 2_000


def resident_bytes() -> int:
    """Return the physical memory of this process, in bytes (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


class Passport:
    """Collects the measurements.

    Args:
        load_seconds: Wall time of loading the model.
        before_bytes: Memory of this process before that.
    """

    def __init__(self, load_seconds: float, before_bytes: int) -> None:
        self._load_seconds = load_seconds
        self._before_bytes = before_bytes
        self._memory_bytes = 0
        self._per_row: dict[int, float] = {}

    def measure(self, run: Run, tensors: Mapping[str, Tensor], max_batch_size: int) -> None:
        """Measure CPU time per row, on one thread, over batch sizes.

        Args:
            run: Computes a batch.
            tensors: A sample; its first row is repeated.
            max_batch_size: No larger batch is measured.
        """
        for rows in (size for size in _BATCHES if size <= max_batch_size):
            batch = {name: np.repeat(values[:1], rows, axis=0) for name, values in tensors.items()}
            self._per_row[rows] = _cpu_seconds(run, batch) / rows * 1e6
        self._memory_bytes = max(resident_bytes() - self._before_bytes, 0)

    def as_members(self) -> dict[str, Any]:
        """Return the passport as members of a gate report."""
        by_batch = {str(rows): round(value, 3) for rows, value in self._per_row.items()}
        return {
            "load_seconds": round(self._load_seconds, 6),
            "memory_bytes": self._memory_bytes,
            "cpu_microseconds_per_row": by_batch.get("1", 0.0),
            "cpu_microseconds_per_row_by_batch": by_batch,
            "threads": 1,
        }


def _cpu_seconds(run: Run, batch: Mapping[str, Tensor]) -> float:
    for _ in range(_WARM_UP):
        run(batch)
    runs = 0
    began, until = time.process_time(), time.perf_counter() + _BUDGET_SECONDS
    while runs < _MOST_RUNS and time.perf_counter() < until:
        run(batch)
        runs += 1
    return (time.process_time() - began) / max(runs, 1)
