"""Counts of one version told over another's cells: nothing is lost, and nothing is invented."""

from capability_sdk.contracts.profiles import CategoricalAnchors, NumericAnchors
from center.fit.rebinning import onto

WIDE = NumericAnchors(column="load", edges=[0.0, 10.0, 20.0])
NARROW = NumericAnchors(column="load", edges=[5.0, 10.0, 12.5, 15.0])


def test_rows_of_a_cell_are_spread_over_the_cells_that_it_covers() -> None:
    assert onto(WIDE, [1, 2, 0, 0, 8, 8], NARROW) == [1, 2, 4, 4, 4, 2, 2]


def test_rows_beyond_all_edges_stay_beyond_where_the_others_reach_no_further() -> None:
    assert onto(WIDE, [0, 0, 3, 4, 0, 0], NARROW) == [0, 0, 3, 4, 0, 0, 0]
    assert onto(NARROW, [0, 0, 3, 4, 0, 0, 0], WIDE) == [0, 0, 0, 0, 3, 4]


def test_the_same_cells_keep_their_counts() -> None:
    assert onto(WIDE, [1, 2, 3, 4, 5, 6], WIDE) == [1, 2, 3, 4, 5, 6]


def test_no_row_is_lost_when_parts_are_rounded() -> None:
    thirds = NumericAnchors(column="load", edges=[0.0, 10 / 3, 20 / 3, 10.0])
    told = onto(NumericAnchors(column="load", edges=[0.0, 10.0]), [0, 0, 0, 0, 10], thirds)

    assert told is not None
    assert sum(told) == 10
    assert max(told) - min(told[4:]) == 1


def test_levels_are_told_by_their_names() -> None:
    old = CategoricalAnchors(column="kind", levels=["a", "b", "c"], rest=["d"])
    new = CategoricalAnchors(column="kind", levels=["b"], rest=["a"])

    assert onto(old, [1, 2, 3, 10, 20, 30], new) == [1, 32, 13, 20]
    assert onto(old, [0] * 6, WIDE) is None
