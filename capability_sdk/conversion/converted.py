"""What every source of models is turned into, before it is written to a folder."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from capability_sdk.contracts.manifest import AlgorithmFamily, Engine, Quality, Task, TensorSpec
from capability_sdk.conversion.inputs import Inputs
from capability_sdk.conversion.output_names import LABEL, PROBABILITIES, VALUE
from capability_sdk.conversion.training import TrainingData
from capability_sdk.profiling.columns import Tensor

Answers = Callable[[TrainingData], Mapping[str, Tensor]]
"""Computes rows with the original model; names are those of the outputs."""

_FAMILIES = (
    (re.compile(r"XGB|LGBM|Boost"), AlgorithmFamily.GRADIENT_BOOSTING),
    (re.compile(r"Forest|Trees|DecisionTree"), AlgorithmFamily.RANDOM_FOREST),
    (re.compile(r"MLP|Perceptron"), AlgorithmFamily.MLP),
    (
        re.compile(r"Linear|Logistic|Ridge|Lasso|Elastic|SGD|Huber|Poisson|NB$|Discriminant"),
        AlgorithmFamily.LINEAR,
    ),
)


@dataclass(frozen=True, slots=True)
class Converted:
    """A model that the platform executes, and how to hold it against the original.

    Attributes:
        engine: What executes it.
        files: Path in the package to content.
        inputs: Declared inputs, and how training data becomes them.
        outputs: Declared outputs.
        family: Of the algorithm; None where it cannot be told.
        labels: Class names in the order of the classes; None where the model classifies nothing.
        original: Answers of the original model; None where there is only the converted one.
        need_exact: Take it only if no row differs by more than rounding: there is another choice.
        notes: What was decided or could not be told.
    """

    engine: Engine
    files: Mapping[str, bytes]
    inputs: Inputs
    outputs: tuple[TensorSpec, ...]
    family: AlgorithmFamily | None
    labels: tuple[str, ...] | None
    original: Answers | None
    need_exact: bool = False
    notes: tuple[str, ...] = ()

    @property
    def quality(self) -> Quality:
        """Which output feedback judges, as far as the model shows it."""
        names = {spec.name: spec for spec in self.outputs}
        if self.labels is not None and PROBABILITIES in names:
            # The highest score has a label whatever numbers or words the classes are.
            judged = PROBABILITIES
        elif self.labels is not None and LABEL in names and _are_places(self.labels):
            judged = LABEL
        elif VALUE in names and names[VALUE].elements == 1:
            return Quality(task=Task.REGRESSION, output=VALUE)
        else:
            return Quality()
        return Quality(task=Task.CLASSIFICATION, output=judged, labels=list(self.labels))


def _are_places(labels: tuple[str, ...]) -> bool:
    """Tell whether a class's number is its place in the labels, or the classes are words."""
    places = [str(place) for place in range(len(labels))]
    return list(labels) == places or not any(label.lstrip("-").isdigit() for label in labels)


def family_of(class_name: str) -> AlgorithmFamily | None:
    """Tell the family of an estimator by the name of its class; None where it tells nothing."""
    return next((family for pattern, family in _FAMILIES if pattern.search(class_name)), None)
