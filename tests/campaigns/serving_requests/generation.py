"""Infer requests from a seed: right ones whose answer is known, and all kinds of wrong ones."""

import json
import random
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import TensorSpec
from tests.conformance import models

_MODELS = models.declared()
_RIGHT_SHARE = 0.4
_PACKED: Mapping[Datatype, str] = {
    Datatype.BOOL: "?", Datatype.UINT8: "B", Datatype.UINT16: "H", Datatype.UINT32: "I",
    Datatype.UINT64: "Q", Datatype.INT8: "b", Datatype.INT16: "h", Datatype.INT32: "i",
    Datatype.INT64: "q", Datatype.FP16: "e", Datatype.FP32: "f", Datatype.FP64: "d",
}  # fmt: skip
_TEXTS = ("", "a", "九州", "\x00", '"\\', "[{,}]", "x" * 300)
_STRANGERS: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**30, 2**63, 2**64 - 1, -(2**63), 1e308, "", "x", "九州", [], {}, [[]],
    {"a": {}}, [None], "x" * 3000, [0] * 500, [[[[[[]]]]]], 2**53 + 1,
)  # fmt: skip
_SHAPES: tuple[Any, ...] = (
    [], [0], [0, 2], [1, 0], [2**31, 2**33], [2**63, 2], [2**64 - 1, 2**64 - 1], [-1, 2], [1, -2], [1.0, 2],
    ["1", 2], [True, 2], [1, 2, 1], [9, 2], [10**6, 10**6], [1] * 300, "1,2", 2,
)  # fmt: skip


@dataclass(frozen=True)
class Tensors:
    """Right inputs of a model: what every form of a request says.

    Attributes:
        values: Input name to its values, row-major.
        rows: Rows of each.
        sizes: Input name to the numbers of a row.
    """

    model: str
    rows: int
    values: Mapping[str, list[Any]]
    sizes: Mapping[str, int]

    def spec(self, name: str) -> TensorSpec:
        """Return what the manifest says of an input."""
        return next(spec for spec in _MODELS[self.model].inputs if spec.name == name)


@dataclass(frozen=True)
class Rest:
    """A REST request.

    Attributes:
        wire: Its bytes.
        right: What it says, where it is right: the model gives that back.
        must_fail: Whether it is certainly wrong.
        is_framed: Whether it is whole HTTP, so that others may follow on its connection.
    """

    wire: bytes
    right: Tensors | None = None
    must_fail: bool = False
    is_framed: bool = True


