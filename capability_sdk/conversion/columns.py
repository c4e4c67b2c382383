"""One column of the training data becomes the description of a tensor."""

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import TensorSpec
from capability_sdk.conversion.errors import ConversionFailed
from capability_sdk.conversion.output_names import OUTPUTS
from capability_sdk.conversion.training import Values
from capability_sdk.conversion.words import Hints
from capability_sdk.profiling.anchors import MAX_LEVELS, MIN_LEVEL_ROWS
from capability_sdk.profiling.columns import NUMPY_TYPES, Tensor

_TENSOR_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,62}")
_KINDS = {"f": Datatype.FP32, "i": Datatype.INT64, "u": Datatype.INT64, "b": Datatype.INT64}


@dataclass(frozen=True, slots=True)
class Column:
    """A column, the tensor that carries it, and what could not be told about it."""

    source: str
    spec: TensorSpec
    notes: tuple[str, ...] = ()

    def tensor(self, values: Values) -> Tensor:
        """Turn values into the tensor, shape ``(rows, *shape of the manifest)``."""
        wanted = NUMPY_TYPES[self.spec.datatype]
        return np.asarray(values).reshape(-1, *self.spec.shape).astype(wanted)


def describe(source: str, values: Values, place: int, hints: Hints, floats: Datatype) -> Column:
    """Infer datatype, shape and categories of a column; unit and meaning are the author's words.

    Args:
        source: The column's name in the training data.
        values: Shape ``(rows, ...)``.
        place: Position of the column; names a tensor whose column cannot name one.
        hints: The author's words.
        floats: The datatype that real numbers travel in.

    Raises:
        ConversionFailed: The column holds what no tensor can carry.
    """
    datatype = floats if values.dtype.kind == "f" else _datatype(source, values)
    name = _tensor_name(source, place)
    levels, notes = hints.levels.get(source), [] if name == source else [f"{source} is {name}"]
    if datatype is Datatype.BYTES and levels is None and source not in hints.sensitive:
        levels, why = _levels(values)
        notes += [f"{source}: {why}"] if why else []
    spec = TensorSpec(
        name=name,
        datatype=datatype,
        shape=list(values.shape[1:]) or [1],
        unit=hints.units.get(source, ""),
        description=hints.descriptions.get(source, "" if name == source else source),
        sensitive=source in hints.sensitive,
        levels=levels,
    )
    return Column(source, spec, tuple(notes))


def _datatype(source: str, values: Values) -> Datatype:
    if values.dtype.kind in _KINDS:
        return _KINDS[values.dtype.kind]
    flat = values.ravel().tolist()
    if all(isinstance(value, str) for value in flat):
        return Datatype.BYTES
    row, stranger = next((n, value) for n, value in enumerate(flat) if not isinstance(value, str))
    if type(stranger).__name__ in {"NoneType", "NAType", "float"}:
        raise ConversionFailed(
            f"Column {source!r} misses a text in row {row}; a tensor cannot.",
            cure="Fill it with a word of its own, such as 'missing', before training.",
            tensor=source,
        )
    raise ConversionFailed(
        f"Column {source!r} holds a {type(stranger).__name__}, {values.dtype} in all.",
        cure="Turn it into numbers or texts before training: days since a date, true as 1.",
        tensor=source,
    )


def _tensor_name(source: str, place: int) -> str:
    if source in OUTPUTS:
        return f"{source}_input"
    if _TENSOR_NAME.fullmatch(source):
        return source
    spelt = re.sub(r"[^A-Za-z0-9_.-]+", "_", source).strip("_")[:63]
    return spelt if _TENSOR_NAME.fullmatch(spelt) else f"column_{place}"


def _levels(values: Values) -> tuple[list[str] | None, str]:
    """Return the categories of a text column; where it has none to show, say why."""
    counts = Counter(values.ravel().tolist())
    if len(counts) > MAX_LEVELS:
        return None, f"{len(counts)} different texts are taken for free text, not for categories"
    rows = min(counts.values())
    if rows < MIN_LEVEL_ROWS:
        why = f"categories are not declared: one of them occurs {rows} times and may be a person"
        return None, f"{why}; declare them by hints.levels if they are harmless"
    return sorted(counts), ""
