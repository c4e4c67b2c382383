"""The inputs of a capability become the matrix that a model of trees takes: a column a number."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import Manifest, TensorSpec
from capability_sdk.profiling.columns import Tensor
from capability_sdk.serving.errors import UnusablePackage

Floats = NDArray[np.floating]
_Column = Callable[[Tensor], Tensor]


class FeatureMatrix:
    """Packs inputs in the order of the manifest, or by name where every input is one feature.

    A BYTES input with declared levels becomes the number of its level, NaN for any other text.
    """

    def __init__(
        self, manifest: Manifest, names: Sequence[str], dtype: type[np.floating], what: str
    ) -> None:
        """Check the manifest against the model's features.

        Args:
            manifest: Declares the inputs.
            names: The model's features, in order; made-up names such as ``f0`` count as none.
            dtype: What the model computes with.
            what: The model, in an error.

        Raises:
            UnusablePackage: An input is no feature, or they are not as many as the model's.
        """
        self._dtype = dtype
        specs = _in_model_order(manifest.inputs, names)
        self._columns = [(spec.name, _column_of(spec, dtype)) for spec in specs]
        width = sum(spec.elements for spec in specs)
        if width != len(names):
            held = ", ".join(f"{spec.name} ({spec.elements})" for spec in specs)
            raise UnusablePackage(
                f"{what} has {len(names)} features, the inputs {held} have {width}; declare one"
                f" input of shape [{len(names)}], or an input for each feature."
            )

    def pack(self, tensors: Mapping[str, Tensor]) -> Floats:
        """Return the features, shape ``(rows, features)``; one input is not copied if it fits."""
        rows = len(next(iter(tensors.values())))
        columns = [convert(tensors[name]).reshape(rows, -1) for name, convert in self._columns]
        matrix = columns[0] if len(columns) == 1 else np.concatenate(columns, axis=1)
        return np.ascontiguousarray(matrix, self._dtype)


def _in_model_order(specs: Sequence[TensorSpec], names: Sequence[str]) -> list[TensorSpec]:
    by_name = {spec.name: spec for spec in specs}
    is_made_up = not set(names) & by_name.keys()
    if len(specs) == 1 or is_made_up:
        return list(specs)
    if strangers := sorted(by_name.keys() - set(names)):
        raise UnusablePackage(
            f"Input {strangers[0]} is no feature of the model; it has {', '.join(names)[:500]}."
        )
    if missing := sorted(set(names) - by_name.keys()):
        raise UnusablePackage(f"The manifest declares no input for the feature {missing[0]}.")
    return [by_name[name] for name in names]


def _column_of(spec: TensorSpec, dtype: type[np.floating]) -> _Column:
    if -1 in spec.shape:
        raise UnusablePackage(
            f"Input {spec.name} has shape {spec.shape}; a model of trees needs fixed shapes."
        )
    if spec.datatype is not Datatype.BYTES:
        return lambda values: values.astype(dtype, copy=False)
    if not spec.levels:
        raise UnusablePackage(
            f"Input {spec.name} is BYTES; declare its levels in the order of the model's"
            " categories, or send numbers."
        )
    codes = {level: float(number) for number, level in enumerate(spec.levels)}
    missing = float("nan")

    def encode(values: Tensor) -> Tensor:
        coded = [codes.get(text, missing) for text in values.ravel().tolist()]
        return np.array(coded, dtype).reshape(values.shape)

    return encode
