"""Every form that the protocol's text gives a REST request, each with the answer it must have.

A form is a body for a model of `tests.conformance.models`, which gives back what it got, and what of
the answer is fixed by the text.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Form:
    """One form of an infer request.

    Attributes:
        request: The JSON part.
        binary: What follows it; None where the body is JSON alone.
        outputs: The answer's ``outputs``.
        blob: The binary data of the answer.
        model: Whom it is for.
        answer: Further members that the answer must have.
    """

    request: Json
    outputs: Sequence[Json]
    binary: bytes | None = None
    blob: bytes = b""
    model: str = "pair"
    answer: Json = field(default_factory=dict)


def _input(data: Any = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    members = {"name": "x", "datatype": "FP32", "shape": [2, 2], **more}
    return members if data is None else {**members, "data": data}


_FLAT = [1, 2.5, -3, 4e2]
_BLOB = struct.pack("<4f", *_FLAT)
_OUT = {"name": "o_x", "datatype": "FP32", "shape": [2, 2]}
_AS_JSON = [{**_OUT, "data": [1.0, 2.5, -3.0, 400.0]}]
_AS_BINARY = [{**_OUT, "parameters": {"binary_data_size": 16}}]
_SIZED = {"parameters": {"binary_data_size": 16}}
_TEXTS = b"\x01\x00\x00\x00a" + b"\x03\x00\x00\x00" + "九".encode()
_TEXT = {"name": "x", "datatype": "BYTES", "shape": [2, 1]}
_HALF = {"name": "x", "datatype": "FP16", "shape": [1, 2]}


def _pair(item: Json, answered: Sequence[Json] = _AS_JSON, **more: Any) -> Form:  # noqa: ANN401 - JSON
    ours = {name: more.pop(name) for name in ("binary", "blob", "answer") if name in more}
    return Form({"inputs": [item], **more}, answered, **ours)


FORMS: Mapping[str, Form] = {
    "flat data": _pair(_input(_FLAT)),
    "nested data": _pair(_input([[1, 2.5], [-3, 4e2]])),
    "an id": _pair(_input(_FLAT), id="42", answer={"id": "42"}),
    "an empty id": _pair(_input(_FLAT), id="", answer={"id": ""}),
    "parameters of the request": _pair(
        _input(_FLAT), parameters={"a": "text", "b": 1, "c": 1.5, "d": True}
    ),
    "parameters of an input": _pair(_input(_FLAT, parameters={"a": "text", "b": -1})),
    "parameters of an output": _pair(
        _input(_FLAT), outputs=[{"name": "o_x", "parameters": {"a": False}}]
    ),
    "an output by name": _pair(_input(_FLAT), outputs=[{"name": "o_x"}]),
    "no list of outputs": _pair(_input(_FLAT)),
    "an empty list of outputs": _pair(_input(_FLAT), outputs=[]),
    "unknown members": _pair(_input(_FLAT, note=1), note={"a": []}),
    "a binary input": _pair(_input(**_SIZED), binary=_BLOB),
    "binary outputs by the request": _pair(
        _input(_FLAT), _AS_BINARY, parameters={"binary_data_output": True}, blob=_BLOB
    ),
    "a binary output by its own parameter": _pair(
        _input(_FLAT), _AS_BINARY, blob=_BLOB,
        outputs=[{"name": "o_x", "parameters": {"binary_data": True}}],
    ),
    "an output as JSON where the request wants binary": _pair(
        _input(_FLAT), parameters={"binary_data_output": True},
        outputs=[{"name": "o_x", "parameters": {"binary_data": False}}],
    ),
    "binary both ways": _pair(
        _input(**_SIZED), _AS_BINARY, parameters={"binary_data_output": True},
        binary=_BLOB, blob=_BLOB,
    ),
    "a JSON length over the whole body": _pair(_input(_FLAT), binary=b""),
    "texts": Form(
        {"inputs": [{**_TEXT, "data": ["a", "九"]}]},
        [{**_TEXT, "name": "o_x", "data": ["a", "九"]}], model="text",
    ),
    "binary texts": Form(
        {"inputs": [{**_TEXT, "parameters": {"binary_data_size": len(_TEXTS)}}],
         "parameters": {"binary_data_output": True}},
        [{**_TEXT, "name": "o_x", "parameters": {"binary_data_size": len(_TEXTS)}}],
        binary=_TEXTS, blob=_TEXTS, model="text",
    ),
    "FP16 as numbers": Form(
        {"inputs": [{**_HALF, "data": [1, -0.5]}]},
        [{**_HALF, "name": "o_x", "data": [1.0, -0.5]}], model="half",
    ),
    "FP16 as binary": Form(
        {"inputs": [{**_HALF, "parameters": {"binary_data_size": 4}}],
         "parameters": {"binary_data_output": True}},
        [{**_HALF, "name": "o_x", "parameters": {"binary_data_size": 4}}],
        binary=struct.pack("<2e", 1, -0.5), blob=struct.pack("<2e", 1, -0.5), model="half",
    ),
    "an open shape": Form(
        {"inputs": [{"name": "x", "datatype": "INT32", "shape": [1, 3], "data": [1, 2, 3]}]},
        [{"name": "o_x", "datatype": "INT32", "shape": [1, 3], "data": [1, 2, 3]}], model="open",
    ),
}  # fmt: skip
