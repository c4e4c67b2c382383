"""Feedback is joined in the province, and only counts come out."""

from datetime import timedelta
from itertools import permutations

import pytest

from tests.unit.edge_gateway.agent.conftest import HOUR, Clock, Place


@pytest.mark.parametrize("order", list(permutations(["call", "prediction", "truth"])))
def test_call_prediction_and_truth_meet_in_any_order(place: Place, order: tuple[str, ...]) -> None:
    events = {
        "call": lambda: place.call("r-1"),
        "prediction": lambda: place.prediction("r-1", "ill", "well"),
        "truth": lambda: place.truth("r-1", "well", row=1),
    }
    for name in order:
        events[name]()
        place.step()

    assert place.confusion() == {(1, 1): 1}
    assert sum(body["predictions"] for body in place.left("quality")) == 2


def test_counts_are_of_the_hour_of_prediction(place: Place) -> None:
    place.prediction("r-1", "ill")
    place.step()

    (body,) = place.left("quality")
    assert body["window"] == HOUR.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_only_the_application_that_made_the_call_may_judge_it(place: Place) -> None:
    place.call("r-1", application="app-1")
    place.prediction("r-1", "ill")
    place.truth("r-1", "well", application="app-2")
    place.step()
    assert place.confusion() == {}

    place.truth("r-1", "ill", application="app-1")
    place.step()
    assert place.confusion() == {(0, 0): 1}


def test_the_first_truth_counts_and_later_ones_are_duplicates(place: Place) -> None:
    place.call("r-1")
    place.prediction("r-1", "ill")
    for truth in ("ill", "well", "ill"):
        place.truth("r-1", truth)
        place.step()

    assert place.confusion() == {(0, 0): 1}
    assert place.counter("feedback-duplicate") == 2


@pytest.mark.parametrize(
    ("truth", "actual"), [("ill", 0), (1, 1), (1.0, 1), ("13800138000", 2), (7, 2), (0.5, 2)]
)
def test_truths_are_labels_or_class_numbers_or_undeclared(
    place: Place, truth: str | int, actual: int
) -> None:
    place.call("r-1")
    place.prediction("r-1", "ill")
    place.truth("r-1", truth)
    place.step()

    assert place.confusion() == {(0, actual): 1}


def test_a_predicted_value_without_label_is_undeclared(place: Place) -> None:
    place.call("r-1")
    place.prediction("r-1", 1)
    place.truth("r-1", "ill")
    place.step()

    assert place.confusion() == {(2, 0): 1}


def test_a_row_that_was_not_predicted_counts_nothing(place: Place) -> None:
    place.call("r-1")
    place.prediction("r-1", "ill")
    place.truth("r-1", "ill", row=1)
    place.step()

    assert place.confusion() == {}


def test_feedback_after_the_retention_counts_nothing(place: Place, clock: Clock) -> None:
    place.call("r-1")
    place.prediction("r-1", "ill")
    place.step()
    clock.now += timedelta(days=7, seconds=1)
    place.intake.tidy()
    place.truth("r-1", "ill")
    place.step()

    assert place.confusion() == {}


def test_nothing_is_counted_twice_when_the_intake_starts_again(place: Place) -> None:
    place.call("r-1")
    place.prediction("r-1", "ill")
    place.truth("r-1", "ill")
    place.step()
    place.step()

    assert place.confusion() == {(0, 0): 1}
