"""Trains a scikit-learn pipeline and writes the package around it: python train.py."""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from capability_sdk.conversion import Hints, package

SEED = 7
NUMBERS = ["load", "users"]
WORDS = ["band"]
TARGET = "state"


def observe(rows: int) -> pd.DataFrame:
    """Make up cells of a network; put your own data here."""
    random = np.random.default_rng(SEED)
    load = random.uniform(0.0, 1.0, rows)
    users = random.poisson(40 * load + 5)
    band = random.choice(["n28", "n41", "n79"], rows)
    busy = load + users / 100 + (band == "n28") * 0.2 + random.normal(0, 0.05, rows) > 1.0
    state = np.where(busy, "congested", "free")
    return pd.DataFrame({"load": load, "users": users, "band": band, TARGET: state})


def fit(frame: pd.DataFrame) -> Pipeline:
    """Fit the model; encoding is part of it, so that callers send what they have."""
    encode = ColumnTransformer(
        [
            ("numbers", StandardScaler(), NUMBERS),
            ("words", OneHotEncoder(handle_unknown="ignore"), WORDS),
        ]
    )
    trees = GradientBoostingClassifier(n_estimators=20, random_state=SEED)
    return make_pipeline(encode, trees).fit(frame[NUMBERS + WORDS], frame[TARGET])


def main() -> None:
    """Train, and write model, samples, reference and manifest."""
    frame = observe(1000)
    made = package(
        fit(frame),
        training=frame[[*NUMBERS, *WORDS, TARGET]],
        target=TARGET,
        folder=Path(__file__).parent,
        hints=Hints(units={"load": "share of capacity"}),
        script=__file__,
    )
    print(made.report())


if __name__ == "__main__":
    main()
