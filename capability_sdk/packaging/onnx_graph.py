"""Reads what an ONNX model declares, by its wire format alone: the base install has no ONNX library.

Only names, types, shapes and attributes are read; weights are skipped over.
"""

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAX_DEPTH: Final = 30
MAX_FIELDS: Final = 20_000_000
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

Buffer = mmap.mmap | bytes
Span = tuple[int, int]
Message = dict[int, list[int | Span]]

# Operators whose attributes are worth a look: they name a locale, or hold graphs.
_TELLING: Final = frozenset({"StringNormalizer", "If", "Loop", "Scan", "SequenceMap"})


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
    """An operator; of some also its texts, such as ``locale``."""

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
            return _Reader(content).read()


class _Reader:
    """Walks the messages that lead to declarations; every other one is skipped by its length."""

    def __init__(self, content: Buffer) -> None:
        self._content = content
        self._fields = 0

    def read(self) -> Graph:
        model = self._message((0, len(self._content)))
        graphs = _spans(model, 7)
        if not graphs:
            raise UnreadableModel("there is no graph")
        graph = self._message(graphs[0])
        weights = {self._text(self._message(span), 8) for span in _spans(graph, 5)}
        inputs = (self._argument(span) for span in _spans(graph, 11))
        functions = (self._message(span) for span in _spans(model, 25))
        nodes = [*_spans(graph, 1), *(span for each in functions for span in _spans(each, 7))]
        return Graph(
            # Old exporters list weights among the inputs.
            inputs=tuple(item for item in inputs if item.name not in weights),
            outputs=tuple(self._argument(span) for span in _spans(graph, 12)),
            nodes=tuple(self._nodes(nodes, 0)),
        )

    def _nodes(self, nodes: Sequence[Span], depth: int) -> Iterator[Node]:
        if depth > MAX_DEPTH:
            raise UnreadableModel("graphs are nested too deeply")
        for span in nodes:
            node = self._message(span)
            operator = self._text(node, 4)
            texts: dict[str, str] = {}
            # The attributes of trees hold millions of numbers; they are not looked at.
            if operator in _TELLING:
                for attribute in map(self._message, _spans(node, 5)):
                    texts[self._text(attribute, 1)] = self._text(attribute, 4)
                    for inner in (*_spans(attribute, 6), *_spans(attribute, 11)):
                        yield from self._nodes(_spans(self._message(inner), 1), depth + 1)
            yield Node(self._text(node, 3), operator, texts)

    def _argument(self, span: Span) -> Argument:
        argument = self._message(span)
        name = self._text(argument, 1)
        tensor = self._inner(self._inner(argument, 2), 1)
        if tensor is None:
            return Argument(name, None, is_tensor=False)
        shape = self._inner(tensor, 2)
        if shape is None:
            return Argument(name, None, is_tensor=True)
        sizes = tuple(_size(self._message(span)) for span in _spans(shape, 1))
        return Argument(name, sizes, is_tensor=True)

    def _inner(self, message: Message | None, number: int) -> Message | None:
        spans = _spans(message, number) if message is not None else []
        return self._message(spans[0]) if spans else None

    def _text(self, message: Message, number: int) -> str:
        spans = _spans(message, number)
        if not spans:
            return ""
        start, end = spans[-1]
        return self._content[start:end].decode("utf-8", "replace")

    def _message(self, span: Span) -> Message:
        """Return the fields of a message: numbers, or where their bytes stand."""
        fields: Message = {}
        at, end = span
        while at < end:
            self._fields += 1
            if self._fields > MAX_FIELDS:
                raise UnreadableModel("there are too many fields")
            tag, at = self._varint(at, end)
            number, wire = tag >> 3, tag & 7
            if wire == _VARINT:
                value, at = self._varint(at, end)
                fields.setdefault(number, []).append(value)
            elif wire == _BYTES:
                length, at = self._varint(at, end)
                fields.setdefault(number, []).append((at, at + length))
                at += length
            elif wire in {_FIXED32, _FIXED64}:
                at += 4 if wire == _FIXED32 else 8
            else:
                raise UnreadableModel(f"wire type {wire} is not of this format")
        if at != end:
            raise UnreadableModel("a field is longer than its message")
        return fields

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        value = 0
        for shift in range(0, 70, 7):
            if at >= end:
                break
            byte = self._content[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:  # noqa: PLR2004 - the continuation bit of the encoding
                return value, at
        raise UnreadableModel("a number has no end")


def _spans(message: Message, number: int) -> list[Span]:
    return [value for value in message.get(number, []) if isinstance(value, tuple)]


def _size(dimension: Message) -> int | None:
    sizes = [value for value in dimension.get(1, []) if isinstance(value, int)]
    # Exporters write -1, which has the highest bit, for an open size.
    return sizes[-1] if sizes and sizes[-1] < 1 << 63 else None
