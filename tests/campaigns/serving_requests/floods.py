"""Large requests, each of which would like to become many times its size in memory."""

import random
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle

from capability_sdk.serving.grpc import open_inference_pb2 as pb

_SIZES = (1_000_000, 4_000_000, 4_000_000, 15_000_000)

Flood = Callable[[int], bytes]


def _filled(part: bytes, begin: bytes = b"", end: bytes = b"") -> Flood:
    return lambda size: begin + part * (size // len(part)) + end


def _keys(size: int) -> bytes:
    """An object of up to a million names."""
    return b"{" + b",".join(b'"%d":%d' % (number, number) for number in range(size // 16)) + b"}"


_DATA = b'{"inputs":[{"name":"x","datatype":"BYTES","shape":[1,1],"data":['
BODIES: Mapping[str, Flood] = {
    "lists": _filled(b"[],", b"["),
    "objects": _filled(b"{},", b"["),
    "objects of one": _filled(b'{"a":1},', b'{"inputs":['),
    "texts": _filled(b'"a",', _DATA, b'"a"]}]}'),
    "texts of one character": _filled('"九",'.encode(), _DATA),
    "numbers": _filled(b"1e5,", _DATA),
    "lists of one": _filled(b"[1],", _DATA),
    "names": _keys,
    "objects after a text": _filled(b'{"":0},', b'{"\\\\":["{[\\"",'),
    "depth": _filled(b'{"a":['),
    "chunks of two bytes": lambda size: b"2\r\n  \r\n" * (size // 7) + b"0\r\n\r\n",
    "one text": _filled(b"x", _DATA + b'"', b'"]}]}'),
    "blanks": _filled(b" "),
    "commas in a text": _filled(b",[{", _DATA + b'"', b'"]}]}'),
}

MESSAGES: Mapping[str, Flood] = {
    "inputs": _filled(b"\x2a\x00"),
    "outputs": _filled(b"\x32\x00"),
    "raw contents": _filled(b"\x3a\x00"),
    "parameters": lambda size: b"".join(
        b"\x22\x08\x0a\x06%06x" % number for number in range(size // 10)
    ),
    "packed numbers": lambda size: _contents(b"\x12" + _varint(size) + b"\x01" * size),
    "texts": lambda size: _contents(b"\x42\x00" * (size // 2)),
    "groups": _filled(b"\x9b\x06\x9c\x06", b"\x9b\x06\x9c\x06" * 9),
    "inputs after a varint": _filled(b"\x2a\x00", b"\x28\x01"),
    "unknown fields": _filled(b"\x98\x06\x01"),
}


def bodies(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Make REST requests of the model of texts, whose limit is the largest: each kind in its turn."""
    for name in _in_turn(BODIES, chance):
        content = BODIES[name](chance.choice(_SIZES))
        is_chunked = name.startswith("chunks")
        framing = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(content)}"
        head = f"POST /v2/models/text/infer HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n"
        yield f"{name}, {len(content)} bytes", head.encode() + content


def messages(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Make messages for the same model: each kind in its turn."""
    for name in _in_turn(MESSAGES, chance):
        content = MESSAGES[name](chance.choice(_SIZES))
        yield f"{name}, {len(content)} bytes", b"\x0a\x04text" + content


def _in_turn(kinds: Mapping[str, Flood], chance: random.Random) -> Iterator[str]:
    names = sorted(kinds)
    chance.shuffle(names)
    return cycle(names)


def _contents(inside: bytes) -> bytes:
    """Wrap contents into an input, and that into a request."""
    contents = b"\x2a" + _varint(len(inside)) + inside
    named = pb.ModelInferRequest.InferInputTensor(name="x", datatype="BYTES", shape=[1, 1])
    item = named.SerializeToString() + contents
    return b"\x2a" + _varint(len(item)) + item


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
