"""``jiuzhou simulate``, as a person calls it."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

NODES = "sn,cpu_milli,memory_mib,gpu,model\nn-0,8000,16000,2,T4\nn-1,8000,16000,2,A10\n"
PODS = (
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n"
    "a,1000,100,1,500,\nb,1000,100,1,1000,T4|A10\nc,500,100,0,,\nd,2000,100,2,1000,A10\n"
)
OPENB = Path(os.environ.get("JIUZHOU_TEST_DATA", "")) / "openb"


def simulate(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("jiuzhou")), "simulate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    nodes, pods = tmp_path / "nodes.csv", tmp_path / "pods.csv"
    nodes.write_text(NODES)
    pods.write_text(PODS)
    return nodes, pods


def test_a_small_cluster_is_replayed_into_curves_a_summary_and_a_plot(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    nodes, pods = files
    out = tmp_path / "out"

    done = simulate("--nodes", nodes, "--pods", pods, "--seeds", "1..3", "--out", out)

    assert done.returncode == 0, done.stderr
    summary = json.loads((out / "summary.json").read_text())
    assert [run["seed"] for run in summary["runs"]] == [1, 2, 3]
    assert all(run["placed"] + run["refused"] >= 4 for run in summary["runs"])
    with (out / "curves.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    last = {row["seed"]: float(row["allocated_percent"]) for row in rows}
    # The curve's last point is at the last whole percent, the summary's figure at the end.
    assert last == {
        str(run["seed"]): pytest.approx(run["allocated_percent"], abs=0.01)
        for run in summary["runs"]
    }
    assert "<svg" in (out / "curves.svg").read_text()
    assert f"written to {out}" in done.stdout


def test_a_trace_that_cannot_be_replayed_is_refused_in_one_line(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    nodes, pods = files
    nodes.write_text(NODES.replace("8000", "many", 1))

    done = simulate("--nodes", nodes, "--pods", pods, "--out", tmp_path / "out")

    assert done.returncode == 1
    assert f"{nodes}, line 2: invalid literal" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not OPENB.is_dir(), reason="JIUZHOU_TEST_DATA has no openb trace")
def test_one_order_of_the_openb_trace_allocates_what_it_has_to(tmp_path: Path) -> None:
    done = simulate(
        *("--nodes", OPENB / "openb_node_list_gpu_node.csv"),
        *("--pods", OPENB / "openb_pod_list_default.csv"),
        *("--seeds", "42", "--out", tmp_path, "--no-plot", "--json"),
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["allocated_percent_mean"] >= 95.6
