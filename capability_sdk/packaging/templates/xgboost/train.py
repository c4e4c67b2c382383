"""Trains an XGBoost regressor and writes the package around it: python train.py."""

from pathlib import Path

import numpy as np
import pandas as pd
from xgboost import XGBRegressor

from capability_sdk.conversion import Execution, Hints, package

SEED = 7
TARGET = "throughput"


def observe(rows: int) -> pd.DataFrame:
    """Make up measurements of terminals; put your own data here."""
    random = np.random.default_rng(SEED)
    rsrp = random.normal(-95.0, 12.0, rows)
    sinr = 0.4 * (rsrp + 95.0) + random.normal(12.0, 5.0, rows)
    load = random.uniform(0.0, 1.0, rows)
    throughput = np.maximum(sinr, 0.0) * 8.0 * (1.2 - load) + random.normal(0.0, 3.0, rows)
    return pd.DataFrame({"rsrp": rsrp, "sinr": sinr, "load": load, TARGET: throughput})


def main() -> None:
    """Train, and write model, samples, reference and manifest."""
    frame = observe(1000)
    model = XGBRegressor(n_estimators=30, max_depth=4, random_state=SEED, n_jobs=1)
    model.fit(frame.drop(columns=TARGET), frame[TARGET])
    made = package(
        model,
        training=frame,
        target=TARGET,
        folder=Path(__file__).parent,
        hints=Hints(
            units={"rsrp": "dBm", "sinr": "dB", "load": "share of capacity"},
            # ONNX where it computes the same, since it is faster; or Execution.NATIVE.
            execution=Execution.AUTO,
        ),
        script=__file__,
    )
    print(made.report())


if __name__ == "__main__":
    main()
