"""A verdict needs rows, an effect, and either strength or persistence."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from capability_sdk.contracts.profiles import (
    CategoricalAnchors,
    NumericAnchors,
    ReferenceProfile,
)
from center.monitoring.domain import DriftVerdict, Judgement, Window, samples
from center.monitoring.drift import CellMismatch
from center.monitoring.judging import judge

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
REFERENCE = ReferenceProfile(
    rows=1000,
    columns=[
        NumericAnchors(column="age", edges=[0.0, 1.0, 2.0]),
        CategoricalAnchors(column="plan", levels=["a", "b"]),
    ],
    counts={"age": [0, 0, 0, 0, 500, 500], "plan": [0, 0, 0, 500, 500]},
)
STILL = {"age": [0, 0, 0, 0, 250, 250], "plan": [0, 0, 0, 250, 250]}


def hour(
    back: int, *, age: list[int] | None = None, plan: list[int] | None = None, rows: int = 500
) -> Window:
    counts = {"age": age or STILL["age"], "plan": plan or STILL["plan"]}
    return Window(NOON - timedelta(hours=back), rows, counts)


def verdict(*windows: Window) -> DriftVerdict:
    return judge(REFERENCE, windows).verdict


def moved(judgement: Judgement) -> list[str]:
    return [column.column for column in judgement.columns if column.moved]


def test_equal_shares_are_stable() -> None:
    judgement = judge(REFERENCE, [hour(0)])

    assert judgement.verdict is DriftVerdict.STABLE
    assert (judgement.rows, judgement.columns_moved) == (500, 0)
    assert judgement.window_from == NOON
    assert judgement.window_to == NOON + timedelta(hours=1)


def test_no_rows_and_few_rows_are_learning() -> None:
    assert judge(REFERENCE, []) == Judgement(DriftVerdict.LEARNING, None, None, 0)

    few = hour(0, age=[0, 0, 0, 199, 0, 0], rows=199)
    assert judge(REFERENCE, [few]).verdict is DriftVerdict.LEARNING
    assert judge(REFERENCE, [few]).rows == 199


def test_a_strong_move_is_drift_at_once_and_names_its_column() -> None:
    judgement = judge(REFERENCE, [hour(0, age=[0, 0, 0, 0, 100, 400])])

    assert judgement.verdict is DriftVerdict.DRIFT
    assert moved(judgement) == ["age"]
    assert judgement.columns[0].effect == pytest.approx(0.3)
    assert judgement.columns[0].q < 0.01


def test_a_material_move_is_drift_when_the_sample_before_shows_it_too() -> None:
    material = [0, 0, 0, 0, 165, 335]

    assert verdict(hour(0, age=material)) is DriftVerdict.STABLE
    assert verdict(hour(0, age=material), hour(1)) is DriftVerdict.STABLE
    assert verdict(hour(0, age=material), hour(1, age=material)) is DriftVerdict.DRIFT


def test_a_material_move_of_another_column_is_no_persistence() -> None:
    assert (
        verdict(hour(0, age=[0, 0, 0, 0, 165, 335]), hour(1, plan=[0, 0, 0, 165, 335]))
        is DriftVerdict.STABLE
    )


def test_a_slight_move_of_very_many_rows_is_no_drift() -> None:
    slight = [0, 0, 0, 0, 5_500_000, 4_500_000]

    windows = [hour(back, age=slight, rows=10_000_000) for back in (0, 1)]
    judgement = judge(REFERENCE, windows)

    assert judgement.verdict is DriftVerdict.STABLE
    assert {c.column: c.effect for c in judgement.columns}["age"] == pytest.approx(0.05)


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param([200, 0, 0, 0, 150, 150], id="nulls"),
        pytest.param([0, 200, 0, 0, 150, 150], id="infinities"),
        pytest.param([0, 0, 200, 0, 150, 150], id="below"),
        pytest.param([0, 0, 0, 200, 150, 150], id="above"),
    ],
)
def test_rows_outside_the_training_range_are_seen(cells: list[int]) -> None:
    assert verdict(hour(0, age=cells)) is DriftVerdict.DRIFT


@pytest.mark.parametrize("cells", [[200, 0, 0, 150, 150], [0, 200, 0, 150, 150]])
def test_null_and_unseen_categories_are_seen(cells: list[int]) -> None:
    assert verdict(hour(0, plan=cells)) is DriftVerdict.DRIFT


def test_recovery_is_seen_in_the_first_full_hour() -> None:
    far = [0, 0, 0, 500, 0, 0]

    assert verdict(hour(1, age=far), hour(0)) is DriftVerdict.STABLE


def test_quiet_hours_join_into_one_sample() -> None:
    quiet = [hour(back, age=[0, 0, 0, 0, 20, 80], rows=100) for back in range(6)]

    judgement = judge(REFERENCE, quiet)

    assert judgement.verdict is DriftVerdict.DRIFT
    assert judgement.rows == 200
    assert judgement.window_from == NOON - timedelta(hours=1)


def test_hours_further_apart_than_a_day_never_join() -> None:
    assert not samples([hour(0, rows=150), hour(24, rows=150)])
    assert len(samples([hour(0, rows=150), hour(23, rows=150)])) == 1


def test_counts_that_do_not_fit_the_anchors_are_refused() -> None:
    with pytest.raises(CellMismatch, match="age has 2 counts for 6 cells"):
        judge(REFERENCE, [hour(0, age=[250, 250])])


def test_columns_without_a_reference_are_passed_over() -> None:
    window = hour(0)
    window.counts["other"] = [1, 2, 3]

    assert {c.column for c in judge(REFERENCE, [window]).columns} == {"age", "plan"}


def test_false_alarms_over_many_columns_are_rare() -> None:
    generator = np.random.default_rng(20)
    shares = np.full(64, 1 / 64)
    names = [f"c{i}" for i in range(64)]
    alarms = 0
    for _ in range(50):
        reference = ReferenceProfile(
            rows=1200,
            columns=[NumericAnchors(column=n, edges=[float(e) for e in range(65)]) for n in names],
            counts={n: [0] * 4 + generator.multinomial(1200, shares).tolist() for n in names},
        )
        counts = {n: [0] * 4 + generator.multinomial(500, shares).tolist() for n in names}
        alarms += judge(reference, [Window(NOON, 500, counts)]).verdict is DriftVerdict.DRIFT

    assert alarms == 0
