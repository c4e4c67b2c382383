"""tritonclient in each of its forms, behind one interface: what is asked, and what came back."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
import tritonclient.grpc
import tritonclient.grpc.aio
import tritonclient.http
import tritonclient.http.aio
from tritonclient.utils import InferenceServerException

from capability_sdk.profiling.columns import Tensor

Seen = Mapping[str, Any]
"""What a client makes of an answer, as plain values that can be compared."""


@dataclass(frozen=True)
class Addresses:
    """Where a server listens."""

    http: str
    grpc: str


@dataclass(frozen=True)
class Asked:
    """An infer call.

    Attributes:
        inputs: Name to datatype and values; the values' shape is the tensor's.
        outputs: Names, in the order asked for; none at all asks for every output.
    """

    model: str
    inputs: Mapping[str, tuple[str, Tensor]]
    outputs: Sequence[str] = ()
    version: str = ""
    id: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    shapes: Mapping[str, list[int]] = field(default_factory=dict)


class Client:
    """One client over one connection; a client that is not async is called all the same."""

    def __init__(self, stock: Any, module: ModuleType, *, is_http: bool, is_binary: bool) -> None:  # noqa: ANN401 - four stock clients without types
        self._stock = stock
        self._module = module
        self._is_http = is_http
        self._is_binary = is_binary

    async def ask(self, method: str, *arguments: str) -> Any:  # noqa: ANN401 - of any kind
        """Ask for health or metadata; metadata comes as a mapping.

        Raises:
            InferenceServerException: The server refuses.
        """
        is_metadata = method.startswith("get_") and not self._is_http
        options = {"as_json": True} if is_metadata else {}
        return await _value(getattr(self._stock, method)(*arguments, **options))

    async def infer(self, asked: Asked) -> Seen:
        """Have a call computed.

        Raises:
            InferenceServerException: The server refuses.
        """
        options: dict[str, Any] = {"model_version": asked.version, "request_id": asked.id}
        if asked.outputs:
            options["outputs"] = [self._output(name) for name in asked.outputs]
        if asked.parameters:
            options["parameters"] = dict(asked.parameters)
        inputs = [self._input(name, *given, asked) for name, given in asked.inputs.items()]
        result = await _value(self._stock.infer(asked.model, inputs, **options))
        return self._seen(result)

    def _input(self, name: str, datatype: str, values: Tensor, asked: Asked) -> Any:  # noqa: ANN401 - of either client library
        tensor = self._module.InferInput(name, list(values.shape), datatype)
        form = {"binary_data": self._is_binary} if self._is_http else {}
        tensor.set_data_from_numpy(values, **form)
        if name in asked.shapes:
            tensor.set_shape(asked.shapes[name])
        return tensor

    def _output(self, name: str) -> Any:  # noqa: ANN401 - see above
        form = {"binary_data": self._is_binary} if self._is_http else {}
        return self._module.InferRequestedOutput(name, **form)

    def _seen(self, result: Any) -> Seen:  # noqa: ANN401 - see above
        answer = result.get_response() if self._is_http else result.get_response(as_json=True)
        outputs = {
            item["name"]: {
                "datatype": item["datatype"],
                "shape": [int(size) for size in item["shape"]],
                "values": plain(result.as_numpy(item["name"])),
            }
            for item in answer.get("outputs", [])
        }
        return {"model": answer["model_name"], "id": answer.get("id", ""), "outputs": outputs}


def plain(values: Tensor) -> list[Any]:
    """Return an array's values in a form that compares: texts as bytes, and a NaN as its name."""
    flat = values.reshape(-1).tolist()
    return [
        item.encode() if isinstance(item, str) else "NaN" if item != item else item  # noqa: PLR0124 - only NaN differs from itself
        for item in flat
    ]


async def refused_or(seen: Any) -> Any:  # noqa: ANN401 - awaits any answer
    """Await an answer; a refusal is an answer as well, told apart by its kind alone."""
    try:
        return await seen
    except InferenceServerException as error:
        return {"refused": _KINDS.get(str(error.status()), str(error.status()))}


_KINDS = {
    "400": "wrong", "StatusCode.INVALID_ARGUMENT": "wrong",
    "404": "unknown", "StatusCode.NOT_FOUND": "unknown",
}  # fmt: skip


async def _value(given: Any) -> Any:  # noqa: ANN401 - see above
    return await given if hasattr(given, "__await__") else given


@asynccontextmanager
async def connected(form: str, addresses: Addresses) -> AsyncIterator[Client]:
    """Connect a client; ``form`` is one of `FORMS`."""
    module, is_http, is_binary = FORMS[form]
    stock = module.InferenceServerClient(addresses.http if is_http else addresses.grpc)
    try:
        yield Client(stock, module, is_http=is_http, is_binary=is_binary)
    finally:
        await _value(stock.close())


FORMS: Mapping[str, tuple[ModuleType, bool, bool]] = {
    "http-json": (tritonclient.http, True, False),
    "http-binary": (tritonclient.http, True, True),
    "http-aio-json": (tritonclient.http.aio, True, False),
    "http-aio-binary": (tritonclient.http.aio, True, True),
    "grpc": (tritonclient.grpc, False, True),
    "grpc-aio": (tritonclient.grpc.aio, False, True),
}

_DTYPES = {"BOOL": np.bool_, "FP16": np.float16, "FP32": np.float32, "FP64": np.float64,
           "BYTES": np.object_}  # fmt: skip


def tensor(datatype: str, rows: Sequence[Sequence[Any]]) -> tuple[str, Tensor]:
    """Make an input of rows."""
    dtype = _DTYPES.get(datatype) or np.dtype(datatype.lower())
    return datatype, np.array(rows, dtype=dtype)
