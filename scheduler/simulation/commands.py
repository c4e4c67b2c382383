"""``jiuzhou simulate``: replay a recorded cluster under a placement policy."""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from capability_sdk.cli.output import AsJson, complain, show_rows
from scheduler.errors import TraceUnusable

if TYPE_CHECKING:
    from scheduler.simulation.replay import Run

_SEEDS = re.compile(r"(\d{1,9})(?:\.\.(\d{1,9}))?")
_MOST_SEEDS = 1000
_COLUMNS = (
    "seed",
    "allocated_percent",
    "placed",
    "refused",
    "decision_cpu_us_mean",
    "decision_cpu_us_p99",
)

InputFile = typer.Option(exists=True, dir_okay=False, readable=True)


def simulate(
    nodes: Annotated[Path, InputFile],
    pods: Annotated[Path, InputFile],
    out: Annotated[Path, typer.Option(help="Folder for summary.json, curves.csv and the plot.")],
    policy: Annotated[
        str,
        typer.Option(help="default, fgd, random, a part's name, or weights: balance=100,idle=1."),
    ] = "default",
    seeds: Annotated[str, typer.Option(help="Orders of arrival: 42, or 42..51.")] = "42..51",
    plot: Annotated[bool, typer.Option(help="Draw curves.svg; needs matplotlib.")] = True,
    as_json: AsJson = False,
) -> None:
    """Run a placement policy on a trace of nodes and pods, and write curves and a plot.

    Pods arrive one by one up to 1.3 times the cluster's GPUs; none leaves, none is tried twice.
    """
    # Every command of the CLI imports this module; numpy comes with this command alone.
    from scheduler.simulation import report  # noqa: PLC0415 - a light start
    from scheduler.simulation.policies import find_policy  # noqa: PLC0415 - a light start
    from scheduler.simulation.replay import ARRIVING, replay  # noqa: PLC0415 - a light start
    from scheduler.simulation.trace import read_trace  # noqa: PLC0415 - a light start

    chosen, numbers, trace = find_policy(policy), _seeds(seeds), read_trace(nodes, pods)
    length = len(numbers) * int(100 * ARRIVING)
    with typer.progressbar(length=length, label=f"{policy} on {pods.stem}", file=sys.stderr) as bar:
        runs = [replay(trace, chosen, seed, lambda _: bar.update(1)) for seed in numbers]
    summary = report.summarize(chosen.name, nodes, pods, runs)
    report.write_report(out, summary, runs)
    if plot:
        _plot(out / "curves.svg", f"{chosen.name} on {pods.stem}", runs)
    if as_json:
        print(json.dumps(summary, indent=2))
        return
    show_rows(summary["runs"], _COLUMNS, as_json=False, empty="")
    print(f"mean {summary['allocated_percent_mean']} % allocated; written to {out}")


def _plot(file: Path, title: str, runs: Sequence["Run"]) -> None:
    from scheduler.simulation.report import plot  # noqa: PLC0415 - a light start

    try:
        plot(file, title, runs)
    except ModuleNotFoundError:
        complain("no plot: pip install 'jiuzhou[simulation]' brings matplotlib, or say --no-plot")


def _seeds(text: str) -> range:
    found = _SEEDS.fullmatch(text)
    if found is None:
        raise TraceUnusable(f"--seeds {text}: give one number, or two as in 42..51.")
    first, last = int(found[1]), int(found[2] or found[1])
    if not 0 <= last - first < _MOST_SEEDS:
        raise TraceUnusable(f"--seeds {text}: from the lower to the higher, {_MOST_SEEDS} at most.")
    return range(first, last + 1)
