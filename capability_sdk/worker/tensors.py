"""Tensors on the way between an engine and its worker: checked on both sides against their forms."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Tensor = NDArray[Any]
ALIGNMENT = 16
_LENGTH = struct.Struct("<I")
_BYTES = "BYTES"
_DTYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype(np.bool_),
    **{f"{kind}INT{bits}": np.dtype(f"<{code}{bits // 8}")
       for kind, code in (("U", "u"), ("", "i")) for bits in (8, 16, 32, 64)},
    **{f"FP{bits}": np.dtype(f"<f{bits // 8}") for bits in (16, 32, 64)},
}  # fmt: skip


class Misfit(Exception):
    """A tensor has not the declared form; the text names it and says what was expected."""


class Form(NamedTuple):
    """What a manifest declares of a tensor; -1 in ``shape`` (without the batch) is any size."""

    name: str
    datatype: str
    shape: Sequence[int]


def pack(
    forms: Sequence[Form], arrays: Mapping[str, ArrayLike], rows: int
) -> tuple[list[Any], list[bytes]]:
    """Write tensors.

    Args:
        forms: Of all of them.
        arrays: By name; of a kind that fits without loss of meaning, such as FP64 for FP32.
        rows: First dimension of every tensor.

    Returns:
        Name, shape and size of each for a header, and their bytes.

    Raises:
        Misfit: One is missing, one is too many, or one does not fit.
    """
    if strangers := sorted(arrays.keys() - {form.name for form in forms}):
        raise Misfit(f"{strangers[0]} is not declared in the manifest")
    described: list[Any] = []
    parts: list[bytes] = []
    for form in forms:
        if form.name not in arrays:
            raise Misfit(f"{form.name} is missing")
        array = _fitted(form, arrays[form.name], rows)
        content = _texts(form, array) if form.datatype == _BYTES else array.tobytes()
        described.append([form.name, list(array.shape), len(content)])
        parts += [content, bytes(-len(content) % ALIGNMENT)]
    return described, parts


def unpack(
    forms: Sequence[Form], described: object, body: bytearray, rows: int | None
) -> dict[str, Tensor]:
    """Read tensors that the other side wrote; they share the memory of ``body``.

    Args:
        forms: What must be there, in this order.
        described: The other side's description.
        body: The bytes.
        rows: First dimension that every tensor must have; None takes any.

    Raises:
        Misfit: They are not what the forms say, or not as many bytes.
    """
    if not isinstance(described, list) or len(described) != len(forms):
        raise Misfit(f"{len(forms)} tensors were expected")
    view, start = memoryview(body), 0
    tensors: dict[str, Tensor] = {}
    for form, item in zip(forms, described, strict=True):
        shape, size = _checked(form, item, rows)
        end = start + size
        if end > len(body):
            raise Misfit(f"{form.name} is longer than the message")
        tensors[form.name] = _read(form, shape, view[start:end])
        start = end + -size % ALIGNMENT
    if start != len(body):
        raise Misfit("the message is longer than its tensors")
    return tensors


def _fitted(form: Form, given: ArrayLike, rows: int) -> Tensor:
    is_text = form.datatype == _BYTES
    array = np.asarray(given, dtype=np.object_ if is_text else None)
    if not is_text:
        dtype = _DTYPES[form.datatype]
        if not np.can_cast(array.dtype, dtype, "same_kind"):
            raise Misfit(f"{form.name} is {array.dtype}, declared as {form.datatype}")
        array = array.astype(dtype, copy=False)
    wanted = (rows, *form.shape)
    if not _has_shape(array.shape, wanted):
        if -1 in form.shape or array.size != prod(wanted) or array.shape[:1] != (rows,):
            raise Misfit(f"{form.name} has shape {list(array.shape)}, expected {list(wanted)}")
        # A column for a plain value, or the reverse.
        array = array.reshape(wanted)
    return array


def _checked(form: Form, item: object, rows: int | None) -> tuple[list[int], int]:
    match item:
        case [form.name, list(shape), int(size)] if shape and size >= 0 and _are_lengths(shape):
            wanted = (shape[0] if rows is None else rows, *form.shape)
        case _:
            raise Misfit(f"{form.name} is not described as a tensor")
    if not _has_shape(shape, wanted):
        raise Misfit(f"{form.name} has shape {shape}, expected {list(wanted)}")
    return shape, size


def _are_lengths(shape: list[Any]) -> bool:
    return all(type(length) is int and length >= 0 for length in shape)


def _has_shape(shape: Sequence[int], wanted: Sequence[int]) -> bool:
    return len(shape) == len(wanted) and all(
        declared in (actual, -1) for actual, declared in zip(shape, wanted, strict=True)
    )


def _read(form: Form, shape: list[int], content: memoryview) -> Tensor:
    count = prod(shape)
    if form.datatype == _BYTES:
        texts = _split(form, content)
        if len(texts) != count:
            raise Misfit(f"{form.name} has {len(texts)} values, expected {count}")
        return np.array(texts, dtype=np.object_).reshape(shape)
    dtype = _DTYPES[form.datatype]
    if len(content) != count * dtype.itemsize:
        raise Misfit(f"{form.name} has {len(content)} bytes, expected {count * dtype.itemsize}")
    if form.datatype == "BOOL" and (np.frombuffer(content, np.uint8) > 1).any():
        raise Misfit(f"{form.name} holds what is no BOOL")
    array: Tensor = np.frombuffer(content, dtype).reshape(shape)
    return array


def _texts(form: Form, array: Tensor) -> bytes:
    """Write texts as the protocol does: each behind its length of four bytes."""
    parts: list[bytes] = []
    for text in array.ravel().tolist():
        if type(text) is not str:
            raise Misfit(f"{form.name} holds a {type(text).__name__}, declared as BYTES: texts")
        content = text.encode("utf-8", "replace")
        parts += [_LENGTH.pack(len(content)), content]
    return b"".join(parts)


def _split(form: Form, content: memoryview) -> list[str]:
    texts: list[str] = []
    position = 0
    while position < len(content):
        start = position + _LENGTH.size
        position = start + int.from_bytes(content[position:start], "little")
        if start > len(content) or position > len(content):
            raise Misfit(f"{form.name} holds a text that is longer than it")
        try:
            texts.append(str(content[start:position], "utf-8"))
        except UnicodeDecodeError:
            raise Misfit(f"{form.name} holds a text that is not UTF-8") from None
    return texts


def forms_of(described: Iterable[Any]) -> list[Form]:
    """Read forms that were sent as lists."""
    return [Form(name, datatype, tuple(shape)) for name, datatype, shape in described]
