"""Trains a LightGBM classifier and writes the package around it: python train.py."""

from pathlib import Path

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier

from capability_sdk.conversion import Execution, Hints, package

SEED = 7
TARGET = "severity"
USUAL_ALARMS = 6


def observe(rows: int) -> pd.DataFrame:
    """Make up faults; put your own data here."""
    random = np.random.default_rng(SEED)
    # Times of this size need 64 bits: 32 would send rows over the thresholds of trees.
    raised = 1.76e9 + np.sort(random.uniform(0, 86_400, rows))
    alarms = random.poisson(USUAL_ALARMS, rows).astype(float)
    vendor = pd.Categorical(random.choice(["north", "south"], rows), ["north", "south"])
    night = np.sin((raised - 1.76e9) / 86_400 * 2 * np.pi) > 0
    severity = (alarms > USUAL_ALARMS).astype(int) + (night & (vendor == "north"))
    return pd.DataFrame({"raised": raised, "alarms": alarms, "vendor": vendor, TARGET: severity})


def main() -> None:
    """Train, and write model, samples, reference and manifest."""
    frame = observe(1000)
    model = LGBMClassifier(n_estimators=20, random_state=SEED, n_jobs=1, verbose=-1)
    model.fit(frame.drop(columns=TARGET), frame[TARGET])
    made = package(
        model,
        training=frame,
        target=TARGET,
        folder=Path(__file__).parent,
        hints=Hints(
            units={"raised": "s since 1970", "alarms": "1/h"},
            # LightGBM's own format knows 64 bits and categories; ONNX trees know neither.
            execution=Execution.NATIVE,
        ),
        script=__file__,
    )
    print(made.report())


if __name__ == "__main__":
    main()
