"""Quality of answers, from counts alone: the pairs behind them never leave the province."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Confusion = Mapping[tuple[int, int], int]
"""(predicted, actual) to count; the index after the last label stands for undeclared classes."""

_BINARY = 2
_POSITIVE = 1


@dataclass(frozen=True, slots=True)
class ClassQuality:
    """One class against all others; a share of nothing is 0, as scikit-learn has it.

    Attributes:
        label: The class's name; None for all that the manifest does not declare.
        labelled: Rows whose true class this is.
        predicted: Labelled rows that were answered with it.
        precision: Share of ``predicted`` that is right.
        sensitivity: Share of ``labelled`` that was found (recall).
        specificity: Share of the other rows that was not mistaken for it.
        f1: Harmonic mean of precision and sensitivity.
    """

    label: str | None
    labelled: int
    predicted: int
    precision: float
    sensitivity: float
    specificity: float
    f1: float


@dataclass(frozen=True, slots=True)
class Quality:
    """Figures of one capability version in one province.

    Means are over the classes that occur, as in scikit-learn's ``average="macro"``. With two
    labels, sensitivity and specificity are those of the second, the positive class. Without a
    labelled row there is no figure.
    """

    labelled: int
    predictions: int
    accuracy: float | None
    f1: float | None
    sensitivity: float | None
    specificity: float | None
    by_class: tuple[ClassQuality, ...] = ()

    @property
    def coverage(self) -> float | None:
        """Share of predicted rows that somebody judged; None where nothing was predicted."""
        return self.labelled / self.predictions if self.predictions else None


def quality_of(labels: Sequence[str], confusion: Confusion, predictions: int) -> Quality:
    """Compute accuracy, macro F1, sensitivity and specificity from confusion counts.

    Args:
        labels: Class names of the manifest, in the order of class numbers.
        confusion: Counts of labelled rows.
        predictions: Rows predicted, labelled or not.
    """
    labelled = sum(confusion.values())
    if labelled == 0:
        return Quality(0, predictions, None, None, None, None)
    right = sum(confusion.get((index, index), 0) for index in range(len(labels)))
    seen = sorted({index for cell in confusion if confusion[cell] for index in cell})
    classes = tuple(_class_quality(labels, confusion, index, labelled) for index in seen)
    judged = classes
    if len(labels) == _BINARY:
        judged = (_class_quality(labels, confusion, _POSITIVE, labelled),)
    return Quality(
        labelled=labelled,
        predictions=predictions,
        accuracy=right / labelled,
        f1=_mean([item.f1 for item in classes]),
        sensitivity=_mean([item.sensitivity for item in judged]),
        specificity=_mean([item.specificity for item in judged]),
        by_class=classes,
    )


def _class_quality(
    labels: Sequence[str], confusion: Confusion, index: int, labelled: int
) -> ClassQuality:
    declared = index < len(labels)
    # Two undeclared classes are not the same class: such a row is never right.
    found = confusion.get((index, index), 0) if declared else 0
    actual = sum(count for (_, truth), count in confusion.items() if truth == index)
    predicted = sum(count for (answer, _), count in confusion.items() if answer == index)
    others = labelled - actual
    mistaken = predicted - confusion.get((index, index), 0)
    return ClassQuality(
        label=labels[index] if declared else None,
        labelled=actual,
        predicted=predicted,
        precision=_share(found, predicted),
        sensitivity=_share(found, actual),
        specificity=_share(others - mistaken, others),
        f1=_share(2 * found, actual + predicted),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
