"""The training data, as the model saw it and column by column."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from capability_sdk.conversion.errors import ConversionFailed

Values = NDArray[Any]
WHOLE = "features"
TEXT = "text"


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Rows without their target.

    Attributes:
        rows: What the model's own `predict` takes: a frame, an array, a list of texts, or a
            mapping of arrays.
        columns: Name to values, rows first.
        is_frame: The rows are a table with named columns.
        categories: Of the columns whose type declares them, in the order of their numbers.
    """

    rows: Any
    columns: Mapping[str, Values]
    is_frame: bool
    categories: Mapping[str, list[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def take(self, places: Values) -> "TrainingData":
        """Return the rows at these places, in this order."""
        columns = {name: values[places] for name, values in self.columns.items()}
        if self.is_frame:
            return replace(self, rows=self.rows.iloc[places], columns=columns)
        rows = columns if isinstance(self.rows, Mapping) else next(iter(columns.values()))
        return replace(self, rows=rows, columns=columns)

    def spread(self, rows: int) -> "TrainingData":
        """Return at most so many rows, evenly spread."""
        return self.take(np.unique(np.linspace(0, len(self) - 1, rows).astype(np.int64)))


def read_training(training: Any, target: str | None) -> TrainingData:  # noqa: ANN401 - pandas is no import of ours
    """Take the training data apart.

    Args:
        training: A pandas frame; an array of rows; a list of texts; or arrays by tensor name.
        target: Column of a frame that is what the model learnt, not an input.

    Raises:
        ConversionFailed: There is no row, no such target, or the columns differ in length.
    """
    if hasattr(training, "iloc") and hasattr(training, "columns"):
        return _read_frame(training, target)
    if target is not None:
        raise ConversionFailed(
            f"target={target!r} needs training data with named columns.",
            cure="Give a pandas frame, or leave the target out of the array.",
            tensor=target,
        )
    if isinstance(training, Mapping):
        columns = {str(name): np.asarray(values) for name, values in training.items()}
        return _whole(TrainingData(columns, columns, is_frame=False))
    values = np.asarray(training, dtype=object if _is_texts(training) else None)
    name = TEXT if _is_texts(values) else WHOLE
    return _whole(TrainingData(values, {name: values}, is_frame=False))


def _read_frame(frame: Any, target: str | None) -> TrainingData:  # noqa: ANN401 - see above
    if target is not None and target not in frame.columns:
        raise ConversionFailed(
            f"The training data has no column {target!r}; it has {', '.join(map(str, frame.columns))}.",
            cure="Name the target as the frame does.",
            tensor=target,
        )
    inputs = frame if target is None else frame.drop(columns=[target])
    columns = {str(name): _values(inputs[name]) for name in inputs.columns}
    categories = {
        str(name): [str(level) for level in inputs[name].cat.categories]
        for name in inputs.columns
        if hasattr(inputs[name], "cat")
    }
    return _whole(TrainingData(inputs, columns, is_frame=True, categories=categories))


def _values(column: Any) -> Values:  # noqa: ANN401 - a pandas series
    values: Values = column.to_numpy()
    if values.dtype == object and getattr(column.dtype, "kind", "O") in "iufb":
        # Numbers of a type that knows missing ones: NaN, as models and tensors write it.
        return np.asarray(column.to_numpy(np.float64, na_value=np.nan))
    return values


def _whole(data: TrainingData) -> TrainingData:
    lengths = {name: len(values) for name, values in data.columns.items()}
    if not lengths or 0 in lengths.values() or len(set(lengths.values())) > 1:
        raise ConversionFailed(
            f"All inputs need the same rows, at least one; found {lengths}.",
            cure="Give the data that the model was fitted with.",
        )
    return data


def _is_texts(values: Any) -> bool:  # noqa: ANN401 - a list, a series or an array
    first = next(iter(values), None)
    return isinstance(first, str)
