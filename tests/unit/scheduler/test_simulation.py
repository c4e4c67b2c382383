"""Replaying a recorded cluster: what is read, what is refused, in which order requests arrive."""

from pathlib import Path

import pytest

from capability_sdk.contracts.errors import ServiceError
from scheduler.simulation.policies import find_policy
from scheduler.simulation.replay import arrivals, replay
from scheduler.simulation.trace import Trace, read_trace

NODES = "sn,cpu_milli,memory_mib,gpu,model\nn-0,8000,16000,2,T4\nn-1,8000,16000,2,A10\n"
PODS = (
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n"
    "a,1000,100,1,500,\nb,1000,100,1,1000,T4|A10\nc,500,100,0,,\nd,2000,100,2,1000,A10\n"
)


def write_and_read(folder: Path, nodes: str = NODES, pods: str = PODS) -> Trace:
    (folder / "nodes.csv").write_text(nodes)
    (folder / "pods.csv").write_text(pods)
    return read_trace(folder / "nodes.csv", folder / "pods.csv")


def test_clones_are_added_until_the_next_would_ask_for_more_than_a_third_too_much(
    tmp_path: Path,
) -> None:
    trace = write_and_read(tmp_path)

    asked = [sum(demand.gpu_milli for demand in arrivals(trace, seed)) for seed in range(20)]

    assert max(asked) <= 1.3 * trace.gpu_milli
    assert min(asked) > 1.3 * trace.gpu_milli - 2000


@pytest.mark.parametrize("policy", ["default", "fgd", "random", "best-fit", "balance=2,idle=1"])
def test_a_seed_gives_one_curve_and_no_gpu_is_given_away_twice(policy: str, tmp_path: Path) -> None:
    trace = write_and_read(tmp_path)

    first, again = (replay(trace, find_policy(policy), seed=7) for _ in range(2))

    assert first.curve == again.curve
    assert list(first.curve) == sorted(first.curve)
    assert first.allocated <= 100


@pytest.mark.parametrize(
    ("nodes", "pods", "said"),
    [
        ("sn,cpu_milli\n", PODS, "has no column memory_mib, gpu, model"),
        (NODES.replace("8000", "many", 1), PODS, "nodes.csv, line 2: invalid literal"),
        (NODES.replace("n-0", "n 0"), PODS, "nodes.csv, line 2: node"),
        (NODES.replace(",2,", ",0,"), PODS, "names no GPU"),
        (NODES, PODS.replace("1,500", "1,1500"), "line 2: 1 GPUs of 1500"),
        (NODES, PODS.replace("1000,100", "-1,100"), "line 2: an amount is below zero"),
        (NODES, PODS.replace("2,1000", "2,500"), "line 5: 2 GPUs of 500"),
    ],
)
def test_a_file_that_says_nothing_placeable_is_refused_with_its_line(
    nodes: str, pods: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ServiceError) as refused:
        write_and_read(tmp_path, nodes, pods)

    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cleverest", "cleverest is none of default, fgd, published-best-fit"),
        ("weight=1", "weight is no part of the score"),
        ("balance=much", "much is no number"),
    ],
)
def test_a_policy_that_is_not_known_is_refused_with_those_that_are(text: str, said: str) -> None:
    with pytest.raises(ServiceError, match=said):
        find_policy(text)
