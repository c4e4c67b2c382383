"""Learns which cell KPIs are unusual in province P1, and shows what becomes of it elsewhere.

python -m examples.ran_kpi_anomaly.train --data DIR/ran-cell-kpi --out OUT
"""

import sys
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import train_test_split

from examples.project import Learnt, Score, arguments, report, rows_of, write_project

HOME, FAR = "P1", "P3"
ASKED_F1 = 0.975  # 0.98 in two digits
HELD_BACK_SHARE = 0.2
MINUTES_OF_DAY = 1440
COLUMNS = {
    "prb_usage_ul": "PRBUsageUL",
    "prb_usage_dl": "PRBUsageDL",
    "mean_throughput_dl": "meanThr_DL",
    "mean_throughput_ul": "meanThr_UL",
    "max_throughput_dl": "maxThr_DL",
    "max_throughput_ul": "maxThr_UL",
    "mean_users_dl": "meanUE_DL",
    "mean_users_ul": "meanUE_UL",
    "max_users_dl": "maxUE_DL",
    "max_users_ul": "maxUE_UL",
    "max_users": "maxUE_UL+DL",
}

Rows = dict[str, NDArray[np.float32]]


def read(data: Path) -> pd.DataFrame:
    """Read the KPIs with the time of day on a circle, so that midnight has no edge."""
    raw = pd.read_csv(data / "train.csv.gz")
    clock = raw["Time"].str.split(":", expand=True).astype(int)
    angle = 2 * np.pi * (clock[0] * 60 + clock[1]) / MINUTES_OF_DAY
    table = pd.DataFrame({ours: raw[theirs] for ours, theirs in COLUMNS.items()})
    table["day_sin"], table["day_cos"] = np.sin(angle), np.cos(angle)
    # What the runtime will compute with: thresholds are learnt between 32-bit numbers.
    table = table.astype(np.float32)
    return table.assign(province=raw["province"], unusual=raw["Unusual"])


def features(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out what is not an input."""
    return table.drop(columns=["province", "unusual"])


def fit(table: pd.DataFrame, seed: int) -> lightgbm.LGBMClassifier:
    """Train gradient boosting on one thread, so that a second training gives the same trees."""
    model = lightgbm.LGBMClassifier(
        n_estimators=300, random_state=seed, deterministic=True, n_jobs=1, verbose=-1
    )
    return model.fit(features(table), table["unusual"])


def measure(
    model: lightgbm.LGBMClassifier, table: pd.DataFrame, held_back: pd.DataFrame
) -> list[Score]:
    """Score the home province's held-back rows, and every province that training never saw."""
    strangers = {str(name): rows for name, rows in table.groupby("province") if name != HOME}
    alike = [rows for name, rows in strangers.items() if name != FAR]
    scores = [
        Score(f"F1, {HOME} held back", _f1(model, held_back)),
        Score(
            f"F1, {HOME} held back and provinces alike",
            _f1(model, pd.concat([held_back, *alike])),
            ASKED_F1,
        ),
    ]
    for name, rows in {f"{HOME} held back": held_back, **strangers}.items():
        chance = model.predict_proba(features(rows))[:, 1]
        scores.append(Score(f"AUC, {name}", float(roc_auc_score(rows["unusual"], chance))))
    scores.append(Score(f"F1, {FAR}", _f1(model, strangers[FAR])))
    return scores


def _f1(model: lightgbm.LGBMClassifier, rows: pd.DataFrame) -> float:
    return float(f1_score(rows["unusual"], model.predict(features(rows))))


def learnt(model: lightgbm.LGBMClassifier, train: pd.DataFrame) -> Learnt:
    """Gather weights, reference rows, and two usual and two unusual samples."""
    complete = train.dropna().reset_index(drop=True)
    rows: Rows = {name: values.to_numpy() for name, values in features(complete).items()}
    samples = {}
    for label, word in enumerate(("usual", "unusual")):
        for number, place in enumerate(np.flatnonzero(complete["unusual"] == label)[:2], 1):
            samples[f"{word}-{number}"] = rows_of(rows, [int(place)])
    text = model.booster_.model_to_string()
    return Learnt({"model/model.txt": text.encode()}, rows, samples)


def main() -> int:
    """Train, measure, write."""
    given = arguments(__doc__)
    table = read(given.data)
    home = table[table["province"] == HOME]
    train, held_back = train_test_split(
        home, test_size=HELD_BACK_SHARE, stratify=home["unusual"], random_state=given.seed
    )
    model = fit(train, given.seed)
    print(f"ran-kpi-anomaly: trained on {len(train)} rows of {HOME}, seed {given.seed}")
    if report(measure(model, table, held_back)):
        return 1
    print(write_project(Path(__file__).parent, given.out, learnt(model, train)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
