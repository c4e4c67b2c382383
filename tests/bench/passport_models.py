"""The three models of the passport's bench, each made into a package from its training data."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits, make_classification
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from xgboost import XGBClassifier

from capability_sdk.contracts.manifest import Titles
from capability_sdk.conversion import About, package


def tree(folder: Path) -> Path:
    """XGBoost, 100 trees of depth 6 over 20 numbers."""
    values, labels = make_classification(16_000, 20, n_informative=12, random_state=7)
    model = XGBClassifier(n_estimators=100, max_depth=6, n_jobs=1)
    model.fit(values.astype(np.float32), labels)
    return _package(model, values.astype(np.float32), folder, "tree")


def dense(folder: Path) -> Path:
    """A net of two hidden layers, 256 and 128, over 64 pixels."""
    digits = load_digits()
    values = digits.data.astype(np.float32)
    model = MLPClassifier((256, 128), max_iter=60, random_state=7, tol=1e-3)
    model.fit(values, digits.target)
    return _package(model, values, folder, "dense")


def text(folder: Path) -> Path:
    """Words by TF-IDF and a linear model, over the bodies of support tickets."""
    source = Path(os.environ["JIUZHOU_TEST_DATA"]) / "ticket-text" / "tickets_train.csv.gz"
    tickets = pd.read_csv(source).dropna(subset=["body"])
    model = make_pipeline(
        TfidfVectorizer(lowercase=False, max_features=5_000, token_pattern=r"[a-z]+"),
        LogisticRegression(max_iter=200),
    )
    model.fit(tickets["body"].tolist(), tickets["ticket_type"].astype(int))
    return _package(model, tickets["body"].tolist(), folder, "text")


MODELS: Mapping[str, Callable[[Path], Path]] = {"tree": tree, "dense": dense, "text": text}


def _package(model: object, training: object, folder: Path, name: str) -> Path:
    titles = Titles(zh=name, en=name)
    about = About(
        name=f"bench-{name}",
        version="1.0.0",
        titles=titles,
        summary=titles,
        domain="bench",
        owner="tests",
        max_batch_size=64,
    )
    return package(model, training=training, folder=folder, about=about).folder
