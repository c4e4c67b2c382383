"""What a model of trees computes becomes the declared outputs: the objective decides which."""

from collections.abc import Callable
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import Manifest, TensorSpec
from capability_sdk.profiling.columns import NUMPY_TYPES, Tensor
from capability_sdk.serving.errors import UnusablePackage

Scores = NDArray[np.floating]
_Output = Callable[[Scores], Tensor]
_INTEGERS = frozenset(kind for kind in Datatype if "INT" in kind)
_FLOATS = frozenset({Datatype.FP32, Datatype.FP64})


class Kind(StrEnum):
    """What the objective makes of a row; the word in an error."""

    PROBABILITY = "a probability of class 1"
    PROBABILITIES = "probabilities"
    LABEL = "a class number"
    VALUE = "values"


_OUTPUTS = {
    Kind.PROBABILITY: ("label", "probabilities"),
    Kind.PROBABILITIES: ("label", "probabilities"),
    Kind.LABEL: ("label",),
    Kind.VALUE: ("value",),
}


class ScoreOutputs:
    """Makes the declared outputs of a model's scores."""

    def __init__(self, manifest: Manifest, objective: str, kind: Kind, width: int) -> None:
        """Check the manifest against what the model computes.

        Args:
            manifest: Declares the outputs.
            objective: The model's own, in an error.
            kind: What it computes.
            width: Classes, or values of a row.

        Raises:
            UnusablePackage: An output has another name, datatype or shape.
        """
        self._makers: dict[str, tuple[_Output, list[int]]] = {}
        for spec in manifest.outputs:
            if spec.name not in _OUTPUTS[kind]:
                offered = " and ".join(_OUTPUTS[kind])
                raise UnusablePackage(
                    f"Output {spec.name}: the objective {objective} gives {kind}; its outputs are"
                    f" called {offered}."
                )
            maker = _label(spec, manifest, kind, width) if spec.name == "label" else None
            self._makers[spec.name] = (maker or _numbers(spec, kind, width), spec.shape)

    def of(self, scores: Scores) -> dict[str, Tensor]:
        """Return every declared output.

        Args:
            scores: Shape ``(rows,)`` or ``(rows, width)``, as the model gave them.
        """
        rows = len(scores)
        return {
            name: make(scores).reshape(rows, *shape) for name, (make, shape) in self._makers.items()
        }


def _numbers(spec: TensorSpec, kind: Kind, width: int) -> _Output:
    _check(spec, _FLOATS, width)
    dtype = NUMPY_TYPES[spec.datatype]
    if kind is Kind.PROBABILITY:
        return lambda scores: np.stack([1 - scores, scores], axis=1).astype(dtype, copy=False)
    return lambda scores: scores.astype(dtype, copy=False)


def _label(spec: TensorSpec, manifest: Manifest, kind: Kind, width: int) -> _Output:
    names = spec.levels or manifest.quality.labels or []
    _check(spec, _INTEGERS | {Datatype.BYTES}, 1)
    if spec.datatype is Datatype.BYTES and len(names) != width:
        raise UnusablePackage(
            f"Output label is BYTES and the model has {width} classes: declare as many levels (or"
            f" quality.labels), not {len(names)}."
        )
    texts = np.array(names, dtype=np.object_)
    dtype = NUMPY_TYPES[spec.datatype]

    def make(scores: Scores) -> Tensor:
        numbers = _class_numbers(scores, kind)
        return texts[numbers] if spec.datatype is Datatype.BYTES else numbers.astype(dtype)

    return make


def _class_numbers(scores: Scores, kind: Kind) -> NDArray[np.int64]:
    if kind is Kind.PROBABILITY:
        return (scores > 0.5).astype(np.int64)  # noqa: PLR2004 - the likelier of two classes
    if kind is Kind.LABEL:
        return scores.astype(np.int64)
    numbers: NDArray[np.int64] = scores.argmax(axis=1)
    return numbers


def _check(spec: TensorSpec, datatypes: frozenset[Datatype], width: int) -> None:
    if spec.datatype not in datatypes:
        offered = ", ".join(sorted(datatypes))
        raise UnusablePackage(f"Output {spec.name} is {spec.datatype}; declare one of {offered}.")
    if -1 in spec.shape or spec.elements != width:
        shape = [] if width == 1 else [width]
        raise UnusablePackage(
            f"Output {spec.name} has shape {spec.shape} in the manifest; the model needs {shape}."
        )
