"""How much of a real GPU cluster placement gives away: the 17 openb traces, beside published policies.

``python -m tests.bench.openb [--seeds 42..51] [--traces default,cpu050] [--json FILE]``, with the traces in
the folder ``openb`` of ``JIUZHOU_TEST_DATA``. Our policy and fragmentation gradient descent as its authors'
simulator has it run on every trace, Random and BestFit on ``default``; all as `scheduler.simulation` replays
them. Decisions are timed in CPU time, binding included, on the trace's 1,213 nodes and on 10,000.

Published figures: Weng et al., "Beware of Fragmentation", USENIX ATC 2023, mean of ten orders.
"""

import json
import os
import platform
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from itertools import count, islice
from pathlib import Path
from statistics import fmean

from scheduler.simulation.policies import find_policy
from scheduler.simulation.replay import Run, replay
from scheduler.simulation.trace import Trace, read_trace
from tests.bench.procedure import say

PUBLISHED_FGD = {
    "default": 95.39,
    "cpu050": 95.21,
    "cpu100": 95.35,
    "cpu200": 95.05,
    "cpu250": 93.41,
    "gpushare40": 94.15,
    "gpushare60": 91.40,
    "gpushare80": 89.30,
    "gpushare100": 86.90,
    "gpuspec10": 94.95,
    "gpuspec20": 94.84,
    "gpuspec25": 94.74,
    "gpuspec33": 94.55,
    "multigpu20": 95.65,
    "multigpu30": 96.46,
    "multigpu40": 96.99,
    "multigpu50": 97.18,
}
PUBLISHED_DEFAULT = {"random": 87.47, "published-best-fit": 93.08}
LARGE = 10_000
Job = tuple[str, str, int]
"""Trace, policy, seed."""
Figures = dict[str, dict[str, list[Run]]]
"""By trace and policy."""


def main() -> None:
    """Run what the command line asks for, print the tables, and write the figures."""
    options = _options()
    first, last = (int(part) for part in options.seeds.split(".."))
    traces = options.traces.split(",")
    jobs = [
        (trace, policy, seed)
        for seed in range(first, last + 1)
        for trace in traces
        for policy in _policies(trace)
    ]
    figures: Figures = {trace: {} for trace in traces}
    with ProcessPoolExecutor(options.processes) as pool:
        for (trace, policy, _), run in zip(jobs, pool.map(_replay, jobs), strict=True):
            figures[trace].setdefault(policy, []).append(run)
            say(f"{trace} {policy} seed {run.seed}: {run.allocated:.2f} %")
    lines = [_machine(), *_allocation(figures), *_decisions(figures, large=options.large)]
    sys.stdout.write("\n".join(lines) + "\n")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(_plain(figures), indent=1) + "\n")


def _options() -> Namespace:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="42..51")
    parser.add_argument("--traces", default=",".join(PUBLISHED_FGD))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument(
        "--large", type=int, default=LARGE, help="nodes of the large cluster, 0: none"
    )
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _policies(trace: str) -> tuple[str, ...]:
    return ("default", "fgd", *(PUBLISHED_DEFAULT if trace == "default" else ()))


def _trace(name: str) -> Trace:
    folder = Path(os.environ["JIUZHOU_TEST_DATA"]) / "openb"
    return read_trace(
        folder / "openb_node_list_gpu_node.csv", folder / f"openb_pod_list_{name}.csv"
    )


def _replay(job: Job) -> Run:
    trace, policy, seed = job
    return replay(_trace(trace), find_policy(policy), seed)


def _machine() -> str:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{os.cpu_count()} cores, load {load}; Python {platform.python_version()},"
        f" numpy {version('numpy')}"
    )


def _allocation(figures: Figures) -> Iterator[str]:
    yield ""
    yield "| trace | ours | FGD, ours | FGD, published | ours - FGD | ours - published | lowest, highest seed |"
    yield "|---|---|---|---|---|---|---|"
    gains = []
    for trace, runs in figures.items():
        ours, fgd = (_mean(runs[policy]) for policy in ("default", "fgd"))
        published = PUBLISHED_FGD[trace]
        gains.append((ours - fgd, ours - published))
        allocated = [run.allocated for run in runs["default"]]
        yield (
            f"| {trace} | {ours:.2f} | {fgd:.2f} | {published:.2f} | {ours - fgd:+.2f}"
            f" | {ours - published:+.2f} | {min(allocated):.2f}, {max(allocated):.2f} |"
        )
    over_own, over_published = (fmean(column) for column in zip(*gains, strict=True))
    yield f"| mean | | | | {over_own:+.2f} | {over_published:+.2f} | |"
    yield ""
    for policy, published in PUBLISHED_DEFAULT.items():
        if policy in figures.get("default", {}):
            mean = _mean(figures["default"][policy])
            yield f"{policy} on default: {mean:.2f}, published {published:.2f}"


def _decisions(figures: Figures, *, large: int) -> Iterator[str]:
    yield ""
    yield "| decisions | CPU us, mean | p50 | p99 | longest |"
    yield "|---|---|---|---|---|"
    for trace, runs in figures.items():
        seconds = sorted(second for run in runs["default"] for second in run.decision_seconds)
        yield _timing(f"{trace}, its 1,213 nodes", seconds)
    if large:
        run = replay(_repeated(_trace("default"), large), find_policy("default"), 42)
        yield _timing(f"default, {large:,} nodes", run.decision_seconds)


def _timing(name: str, seconds: Sequence[float]) -> str:
    p50, p99, longest = (
        1e6 * seconds[round(share * (len(seconds) - 1))] for share in (0.5, 0.99, 1)
    )
    return f"| {name} | {1e6 * fmean(seconds):.0f} | {p50:.0f} | {p99:.0f} | {longest:.0f} |"


def _repeated(trace: Trace, nodes: int) -> Trace:
    """Return a cluster of so many nodes: the trace's own, again and again, under new names."""
    copies = (
        replace(
            node, metadata=node.metadata.model_copy(update={"node": f"{turn}-{node.metadata.node}"})
        )
        for turn in count()
        for node in trace.nodes
    )
    return replace(trace, nodes=tuple(islice(copies, nodes)))


def _mean(runs: Sequence[Run]) -> float:
    return fmean(run.allocated for run in runs)


def _plain(figures: Figures) -> dict[str, dict[str, dict[int, float]]]:
    return {
        trace: {
            policy: {run.seed: round(run.allocated, 4) for run in runs}
            for policy, runs in policies.items()
        }
        for trace, policies in figures.items()
    }


if __name__ == "__main__":
    main()
