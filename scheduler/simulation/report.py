"""What replays have shown: a table of curves, a summary, and a plot."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from scheduler.simulation.replay import ARRIVING, Run

_MICROSECONDS = 1e6
TIE_RULE = "the best score; of equal ones the first node by name, there the device left with least"


def summarize(policy: str, nodes: Path, requests: Path, runs: Sequence[Run]) -> dict[str, Any]:
    """Sum up the replays of one policy on one trace, as plain data."""
    return {
        "schema": 1,
        "policy": policy,
        "tie_rule": TIE_RULE,
        "nodes": nodes.name,
        "pods": requests.name,
        "arriving_share_of_gpu": ARRIVING,
        "allocated_percent_mean": round(fmean(run.allocated for run in runs), 3),
        "runs": [_run(run) for run in runs],
    }


def write_report(folder: Path, summary: dict[str, Any], runs: Sequence[Run]) -> None:
    """Write ``summary.json`` and ``curves.csv`` into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(summary, indent=2)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")
    with (folder / "curves.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(["seed", "arrived_percent", "allocated_percent"])
        for run in runs:
            table.writerows((run.seed, i, round(share, 4)) for i, share in enumerate(run.curve))


def plot(file: Path, title: str, runs: Sequence[Run]) -> None:
    """Draw the curves into an image whose kind the file's name says.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - heavy, and only here
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for run in runs:
        axes.plot(range(len(run.curve)), run.curve, linewidth=0.8, label=f"seed {run.seed}")
    axes.axline((0, 0), slope=1, color="grey", linestyle=":", linewidth=0.8)
    axes.set(
        title=title,
        xlabel="arrived GPU requests, % of the cluster's GPUs",
        ylabel="allocated GPUs, %",
        ylim=(0, 100),
    )
    axes.legend(fontsize="small", ncols=2)
    figure.savefig(file)


def _run(run: Run) -> dict[str, Any]:
    return {
        "seed": run.seed,
        "allocated_percent": round(run.allocated, 3),
        "placed": run.placed,
        "refused": run.refused,
        "decision_cpu_us_mean": round(fmean(run.decision_seconds) * _MICROSECONDS, 1),
        "decision_cpu_us_p99": round(run.decision_quantile(0.99) * _MICROSECONDS, 1),
    }