class Generator:
    """Makes requests."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def tensors(self) -> Tensors:
        """Make right inputs."""
        model = self._pick(*_MODELS)
        rows = self._chance.randint(1, models.MAX_ROWS)
        sizes, values = {}, {}
        for spec in _MODELS[model].inputs:
            sizes[spec.name] = self._chance.randint(1, 20) if spec.shape == [-1] else spec.elements
            count = rows * sizes[spec.name]
            values[spec.name] = [self.value(spec.datatype) for _ in range(count)]
        return Tensors(model, rows, values, sizes)

    def value(self, kind: Datatype) -> Any:  # noqa: ANN401 - a value of any datatype
        """Make a value that the datatype has exactly."""
        if kind is Datatype.BYTES:
            return self._pick(*_TEXTS)
        if kind is Datatype.BOOL:
            return self._chance.random() < 0.5
        if kind in {Datatype.FP16, Datatype.FP32, Datatype.FP64}:
            return self._pick(0.0, -1.5, 1024.0, float(self._chance.randint(-2000, 2000)))
        bits = int(kind.value.lstrip("UINT"))
        low, high = (
            (0, 2**bits - 1) if kind.value[0] == "U" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        )
        return self._pick(low, high, 0, self._chance.randint(low, high))

    def rest(self) -> Rest:
        """Make a REST request."""
        tensors = self.tensors()
        request, blob = self._request(tensors)
        if self._chance.random() < _RIGHT_SHARE:
            return Rest(self._whole(tensors.model, json.dumps(request).encode(), blob), tensors)
        twist = self._pick(
            self._with_a_stranger, self._with_a_shape, self._with_other_sizes, self._with_lying_sizes,
            self._damaged, self._misframed, self._elsewhere,
        )  # fmt: skip
        made: Rest = twist(tensors, request, blob)
        return made

    # --- right requests -------------------------------------------------------------------------

    def _request(self, tensors: Tensors) -> tuple[dict[str, Any], bytes | None]:
        is_binary = [self._chance.random() < 0.4 for _ in tensors.values]
        inputs, blob = [], b""
        for (name, values), binary in zip(tensors.values.items(), is_binary, strict=True):
            spec = tensors.spec(name)
            shape = [tensors.rows, tensors.sizes[name]]
            item: dict[str, Any] = {"name": name, "datatype": spec.datatype.value, "shape": shape}
            if binary:
                part = packed(spec.datatype, values)
                item["parameters"] = {"binary_data_size": len(part)}
                blob += part
            else:
                item["data"] = self._pick(values, _nested(values, shape))
            inputs.append(item)
        request: dict[str, Any] = {"id": "mine", "inputs": inputs}
        if self._chance.random() < 0.3:
            request["parameters"] = {"note": self._pick("x", 1, 1.5, True)}
        return request, blob if any(is_binary) else None

    def _whole(self, model: str, text: bytes, blob: bytes | None, **changed: Any) -> bytes:  # noqa: ANN401 - fields of any type
        version = self._pick("", "/versions/1", f"/versions/{models.VERSION}")
        path = changed.get("path", f"/v2/models/{model}{version}/infer")
        head = [f"{changed.get('method', 'POST')} {path} HTTP/1.1", "Host: instance"]
        if blob is not None or "length" in changed:
            head.append(f"Inference-Header-Content-Length: {changed.get('length', len(text))}")
        body = text + (blob or b"")
        if self._chance.random() < 0.15:
            return _head(*head, "Transfer-Encoding: chunked") + self._chunked(body)
        return _head(*head, f"Content-Length: {len(body)}") + body

    def _chunked(self, body: bytes) -> bytes:
        parts, position = [], 0
        while position < len(body):
            size = self._chance.choice((1, 2, 7, 100, 4096))
            part = body[position : position + size]
            parts.append(b"%x\r\n%b\r\n" % (len(part), part))
            position += size
        return b"".join(parts) + b"0\r\n\r\n"

    # --- wrong requests -------------------------------------------------------------------------

    def _with_a_stranger(
        self, tensors: Tensors, request: dict[str, Any], blob: bytes | None
    ) -> Rest:
        place, name = self._somewhere(request)
        act = self._chance.random()
        if act < 0.15:
            place.pop(name)
        else:
            place[name] = self._pick(*_STRANGERS)
        text = json.dumps(request).encode()
        if act > 0.9:
            text = text.replace(
                b'"shape"', self._pick(b'"shape":[NaN],"shape"', b'"x":1e999,"shape"')
            )
        return Rest(self._whole(tensors.model, text, blob))

    def _with_a_shape(self, tensors: Tensors, request: dict[str, Any], blob: bytes | None) -> Rest:
        self._pick(*request["inputs"])["shape"] = self._pick(*_SHAPES)
        return Rest(self._whole(tensors.model, json.dumps(request).encode(), blob), must_fail=True)

    def _with_other_sizes(
        self, tensors: Tensors, request: dict[str, Any], blob: bytes | None
    ) -> Rest:
        """Give more or fewer values than the shape says, or of another kind."""
        item = self._pick(*request["inputs"])
        datatype = item["datatype"]
        odd = self._pick(
            *(kind for kind in (None, "x", 1.5, 2**70, {"a": 1}) if not _fits(datatype, kind))
        )
        item["data"] = self._pick([], [odd], [odd] * (tensors.rows * tensors.sizes[item["name"]]))
        item.pop("parameters", None)
        return Rest(self._whole(tensors.model, json.dumps(request).encode(), blob), must_fail=True)

    def _with_lying_sizes(
        self, tensors: Tensors, request: dict[str, Any], blob: bytes | None
    ) -> Rest:
        text = json.dumps(request).encode()
        if blob is None:
            length = self._pick(0, 1, len(text) - 1, len(text) + 1, 10**12, -1, "x", "1e3", " ")
            return Rest(self._whole(tensors.model, text, None, length=length), must_fail=True)
        damaged = self._pick(blob[:-1], blob + b"\x00", b"", blob[1:], blob[:1] + blob)
        return Rest(self._whole(tensors.model, text, damaged), must_fail=True)

    def _damaged(self, tensors: Tensors, request: dict[str, Any], blob: bytes | None) -> Rest:
        text = json.dumps(request).encode()
        place = self._chance.randrange(len(text))
        noise = self._chance.randbytes(self._pick(1, 4, 64))
        text = self._pick(
            text[:place], text[:place] + noise + text[place:], noise, text * 2, b"", b"\xff\xfe" + text,
            b"[" * self._pick(100, 1023, 5000), b'{"inputs":' * 2000, b"[" * 60 + b"]" * 60,
        )  # fmt: skip
        return Rest(self._whole(tensors.model, text, blob))

    def _misframed(self, tensors: Tensors, request: dict[str, Any], blob: bytes | None) -> Rest:
        """Break HTTP itself; nothing can follow on this connection."""
        whole = self._whole(tensors.model, json.dumps(request).encode(), blob)
        place = self._chance.randrange(len(whole))
        length = f"Content-Length: {self._pick(-1, 0, 5, '5, 6', '0x10', 10**20, '')}"
        wire = self._pick(
            whole[:place], whole[:place] + self._chance.randbytes(9) + whole[place:],
            self._chance.randbytes(200), whole.replace(b"\r\n", b"\r\n%b\r\n" % length.encode(), 1),
            whole.replace(b"\r\n", b"\r\nTransfer-Encoding: %b\r\n" % self._pick(b"x", b"chunked, x"), 1),
            whole.replace(b"HTTP/1.1", self._pick(b"HTTP/9.9", b"http", b"")),
            whole.replace(b"\r\n", b"\r\nX-Y: %b\r\n" % (b"y" * self._pick(9, 70_000)), 1),
            _head("POST /v2/models/pair/infer HTTP/1.1", "Host: x", "Transfer-Encoding: chunked")
            + self._pick(b"zz\r\n", b"ffffffffffffffffff\r\n", b"5\r\nabc"),
        )  # fmt: skip
        return Rest(wire, is_framed=False)

    def _elsewhere(self, tensors: Tensors, request: dict[str, Any], blob: bytes | None) -> Rest:
        method = self._pick("GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "POST")
        path = self._pick(
            "/", "/v2", "/v2/health/live", "/v2/models", "/v2/models//infer", "/v2/models/stranger/infer",
            f"/v2/models/{tensors.model}/versions/9/infer", "/v2/models/pair/ready", "/metrics", "/../etc",
            f"/v2/models/{'x' * 500}/infer", "/v2/models/pair/infer?a=b", "/v2/models/pair%00/infer",
            "/v2/repository/index", f"/v2/models/{tensors.model}",
        )  # fmt: skip
        text = json.dumps(request).encode()
        return Rest(self._whole(tensors.model, text, blob, path=path, method=method))

    def _somewhere(self, request: dict[str, Any]) -> tuple[Any, Any]:
        """Choose a member or entry at any depth of a request."""
        found: list[tuple[Any, Any]] = []
        left: list[Any] = [request]
        while left:
            node = left.pop()
            names = list(node) if isinstance(node, dict) else range(len(node))
            found += [(node, name) for name in names]
            left += [node[name] for name in names if isinstance(node[name], dict | list)]
        return self._chance.choice(found)

    def _pick(self, *choices: Any) -> Any:  # noqa: ANN401 - one of anything
        return self._chance.choice(choices)


def packed(kind: Datatype, values: list[Any]) -> bytes:
    """Write values in the form of the binary tensor extension."""
    if kind is Datatype.BYTES:
        texts = [value.encode() for value in values]
        return b"".join(struct.pack("<I", len(text)) + text for text in texts)
    return struct.pack(f"<{len(values)}{_PACKED[kind]}", *values)


def _nested(values: list[Any], shape: list[int]) -> list[Any]:
    return [values[row * shape[1] : (row + 1) * shape[1]] for row in range(shape[0])]


def _fits(datatype: str, value: object) -> bool:
    return (datatype == "BYTES" and isinstance(value, str)) or (
        datatype.startswith("FP") and isinstance(value, int | float)
    )


def _head(*lines: str) -> bytes:
    return "\r\n".join(lines).encode() + b"\r\n\r\n"
