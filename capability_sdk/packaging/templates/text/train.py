"""Trains a classifier of texts and writes the package around it: python train.py."""

from itertools import product
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from capability_sdk.conversion import Hints, package

SEED = 7
COMPLAINTS = {
    "coverage": ["no signal", "Kein Empfang", "信号 很 弱", "calls drop"],
    "speed": ["very slow", "Videos ruckeln", "网速 太 慢", "downloads take hours"],
    "billing": ["wrong invoice", "Rechnung zu hoch", "多 扣 话费", "charged twice"],
}
PLACES = ["at home", "im Büro", "in 杭州", "on the train", "since Monday"]


def tickets(rows: int) -> tuple[list[str], list[str]]:
    """Make up tickets and their topics; put your own texts here."""
    known = [
        (f"{words} {place}", topic)
        for topic, complaints in COMPLAINTS.items()
        for words, place in product(complaints, PLACES)
    ]
    chosen = np.random.default_rng(SEED).integers(0, len(known), rows)
    return [known[place][0] for place in chosen], [known[place][1] for place in chosen]


def fit(texts: list[str], topics: list[str]) -> Pipeline:
    """Fit the model; it takes whole texts, words are its own business."""
    return make_pipeline(TfidfVectorizer(), LogisticRegression(C=10.0)).fit(texts, topics)


def main() -> None:
    """Train, and write model, samples, reference and manifest."""
    texts, topics = tickets(600)
    made = package(
        fit(texts, topics),
        training=texts,
        folder=Path(__file__).parent,
        # What people write is never counted outside of the province.
        hints=Hints(sensitive={"text"}),
        script=__file__,
    )
    print(made.report())


if __name__ == "__main__":
    main()
