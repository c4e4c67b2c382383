"""Small training data with the traits that conversion has to cope with."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ROWS = 600


def customers() -> pd.DataFrame:
    """Return made-up customers: two amounts, a whole number, a category, and whether they left."""
    random = np.random.default_rng(7)
    charge = random.gamma(4.0, 15.0, ROWS)
    tenure = random.integers(0, 72, ROWS)
    contract = random.choice(["monthly", "yearly"], ROWS, p=[0.6, 0.4])
    risk = charge / 60 - tenure / 40 + (contract == "monthly")
    return pd.DataFrame(
        {
            "tenure": tenure,
            "charge": charge,
            "visits": random.poisson(3, ROWS).astype(float),
            "contract": contract,
            "left": np.where(risk + random.normal(0, 0.3, ROWS) > 1.0, "yes", "no"),
        }
    )


def numbers() -> tuple[pd.DataFrame, np.ndarray]:
    """Return the customers' numbers, and 1 for who left."""
    frame = customers()
    left = (frame["left"] == "yes").astype(int).to_numpy()
    return frame[["tenure", "charge", "visits"]].astype(float), left


def customer_pipeline(frame: pd.DataFrame) -> Pipeline:
    """Fit a pipeline with a column transformer."""
    encode = ColumnTransformer(
        [
            ("numbers", StandardScaler(), ["tenure", "charge", "visits"]),
            ("words", OneHotEncoder(handle_unknown="ignore"), ["contract"]),
        ]
    )
    trees = GradientBoostingClassifier(n_estimators=10, random_state=0)
    return make_pipeline(encode, trees).fit(frame.drop(columns="left"), frame["left"])


def churn() -> pd.DataFrame:
    """Return 5,700 real customers with 19 columns and whether they left; skip where absent."""
    folder = os.environ.get("JIUZHOU_TEST_DATA", "")
    file = Path(folder) / "telco-churn" / "churn_train.csv.gz"
    if not file.exists():
        pytest.skip("needs the folder JIUZHOU_TEST_DATA with telco-churn")
    frame = pd.read_csv(file).drop(columns="customerID")
    frame["TotalCharges"] = pd.to_numeric(frame["TotalCharges"], errors="coerce").fillna(0.0)
    return frame


def seconds() -> tuple[pd.DataFrame, np.ndarray]:
    """Return times in seconds since 1970, which 32 bits hold to the nearest 128, and a daily wave."""
    time = 1.7e9 + np.arange(ROWS) * 37.0
    frame = pd.DataFrame({"time": time, "noise": np.random.default_rng(1).normal(size=ROWS)})
    return frame, np.sin(np.arange(ROWS) / 20.0) * 10
