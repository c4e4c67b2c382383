"""The center's figures are scikit-learn's, from counts alone."""

from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    precision_score,
    recall_score,
)

from center.feedback.domain import Quality, quality_of


def from_pairs(labels: list[str], predicted: np.ndarray, actual: np.ndarray) -> Quality:
    pairs = zip(predicted.tolist(), actual.tolist(), strict=True)
    return quality_of(labels, Counter(pairs), 2 * len(actual))


def close(value: float) -> object:
    return pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("classes", [3, 10])
def test_figures_of_many_classes_are_those_of_scikit_learn(classes: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    actual = generator.integers(0, classes, 400)
    wrong = generator.random(400) < 0.3
    predicted = np.where(wrong, generator.integers(0, classes, 400), actual)

    quality = from_pairs([str(i) for i in range(classes)], predicted, actual)

    assert quality.accuracy == accuracy_score(actual, predicted)
    assert quality.f1 == close(f1_score(actual, predicted, average="macro"))
    assert quality.sensitivity == close(recall_score(actual, predicted, average="macro"))
    specificities = [recall_score(actual != c, predicted != c) for c in range(classes)]
    assert quality.specificity == close(float(np.mean(specificities)))
    assert [item.f1 for item in quality.by_class] == close(
        f1_score(actual, predicted, average=None).tolist()
    )
    assert [item.precision for item in quality.by_class] == close(
        precision_score(actual, predicted, average=None).tolist()
    )
    assert quality.coverage == 0.5


def test_with_two_labels_the_second_is_the_positive_class() -> None:
    generator = np.random.default_rng(2)
    actual = (generator.random(300) < 0.2).astype(int)
    predicted = np.where(generator.random(300) < 0.25, 1 - actual, actual)

    quality = from_pairs(["no", "yes"], predicted, actual)

    assert quality.sensitivity == recall_score(actual, predicted)
    assert quality.specificity == recall_score(actual, predicted, pos_label=0)
    assert quality.f1 == close(f1_score(actual, predicted, average="macro"))


def test_classes_that_never_occur_are_left_out_of_means_and_shares_of_nothing_are_zero() -> None:
    actual, predicted = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 3])

    quality = from_pairs(["a", "b", "c", "d"], predicted, actual)

    expected = f1_score(actual, predicted, average="macro", zero_division=0)
    assert quality.f1 == close(expected)
    assert quality.sensitivity == close(
        recall_score(actual, predicted, average="macro", zero_division=0)
    )
    assert [item.label for item in quality.by_class] == ["a", "b", "d"]


def test_an_undeclared_class_is_never_right() -> None:
    quality = quality_of(["a", "b", "c"], {(0, 0): 6, (3, 3): 3, (3, 1): 1}, 10)

    assert quality.accuracy == 0.6
    assert quality.by_class[-1].label is None
    assert quality.by_class[-1].sensitivity == 0


def test_without_labels_there_is_no_figure() -> None:
    quality = quality_of(["a", "b"], {}, 70)

    assert (quality.accuracy, quality.f1, quality.labelled) == (None, None, 0)
    assert quality.coverage == 0
    assert quality_of(["a", "b"], {}, 0).coverage is None
