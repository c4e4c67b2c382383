"""The batch at which a model gains no more, for servers that have to be told."""

from pathlib import Path

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.serving.engines import load_engine
from capability_sdk.serving.engines.speed import measure

_LARGEST = 64
_NEAR = 0.9
"""Part of the best throughput that is as good: the passport of the gate goes by it too."""


def best_batch_of(package: Path, manifest: Manifest, threads: int) -> int:
    """Measure the smallest batch whose throughput comes within a tenth of the best, in rows.

    Raises:
        UnusablePackage: The package cannot be loaded.
    """
    engine = load_engine(package, manifest, threads)
    largest = min(manifest.max_batch_size, _LARGEST)
    sizes = [1 << power for power in range(largest.bit_length())]
    rates = {rows: rows / measure(engine.run, manifest, rows) for rows in sizes}
    engine.close()
    return min(rows for rows in sizes if rates[rows] >= _NEAR * max(rates.values()))
