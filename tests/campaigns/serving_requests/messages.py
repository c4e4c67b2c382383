"""Infer requests over gRPC from a seed: right ones whose answer is known, and wrong ones."""

import random
from dataclasses import dataclass
from typing import Any

from capability_sdk.contracts.inference import Datatype
from capability_sdk.serving.grpc import open_inference_pb2 as pb
from tests.campaigns.serving_requests.generation import Generator, Tensors, packed

_RIGHT_SHARE = 0.4
_FIELDS = {
    "INT8": "int_contents", "INT16": "int_contents", "INT32": "int_contents",
    "UINT8": "uint_contents", "UINT16": "uint_contents", "UINT32": "uint_contents",
    "BOOL": "bool_contents", "INT64": "int64_contents", "UINT64": "uint64_contents",
    "FP32": "fp32_contents", "FP64": "fp64_contents", "BYTES": "bytes_contents",
}  # fmt: skip
_SHAPES: tuple[list[int], ...] = (
    [],
    [0, 2],
    [1, 0],
    [2**62, 4],
    [-1, 2],
    [-(2**63)],
    [1, 2, 1],
    [1] * 300,
)


@dataclass(frozen=True)
class Sent:
    """A message; see `tests.campaigns.serving_requests.generation.Rest`."""

    data: bytes
    right: Tensors | None = None
    must_fail: bool = False


def message_of(generator: Generator, chance: random.Random) -> Sent:
    """Make a message."""
    tensors = generator.tensors()
    is_raw = tensors.model == "half" or chance.random() < 0.5
    request = _request(tensors, is_raw=is_raw)
    if chance.random() < _RIGHT_SHARE:
        return Sent(request.SerializeToString(), tensors)
    act = chance.randrange(4)
    if act == 0:
        data = bytearray(request.SerializeToString())
        for _ in range(chance.choice((1, 1, 5))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        return Sent(bytes(data[: chance.choice((len(data), chance.randrange(len(data)))) or 1]))
    if act == 1:
        chance.choice(request.inputs).shape[:] = chance.choice(_SHAPES)
        return Sent(request.SerializeToString(), must_fail=True)
    if act == 2:
        return Sent(_with_other_contents(request, chance).SerializeToString(), must_fail=True)
    return Sent(_with_a_stranger(request, chance).SerializeToString())


def values_of(answer: pb.ModelInferResponse) -> dict[str, Any]:
    """Return what an answer says: the bytes or the values of each output."""
    if answer.raw_output_contents:
        pairs = zip(answer.outputs, answer.raw_output_contents, strict=True)
        return {item.name: raw for item, raw in pairs}
    return {
        item.name: list(getattr(item.contents, _FIELDS[item.datatype])) for item in answer.outputs
    }


def expected_of(tensors: Tensors, *, is_raw: bool) -> dict[str, Any]:
    """Return what `values_of` has to be for right inputs."""
    return {
        f"o_{name}": packed(tensors.spec(name).datatype, values)
        if is_raw
        else _plain(tensors.spec(name).datatype, values)
        for name, values in tensors.values.items()
    }


def _request(tensors: Tensors, *, is_raw: bool) -> pb.ModelInferRequest:
    request = pb.ModelInferRequest(model_name=tensors.model, id="mine")
    for name, values in tensors.values.items():
        kind = tensors.spec(name).datatype
        item = request.inputs.add(
            name=name, datatype=kind, shape=[tensors.rows, tensors.sizes[name]]
        )
        if is_raw:
            request.raw_input_contents.append(packed(kind, values))
        else:
            getattr(item.contents, _FIELDS[kind]).extend(_plain(kind, values))
    return request


def _plain(kind: Datatype, values: list[Any]) -> list[Any]:
    return [value.encode() for value in values] if kind is Datatype.BYTES else values


def _with_other_contents(
    request: pb.ModelInferRequest, chance: random.Random
) -> pb.ModelInferRequest:
    if request.raw_input_contents:
        index = chance.randrange(len(request.raw_input_contents))
        raw = request.raw_input_contents[index]
        request.raw_input_contents[index] = chance.choice((raw[:-1], raw + b"\x00", b"", raw * 2))
    else:
        item = chance.choice(request.inputs)
        item.contents.Clear()
        item.contents.bytes_contents.extend([b"\xff"] * chance.choice((1, 2, 300)))
    return request


def _with_a_stranger(request: pb.ModelInferRequest, chance: random.Random) -> pb.ModelInferRequest:
    text = chance.choice(("", "x", "九州", "x" * 5000))
    item = chance.choice(request.inputs)
    act = chance.randrange(7)
    if act == 0:
        request.model_name = text
    elif act == 1:
        request.model_version = text
    elif act == 2:
        item.name = text
    elif act == 3:
        item.datatype = chance.choice((text, "FP32", "BF16"))
    elif act == 4:
        request.outputs.add(name=text)
    elif act == 5:
        request.id = text
    else:
        request.parameters[text].string_param = text
    return request
