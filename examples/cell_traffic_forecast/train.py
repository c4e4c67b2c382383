"""Learns the next two minutes of a cell's downlink traffic from the last thirty.

python -m examples.cell_traffic_forecast.train --data DIR/lte-cell-traffic --out OUT
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from examples.cell_traffic_forecast.graph import LogLinear, blend
from examples.project import Learnt, Score, arguments, report, rows_of, write_project

STEPS = 15
# Input name to column, and what one unit of the input is in the column's unit.
COLUMNS = {
    "down": ("down", 1e6),
    "up": ("up", 1e6),
    "users": ("rnti_count", 1.0),
    "load": ("rb_down", 1.0),
    "mcs": ("mcs_down", 1.0),
}
HELD_BACK_SHARE = 0.2
TREES = 200
RIDGE = 10.0


@dataclass(frozen=True, slots=True)
class Site:
    """A site's history and the part of it that training never sees.

    Attributes:
        train: Table of two-minute rows, oldest first.
        test: The publisher's test file, else the last fifth of the file.
        asked: Error to reach on the publisher's test file; None where that is not in the folder.
    """

    train: pd.DataFrame
    test: pd.DataFrame
    asked: float | None


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of history and what came next.

    Attributes:
        inputs: By input name, shape ``(windows, STEPS)``, oldest first.
        after: Downlink traffic of the next two minutes, Mbit, shape ``(windows,)``.
    """

    inputs: dict[str, NDArray[np.float32]]
    after: NDArray[np.float32]

    @property
    def matrix(self) -> NDArray[np.float32]:
        """All inputs side by side, as the model's graph puts them."""
        return np.concatenate(list(self.inputs.values()), axis=1)


_ASKED = {"ElBorn": 0.442, "LesCorts": 0.183, "PobleSec": 0.501}
# On another stretch of time the error is another one: there the model must beat repeating.
_OF_REPEATING = 0.95


def read(data: Path) -> dict[str, Site]:
    """Read the three sites; two have all of their history in the file, one three days."""
    sites = {}
    for name, asked in _ASKED.items():
        train = pd.read_csv(next(data.glob(f"{name}_[tf][ri]*.csv.gz")))
        published = data / f"{name}_test.csv.gz"
        if published.exists():
            sites[name] = Site(train, pd.read_csv(published), asked)
        else:
            cut = int(len(train) * (1 - HELD_BACK_SHARE))
            sites[name] = Site(train[:cut], train[cut:], None)
    return sites


def windows(table: pd.DataFrame) -> Windows:
    """Cut a history into overlapping windows."""
    inputs = {}
    for name, (column, unit) in COLUMNS.items():
        values = table[column].to_numpy() / unit
        cut = np.lib.stride_tricks.sliding_window_view(values, STEPS)[:-1]
        inputs[name] = cut.astype(np.float32)
    after = table["down"].to_numpy()[STEPS:] / COLUMNS["down"][1]
    return Windows(inputs, after.astype(np.float32))


def together(parts: list[Windows]) -> Windows:
    """Put the windows of all sites into one training set."""
    inputs = {name: np.concatenate([part.inputs[name] for part in parts]) for name in COLUMNS}
    return Windows(inputs, np.concatenate([part.after for part in parts]))


def fit(train: Windows, seed: int) -> tuple[lightgbm.LGBMRegressor, LogLinear]:
    """Train trees, and a linear model of logarithms; their mean is better than either."""
    trees = lightgbm.LGBMRegressor(
        n_estimators=TREES,
        learning_rate=0.03,
        num_leaves=15,
        min_child_samples=30,
        random_state=seed,
        deterministic=True,
        n_jobs=1,
        verbose=-1,
    ).fit(train.matrix, train.after)
    ridge = Ridge(RIDGE).fit(
        np.log1p(train.matrix.astype(np.float64)), np.log1p(train.after.astype(np.float64))
    )
    return trees, LogLinear(ridge.coef_, float(ridge.intercept_))


def error(actual: NDArray[np.float32], forecast: NDArray[np.float64]) -> float:
    """Root mean square error over the mean of what happened (NRMSE)."""
    return float(np.sqrt(np.mean((actual - forecast) ** 2)) / np.mean(actual))


def measure(
    trees: lightgbm.LGBMRegressor, linear: LogLinear, sites: dict[str, Site]
) -> list[Score]:
    """Score every site against repeating the last value."""
    scores = []
    for name, site in sites.items():
        test = windows(site.test)
        forecast = (trees.predict(test.matrix) + linear.predict(test.matrix)) / 2
        last = error(test.after, test.inputs["down"][:, -1].astype(np.float64))
        asked = site.asked or _OF_REPEATING * last
        label = f"NRMSE {name} (repeat-last {last:.3f})"
        scores.append(Score(label, error(test.after, forecast), asked, lower_is_better=True))
    return scores


def learnt(trees: lightgbm.LGBMRegressor, linear: LogLinear, train: Windows) -> Learnt:
    """Gather weights, reference rows, and samples from quiet to busy."""
    order = np.argsort(train.after, kind="stable")
    places = {"quiet": 0.05, "usual": 0.5, "busy": 0.95, "rush": 0.999}
    samples = {
        name: rows_of(train.inputs, [int(order[int(share * len(order))])])
        for name, share in places.items()
    }
    content = blend(trees, linear, dict.fromkeys(COLUMNS, STEPS))
    return Learnt({"model/model.onnx": content}, train.inputs, samples)


def main() -> int:
    """Train, measure, write."""
    given = arguments(__doc__)
    sites = read(given.data)
    train = together([windows(site.train) for site in sites.values()])
    trees, linear = fit(train, given.seed)
    print(f"cell-traffic-forecast: trained on {len(train.after)} windows, seed {given.seed}")
    if report(measure(trees, linear, sites)):
        return 1
    print(write_project(Path(__file__).parent, given.out, learnt(trees, linear, train)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
