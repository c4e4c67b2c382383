"""Writes the package around code/capability.py: python train.py. There is nothing to train."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from capability_sdk.conversion import Hints, package

SEED = 7
HERE = Path(__file__).parent


def observe(rows: int) -> NDArray[np.float32]:
    """Make up days of cells, an hour a column; put your own data here."""
    random = np.random.default_rng(SEED)
    day = 0.5 + 0.4 * np.sin(np.arange(24) / 24 * 2 * np.pi)
    scale = random.uniform(0.3, 1.1, (rows, 1))
    return np.clip(day * scale + random.normal(0, 0.02, (rows, 24)), 0, 1).astype(np.float32)


def main() -> None:
    """Run the code over the data, and write samples, reference and manifest."""
    made = package(
        HERE / "code" / "capability.py",
        training={"load": observe(500)},
        folder=HERE,
        hints=Hints(units={"load": "share of capacity"}),
        script=__file__,
    )
    print(made.report())


if __name__ == "__main__":
    main()
