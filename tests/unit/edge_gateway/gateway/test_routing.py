from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_gateway.gateway.routing import eligible, make_split, pick, pick_by_key

WEIGHTS = st.lists(st.integers(0, 50), min_size=1, max_size=6)


@given(WEIGHTS, st.integers(0, 10_000))
def test_any_run_of_calls_as_long_as_the_total_has_the_exact_ratio(
    weights: list[int], start: int
) -> None:
    shares = [(f"{number}.0.0", weight) for number, weight in enumerate(weights)]
    split = make_split(shares)
    if split is None:
        assert sum(weights) == 0
        return

    found = Counter(pick(split, counter) for counter in range(start, start + split.total))

    factor = sum(weights) // split.total
    assert {v: n * factor for v, n in found.items()} == {v: w for v, w in shares if w}


def test_the_rarer_version_is_spread_evenly() -> None:
    split = make_split([("1.0.0", 90), ("2.0.0", 10)])
    assert split is not None

    places = [n for n in range(1000) if pick(split, n) == "2.0.0"]

    assert len(places) == 100
    assert {b - a for a, b in pairwise(places)} == {10}


def test_a_key_stays_with_its_version_and_keys_follow_the_weights() -> None:
    split = make_split([("1.0.0", 3), ("2.0.0", 1)])
    assert split is not None
    keys = [f"subscriber-{number}".encode() for number in range(4000)]

    first = [pick_by_key(split, "speech", key) for key in keys]

    assert first == [pick_by_key(split, "speech", key) for key in keys]
    assert Counter(first)["2.0.0"] == pytest.approx(1000, abs=120)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (None, [("1.0.0", 5), ("2.0.0", 1)]),
        ("1", [("1.0.0", 5)]),
        ("1.9.0", [("1.9.0", 1)]),
        ("3", [("3.0.0", 1), ("3.1.0", 1)]),
        ("4", []),
        ("1.0.1", []),
    ],
)
def test_what_a_version_in_the_path_admits(
    asked: str | None, expected: list[tuple[str, int]]
) -> None:
    shares = [("1.0.0", 5), ("1.9.0", 0), ("2.0.0", 1), ("3.0.0", 0), ("3.1.0", 0)]

    assert eligible(shares, asked) == expected
