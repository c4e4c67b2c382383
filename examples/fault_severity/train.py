"""Learns how severe a network fault is from what its report says and what the site had before.

python -m examples.fault_severity.train --data DIR/telecom-fault --out OUT
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost
from numpy.typing import NDArray
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from examples.project import Learnt, Score, arguments, report, rows_of, write_project

ASKED_LOG_LOSS = 0.57
HELD_BACK_SHARE = 0.2
UNSEEN_REGION = "R1"
# Input name to the table that fills it, its column, and how many numbers that column has.
SETS = {
    "severity_type": ("severity_type", "severity_type", 5),
    "events": ("event_type", "event_type", 54),
    "resources": ("resource_type", "resource_type", 10),
    "log_volumes": ("log_feature", "log_feature", 386),
}

Matrix = NDArray[np.float32]
Inputs = dict[str, Matrix]


def read(data: Path) -> tuple[pd.DataFrame, Inputs]:
    """Read the labelled reports in order of time, and the inputs of each."""
    reports = pd.read_csv(data / "fault_train.csv.gz").sort_values("order").reset_index(drop=True)
    inputs: Inputs = {"location": _numbers(reports["location"]).astype(np.float32)}
    for name, (file, column, size) in SETS.items():
        inputs[name] = _spread(pd.read_csv(data / f"{file}.csv.gz"), column, reports["id"], size)
    inputs["past_severities"], inputs["past_faults"] = _history(reports)
    return reports, inputs


def _numbers(texts: pd.Series) -> NDArray[np.int64]:
    """Read the number in ``feature 68`` and the like."""
    return np.asarray(texts.str.rsplit(" ", n=1).str[1].astype(np.int64))


def _spread(table: pd.DataFrame, column: str, ids: pd.Series, size: int) -> Matrix:
    """Turn many rows an id into one row of ``size`` places: 1, or the logarithm of the volume."""
    place = dict(zip(ids, range(len(ids)), strict=True))
    known = table[table["id"].isin(place)]
    wide = np.zeros((len(ids), size), np.float32)
    amounts = np.log1p(known["volume"]) if "volume" in known else 1.0
    wide[known["id"].map(place), _numbers(known[column]) - 1] = amounts
    return wide


def _history(reports: pd.DataFrame) -> tuple[Matrix, Matrix]:
    """Say what a site had before each report; only earlier reports are looked at."""
    sites = reports.groupby("location")["fault_severity"]
    before = pd.DataFrame(
        {
            "last": sites.shift(1),
            "one_before": sites.shift(2),
            "mean": sites.transform(lambda severities: severities.expanding().mean().shift(1)),
        }
    ).fillna(-1)
    return before.to_numpy(np.float32), sites.cumcount().to_numpy(np.float32)


def matrix(inputs: Inputs) -> Matrix:
    """Put all inputs side by side, in the order of the manifest."""
    return np.concatenate([values.reshape(len(values), -1) for values in inputs.values()], axis=1)


def fit(features: Matrix, severities: NDArray[np.int64], seed: int) -> xgboost.XGBClassifier:
    """Train gradient boosting on one thread, so that a second training gives the same trees."""
    model = xgboost.XGBClassifier(
        n_estimators=150,
        max_depth=6,
        learning_rate=0.06,
        subsample=0.8,
        colsample_bytree=0.3,
        min_child_weight=2,
        n_jobs=1,
        random_state=seed,
    )
    return model.fit(features, severities)


def measure(
    model: xgboost.XGBClassifier, features: Matrix, reports: pd.DataFrame, held_back: list[int]
) -> list[Score]:
    """Score the held-back reports, region by region, and a region that training never saw."""
    chance = model.predict_proba(features)
    severities = reports["fault_severity"].to_numpy()

    def loss(places: NDArray[np.int64] | list[int]) -> float:
        return float(log_loss(severities[places], chance[places], labels=[0, 1, 2]))

    scores = [Score("log loss, held back", loss(held_back), ASKED_LOG_LOSS, lower_is_better=True)]
    regions = reports["region"].to_numpy()
    for region in sorted(set(regions[held_back])):
        places = [place for place in held_back if regions[place] == region]
        scores.append(Score(f"log loss, held back of {region}", loss(places)))
    if UNSEEN_REGION in regions:
        unseen = np.flatnonzero(regions == UNSEEN_REGION)
        scores.append(Score(f"log loss, {UNSEEN_REGION} (never seen)", loss(unseen)))
    return scores


def learnt(
    model: xgboost.XGBClassifier, inputs: Inputs, severities: NDArray[np.int64], train: list[int]
) -> Learnt:
    """Gather weights, reference rows, and a sample of each severity."""
    rows = rows_of(inputs, train)
    samples = {}
    for label, word in enumerate(("none", "some", "many")):
        for number, place in enumerate(np.flatnonzero(severities[train] == label)[:2], 1):
            samples[f"{word}-{number}"] = rows_of(rows, [int(place)])
    weights = bytes(model.get_booster().save_raw("ubj"))
    return Learnt({"model/model.ubj": weights}, rows, samples)


def main() -> int:
    """Train, measure, write."""
    given = arguments(__doc__)
    reports, inputs = read(given.data)
    features, severities = matrix(inputs), reports["fault_severity"].to_numpy()
    seen = np.flatnonzero(reports["region"] != UNSEEN_REGION)
    train, held_back = train_test_split(
        seen, test_size=HELD_BACK_SHARE, stratify=severities[seen], random_state=given.seed
    )
    train, held_back = sorted(train.tolist()), sorted(held_back.tolist())
    model = fit(features[train], severities[train], given.seed)
    print(f"fault-severity: trained on {len(train)} reports, seed {given.seed}")
    if report(measure(model, features, reports, held_back)):
        return 1
    print(write_project(Path(__file__).parent, given.out, learnt(model, inputs, severities, train)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
