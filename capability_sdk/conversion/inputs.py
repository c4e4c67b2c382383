"""How rows become input tensors: one tensor a column, or all numbers packed into one."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import TensorSpec
from capability_sdk.conversion.columns import Column, describe
from capability_sdk.conversion.errors import ConversionFailed
from capability_sdk.conversion.training import WHOLE, TrainingData, Values
from capability_sdk.conversion.words import Hints, Layout
from capability_sdk.profiling.columns import NUMPY_TYPES, Tensor


class Inputs(Protocol):
    """The declared inputs, and how the training data becomes them."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that are used, in order."""
        ...

    @property
    def specs(self) -> tuple[TensorSpec, ...]:
        """The inputs of the manifest."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be inferred, and why."""
        ...

    def feed(self, data: TrainingData) -> dict[str, Tensor]:
        """Turn rows into tensors, shape ``(rows, *shape of the manifest)``."""
        ...


@dataclass(frozen=True, slots=True)
class ColumnInputs:
    """One named input a column."""

    columns: tuple[Column, ...]

    @property
    def specs(self) -> tuple[TensorSpec, ...]:
        """The inputs of the manifest, in the order of the columns."""
        return tuple(column.spec for column in self.columns)

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be inferred, and why."""
        return tuple(note for column in self.columns for note in column.notes)

    def feed(self, data: TrainingData) -> dict[str, Tensor]:
        """Turn rows into tensors, one a column."""
        return {c.spec.name: c.tensor(data.columns[c.source]) for c in self.columns}


@dataclass(frozen=True, slots=True)
class PackedInputs:
    """All columns in one tensor of numbers; a category is its place in the levels."""

    columns: tuple[Column, ...]
    datatype: Datatype
    name: str = WHOLE

    @property
    def specs(self) -> tuple[TensorSpec, ...]:
        """The one input of the manifest."""
        listed = [f"{n} {_packed_text(c)}".strip() for n, c in enumerate(self.columns)]
        return (
            TensorSpec(
                name=self.name,
                datatype=self.datatype,
                shape=[len(self.columns)],
                description="; ".join(listed),
            ),
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be inferred, and why."""
        return ()

    def feed(self, data: TrainingData) -> dict[str, Tensor]:
        """Turn rows into the packed tensor, shape ``(rows, columns)``."""
        numbers = [_numbers(column, data.columns[column.source]) for column in self.columns]
        return {self.name: np.stack(numbers, axis=1).astype(NUMPY_TYPES[self.datatype])}


def lay_out(data: TrainingData, hints: Hints, *, floats: Datatype = Datatype.FP32) -> Inputs:
    """Decide how the columns travel.

    Raises:
        ConversionFailed: A column cannot be carried, two would have one name, a hint names no
            column, or the wished layout does not fit.
    """
    _check_hints(data, hints)
    hints = hints.model_copy(update={"levels": {**data.categories, **hints.levels}})
    columns = tuple(
        describe(name, values, place, hints, floats)
        for place, (name, values) in enumerate(data.columns.items())
    )
    if hints.layout is Layout.PACKED or (
        hints.layout is Layout.AUTO and data.is_frame and _is_plain(data.columns, hints)
    ):
        return pack(columns, floats)
    counts = Counter(column.spec.name for column in columns)
    for column in columns:
        if counts[column.spec.name] > 1:
            raise ConversionFailed(
                f"Column {column.source!r} and another both become tensor {column.spec.name}.",
                cure="Give one of them another name in letters, digits, '_', '.' or '-'.",
                tensor=column.source,
            )
    return ColumnInputs(columns)


def pack(columns: tuple[Column, ...], datatype: Datatype, name: str = WHOLE) -> PackedInputs:
    """Pack columns into one tensor.

    Raises:
        ConversionFailed: A column is sensitive, or holds texts without levels.
    """
    _check_packing(columns)
    return PackedInputs(columns, datatype, name)


def _is_plain(columns: Mapping[str, Values], hints: Hints) -> bool:
    said = (hints.units, hints.descriptions, hints.levels, hints.sensitive)
    return not any(said) and all(values.dtype.kind in "fiub" for values in columns.values())


def _check_hints(data: TrainingData, hints: Hints) -> None:
    named = {*hints.units, *hints.descriptions, *hints.levels, *hints.sensitive}
    for stranger in sorted(named - data.columns.keys()):
        raise ConversionFailed(
            f"A hint names {stranger!r}, which is no column of the training data.",
            cure=f"The columns are {', '.join(data.columns)}.",
            tensor=stranger,
        )


def _check_packing(columns: tuple[Column, ...]) -> None:
    for column in columns:
        if column.spec.sensitive:
            raise ConversionFailed(
                f"Column {column.source!r} is sensitive; a packed tensor is profiled as a whole.",
                cure="Use hints.layout 'columns'.",
                tensor=column.source,
            )
        if column.spec.datatype is Datatype.BYTES and column.spec.levels is None:
            raise ConversionFailed(
                f"Column {column.source!r} holds texts without declared levels.",
                cure="Declare them by hints.levels, or use hints.layout 'columns'.",
                tensor=column.source,
            )


def _packed_text(column: Column) -> str:
    spec = column.spec
    text = f"{column.source} [{spec.unit}]" if spec.unit else column.source
    if spec.datatype is Datatype.BYTES:
        text += " (" + ", ".join(f"{n} {level}" for n, level in enumerate(spec.levels or [])) + ")"
    return text


def _numbers(column: Column, values: Values) -> Values:
    if column.spec.datatype is not Datatype.BYTES:
        return values.astype(np.float64)
    places = {level: place for place, level in enumerate(column.spec.levels or [])}
    # What no level names is -1, as a caller would write it.
    return np.array([places.get(value, -1) for value in values.ravel().tolist()], np.float64)
