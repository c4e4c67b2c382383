"""The tests keep the error rate they promise, and see what has moved."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.monitoring.drift import (
    CellMismatch,
    Counts,
    Movement,
    benjamini_hochberg,
    chi_square_homogeneity,
    either,
    kolmogorov_smirnov,
)

CountTest = Callable[[Counts, Counts], Movement]
BOTH = pytest.mark.parametrize("compare", [kolmogorov_smirnov, chi_square_homogeneity])
TRIALS = 2000


def draws(
    generator: np.random.Generator, shares: np.ndarray, rows: int, window_rows: int
) -> tuple[Counts, Counts]:
    return generator.multinomial(rows, shares), generator.multinomial(window_rows, shares)


@pytest.mark.parametrize("cells", [2, 10, 64])
def test_homogeneity_alarms_as_often_as_its_level_says(cells: int) -> None:
    generator = np.random.default_rng(cells)
    shares = np.full(cells, 1 / cells)

    p_values = [
        chi_square_homogeneity(*draws(generator, shares, 3000, 1000)).p for _ in range(TRIALS)
    ]

    # Four standard errors about 0.05; taking the reference for exact truth gives 0.15 and more.
    assert 0.03 < np.mean(np.array(p_values) <= 0.05) < 0.07


def test_ks_on_equal_mass_cells_never_alarms_more_often_than_its_level_says() -> None:
    generator = np.random.default_rng(64)
    shares = np.full(64, 1 / 64)

    p_values = [kolmogorov_smirnov(*draws(generator, shares, 3000, 1000)).p for _ in range(TRIALS)]

    assert 0.025 < np.mean(np.array(p_values) <= 0.05) < 0.06


@pytest.mark.parametrize("rows", [1000, 1_000_000])
def test_many_rows_alone_are_no_drift(rows: int) -> None:
    generator = np.random.default_rng(rows)
    shares = generator.dirichlet(np.ones(30))
    outcomes = [
        compare(*draws(generator, shares, rows, rows))
        for compare in (kolmogorov_smirnov, chi_square_homogeneity)
        for _ in range(200)
    ]

    assert np.mean([outcome.p <= 0.01 for outcome in outcomes]) < 0.04
    assert max(outcome.effect for outcome in outcomes) < 0.15


@BOTH
def test_effect_is_the_share_of_rows_that_moved_whatever_their_number(compare: CountTest) -> None:
    for rows, window_rows in ((1000, 1000), (100_000, 1000), (1000, 100_000)):
        before = np.array([rows // 2, rows // 2])
        now = np.array([window_rows * 3 // 10, window_rows * 7 // 10])

        assert compare(before, now).effect == pytest.approx(0.2, abs=0.01)


@BOTH
def test_a_side_without_rows_says_nothing(compare: CountTest) -> None:
    assert compare(np.array([5, 5]), np.array([0, 0])) == Movement(0.0, 1.0, 0.0)
    assert compare(np.array([0, 0]), np.array([5, 5])) == Movement(0.0, 1.0, 0.0)


@BOTH
def test_a_column_that_is_constant_on_both_sides_is_equal(compare: CountTest) -> None:
    outcome = compare(np.array([0, 900, 0]), np.array([0, 500, 0]))

    assert (outcome.p, outcome.effect) == (1.0, 0.0)


@BOTH
def test_a_category_never_seen_before_is_drift(compare: CountTest) -> None:
    outcome = compare(np.array([0, 600, 600]), np.array([150, 175, 175]))

    assert outcome.p < 1e-6
    assert outcome.effect > 0.2


@BOTH
def test_counts_over_other_cells_are_refused(compare: CountTest) -> None:
    with pytest.raises(CellMismatch, match="shape"):
        compare(np.array([1, 2]), np.array([1, 2, 3]))


def test_sparse_cells_are_pooled_before_the_statistic_is_trusted() -> None:
    generator = np.random.default_rng(7)
    shares = np.concatenate(([0.9], np.full(400, 0.1 / 400)))

    p_values = [
        chi_square_homogeneity(*draws(generator, shares, 2000, 300)).p for _ in range(TRIALS)
    ]

    assert 0.03 < np.mean(np.array(p_values) <= 0.05) < 0.07


def test_two_tests_of_one_column_count_as_one() -> None:
    strong, weak = Movement(0.5, 0.001, 0.5), Movement(3.0, 0.4, 0.1)

    assert either(weak, strong) == Movement(0.5, 0.002, 0.5)
    assert either(weak, weak).p == 0.8


def test_corrected_p_values_are_those_of_the_published_example() -> None:
    # The 15 p-values of Benjamini and Hochberg (1995), section 3.2: four stay below 0.05.
    published = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459]
    published += [0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]

    q_values = benjamini_hochberg(np.array(published[::-1]))[::-1]

    assert (q_values <= 0.05).sum() == 4
    assert q_values[:3] == pytest.approx([0.0015, 0.003, 0.0095])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=80))
def test_correction_keeps_order_and_never_lowers_a_p_value(p_values: list[float]) -> None:
    values = np.array(p_values)
    corrected = benjamini_hochberg(values)

    assert (corrected >= values - 1e-12).all()
    assert (corrected <= 1).all()
    assert (np.diff(corrected[np.argsort(values, kind="stable")]) >= 0).all()


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=40))
def test_outcomes_are_probabilities_and_shares(cells: list[tuple[int, int]]) -> None:
    before, now = (np.array(side, dtype=np.int64) for side in zip(*cells, strict=True))

    for compare in (kolmogorov_smirnov, chi_square_homogeneity):
        outcome = compare(before, now)
        assert 0 <= outcome.p <= 1
        assert 0 <= outcome.effect <= 1
        assert compare(before, before).effect == 0
