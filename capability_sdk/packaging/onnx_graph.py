"""Reads what an ONNX model declares, by its wire format alone: the base install has no ONNX library.

Only names, types, shapes and attributes are read; weights are skipped over.
"""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAX_DEPTH: Final = 30
MAX_NODES: Final = 200_000
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

Buffer = mmap.mmap | bytes
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Argument:
    """A declared input or output.

    Attributes:
        name: Of the tensor.
        dimensions: Fixed sizes, None where open; None as a whole where the shape is not declared.
        is_tensor: It is neither a sequence nor a map.
    """

    name: str
    dimensions: tuple[int | None, ...] | None
    is_tensor: bool


@dataclass(frozen=True, slots=True)
class Node:
    """An operator with its texts, such as ``locale``."""

    name: str
    operator: str
    texts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Graph:
    """What a model declares; nodes of inner graphs are listed too."""

    inputs: tuple[Argument, ...]
    outputs: tuple[Argument, ...]
    nodes: tuple[Node, ...]


class UnreadableModel(ValueError):
    """The bytes are no well-formed model, or hold more than is worth reading."""


def read_graph(path: Path) -> Graph:
    """Read a model's declarations.

    Raises:
        UnreadableModel: The file is no ONNX model.
    """
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            raise UnreadableModel("the file is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _read_model(content)


def _read_model(content: Buffer) -> Graph:
    graph = next(_spans(content, (0, len(content)), 7), None)
    if graph is None:
        raise UnreadableModel("there is no graph")
    weights = {_first_text(content, span, 8) for span in _spans(content, graph, 5)}
    inputs = (_argument(content, span) for span in _spans(content, graph, 11))
    return Graph(
        # Old exporters list weights among the inputs.
        inputs=tuple(item for item in inputs if item.name not in weights),
        outputs=tuple(_argument(content, span) for span in _spans(content, graph, 12)),
        nodes=tuple(_nodes(content, graph, 0)),
    )


def _nodes(content: Buffer, graph: Span, depth: int) -> Iterator[Node]:
    if depth > MAX_DEPTH:
        raise UnreadableModel("graphs are nested too deeply")
    for count, node in enumerate(_spans(content, graph, 1)):
        if count > MAX_NODES:
            raise UnreadableModel("there are too many nodes")
        texts: dict[str, str] = {}
        for attribute in _spans(content, node, 5):
            name = _first_text(content, attribute, 1)
            for span in _spans(content, attribute, 4):
                texts[name] = _text(content, span)
            for number in (6, 11):  # a graph, graphs
                for inner in _spans(content, attribute, number):
                    yield from _nodes(content, inner, depth + 1)
        yield Node(_first_text(content, node, 3), _first_text(content, node, 4), texts)


def _argument(content: Buffer, span: Span) -> Argument:
    name = _first_text(content, span, 1)
    kind = next(_spans(content, span, 2), None)
    tensor = None if kind is None else next(_spans(content, kind, 1), None)
    if tensor is None:
        return Argument(name, None, is_tensor=False)
    shape = next(_spans(content, tensor, 2), None)
    if shape is None:
        return Argument(name, None, is_tensor=True)
    dimensions = tuple(_dimension(content, size) for size in _spans(content, shape, 1))
    return Argument(name, dimensions, is_tensor=True)


def _dimension(content: Buffer, span: Span) -> int | None:
    for number, value in _fields(content, span):
        if number == 1 and isinstance(value, int):
            return value if value < 1 << 63 else None  # exporters write -1 for an open size
    return None


def _first_text(content: Buffer, span: Span, wanted: int) -> str:
    found = next(_spans(content, span, wanted), None)
    return "" if found is None else _text(content, found)


def _text(content: Buffer, span: Span) -> str:
    return content[span[0] : span[1]].decode("utf-8", "replace")


def _spans(content: Buffer, span: Span, wanted: int) -> Iterator[Span]:
    for number, value in _fields(content, span):
        if number == wanted and isinstance(value, tuple):
            yield value


def _fields(content: Buffer, span: Span) -> Iterator[tuple[int, int | Span]]:
    """Yield field numbers with a number, or with the place of their bytes."""
    at, end = span
    while at < end:
        tag, at = _varint(content, at, end)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, at = _varint(content, at, end)
            yield number, value
        elif wire == _BYTES:
            length, at = _varint(content, at, end)
            if at + length > end:
                raise UnreadableModel("a field is longer than its message")
            yield number, (at, at + length)
            at += length
        elif wire in {_FIXED32, _FIXED64}:
            at += 4 if wire == _FIXED32 else 8
        else:
            raise UnreadableModel(f"wire type {wire} is not of this format")


def _varint(content: Buffer, at: int, end: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            break
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the continuation bit of the encoding
            return value, at
    raise UnreadableModel("a number has no end")
