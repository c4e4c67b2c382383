"""Learns which alarms cause which from a log of alarms, and scores it by the experts' graph.

python -m examples.alarm_root_cause.train --data DIR/alarm-rca --out OUT
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score, precision_score, recall_score

from examples.alarm_root_cause.code.hawkes import Alarms, Kernel
from examples.alarm_root_cause.learning import Graph, learn
from examples.project import Learnt, Score, Tensors, arguments, report, write_project

ASKED_F1 = 0.50
KERNEL = Kernel(mean_delay=120.0, window=900.0)
CASE_ALARMS = 24
CASES = 400
_SIGNIFICANT = 6


def read(data: Path) -> tuple[Alarms, np.ndarray]:
    """Read the log, and the experts' graph: 1 where the type of a row causes that of a column."""
    table = pd.read_csv(data / "18V_55N_Wireless_alarms.csv.gz")
    table = table.sort_values(["device_id", "start_timestamp"], kind="stable")
    alarms = Alarms(
        table["alarm_id"].to_numpy(np.int64),
        table["device_id"].to_numpy(np.int64),
        table["start_timestamp"].to_numpy(np.float64),
    )
    truth = np.loadtxt(data / "18V_55N_Wireless_true_causal_graph.csv", delimiter=",")
    return alarms, truth


def measure(graph: Graph, truth: np.ndarray) -> list[Score]:
    """Score the directed edges between different types."""
    found, right = graph.edges.ravel(), truth.ravel()
    return [
        Score("directed-edge F1", float(f1_score(right, found)), ASKED_F1),
        Score("directed-edge precision", float(precision_score(right, found))),
        Score("directed-edge recall", float(recall_score(right, found))),
    ]


def cases(alarms: Alarms, count: int, seed: int) -> Tensors:
    """Cut cases out of the log: alarms of the whole network that follow each other.

    Returns:
        The inputs of the manifest, each ``(count, CASE_ALARMS)``, seconds from the first alarm on.
    """
    order = np.argsort(alarms.seconds, kind="stable")
    starts = np.random.default_rng(seed).integers(0, len(order) - CASE_ALARMS, count)
    places = order[starts[:, None] + np.arange(CASE_ALARMS)]
    seconds = alarms.seconds[places]
    return {
        "alarm_type": alarms.kinds[places],
        "device": alarms.devices[places],
        "seconds": seconds - seconds[:, :1],
    }


def learnt(graph: Graph, alarms: Alarms, seed: int) -> Learnt:
    """Gather the graph, reference cases, and three samples."""
    content = {
        "mean_delay_seconds": KERNEL.mean_delay,
        "window_seconds": KERNEL.window,
        "background_per_second": _rounded(graph.background),
        "excitation": [_rounded(row) for row in graph.excitation],
    }
    rows = cases(alarms, CASES, seed)
    samples = {
        f"case-{number}": {name: values[number : number + 1] for name, values in rows.items()}
        for number in (1, 2, 3)
    }
    return Learnt({"model/graph.json": json.dumps(content).encode()}, rows, samples)


def _rounded(values: np.ndarray) -> list[float]:
    return [float(f"{value:.{_SIGNIFICANT}g}") for value in values]


def main() -> int:
    """Learn, measure, write."""
    given = arguments(__doc__)
    alarms, truth = read(given.data)
    graph = learn(alarms, len(truth), KERNEL)
    print(f"alarm-root-cause: learnt from {len(alarms.kinds)} alarms")
    if report(measure(graph, truth)):
        return 1
    print(write_project(Path(__file__).parent, given.out, learnt(graph, alarms, given.seed)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
