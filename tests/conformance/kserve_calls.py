"""The calls of the stock KServe client; runs on the Python of its own environment.

``python kserve_calls.py HTTP GRPC`` prints what the client saw, as JSON by the name of the call.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Mapping
from typing import Any, Protocol

import grpc
import httpx
import numpy as np
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput

_VALUES: Mapping[str, tuple[Any, str]] = {
    "BOOL": ([True, False], "bool"),
    "UINT8": ([0, 2**8 - 1], "uint8"),
    "UINT16": ([0, 2**16 - 1], "uint16"),
    "UINT32": ([0, 2**32 - 1], "uint32"),
    "UINT64": ([0, 2**64 - 1], "uint64"),
    "INT8": ([-(2**7), 2**7 - 1], "int8"),
    "INT16": ([-(2**15), 2**15 - 1], "int16"),
    "INT32": ([-(2**31), 2**31 - 1], "int32"),
    "INT64": ([-(2**63), 2**63 - 1], "int64"),
    "FP32": ([-1.5, 3.5e37], "float32"),
    "FP64": ([0.1, -1.7976931348623157e308], "float64"),
    "BYTES": (["九州", "b"], "object"),
}


class Face(Protocol):
    """The client's REST or gRPC half."""

    async def infer(self, model: str, request: Any) -> Any:  # noqa: ANN401 - kserve ships no types
        """Have a call computed."""
        ...

    async def ask(self, method: str, *arguments: str) -> bool:
        """Ask for health."""
        ...


class Rest:
    """Over HTTP."""

    def __init__(self, client: InferenceRESTClient, address: str) -> None:
        self._client = client
        self._url = f"http://{address}"

    async def infer(self, model: str, request: Any) -> Any:  # noqa: ANN401 - see above
        """Have a call computed."""
        return await self._client.infer(self._url, request, model_name=model)

    async def ask(self, method: str, *arguments: str) -> bool:
        """Ask for health."""
        return bool(await getattr(self._client, method)(self._url, *arguments))


class Grpc:
    """Over gRPC."""

    def __init__(self, client: InferenceGRPCClient) -> None:
        self._client = client

    async def infer(self, model: str, request: Any) -> Any:  # noqa: ANN401, ARG002 - see above
        """Have a call computed."""
        return await self._client.infer(request)

    async def ask(self, method: str, *arguments: str) -> bool:
        """Ask for health."""
        return bool(await getattr(self._client, method)(*arguments))


def _tensor(name: str, datatype: str, rows: Any, dtype: str, *, is_binary: bool) -> InferInput:  # noqa: ANN401 - values of any kind
    values = np.array(rows, dtype=dtype)
    made = InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=is_binary)
    return made


def _echo(kind: str, *, is_binary: bool) -> InferRequest:
    inputs = [
        _tensor(name, name, [values], dtype, is_binary=is_binary)
        for name, (values, dtype) in _VALUES.items()
    ]
    parameters = {"binary_data": True} if is_binary else {}
    return InferRequest("echo", inputs, request_outputs=[RequestedOutput(f"o_{kind}", parameters)])


def _pair(
    rows: int, *, name: str = "x", datatype: str = "FP32", width: int = 2, **more: str
) -> InferRequest:
    values = [[float(row)] * width for row in range(rows)]
    dtype = "float32" if datatype == "FP32" else "float64"
    inputs = [_tensor(name, datatype, values, dtype, is_binary=False)]
    return InferRequest(more.pop("model", "pair"), inputs, **more)


def _calls(face: Face) -> Mapping[str, Awaitable[Any]]:
    asked = {f"{kind}-{form}": _echo(kind, is_binary=form == "binary")
             for kind in _VALUES for form in ("json", "binary")}  # fmt: skip
    return {
        "live": face.ask("is_server_live"),
        "ready": face.ask("is_server_ready"),
        "model-ready": face.ask("is_model_ready", "echo"),
        **{name: _seen(face.infer("echo", request)) for name, request in asked.items()},
        "batch": _seen(face.infer("pair", _pair(8))),
        "id": _seen(face.infer("pair", _pair(1, request_id="mine"))),
        "refuse-rows": _seen(face.infer("pair", _pair(9))),
        "refuse-input": _seen(face.infer("pair", _pair(1, name="z"))),
        "refuse-datatype": _seen(face.infer("pair", _pair(1, datatype="FP64"))),
        "refuse-shape": _seen(face.infer("pair", _pair(1, width=3))),
        "refuse-model": _seen(face.infer("stranger", _pair(1, model="stranger"))),
    }


async def _seen(answer: Awaitable[Any]) -> Any:  # noqa: ANN401 - see above
    found = await answer
    outputs = {
        item.name: [item.datatype, [int(size) for size in item.shape], _plain(item.as_numpy())]
        for item in found.outputs
    }
    return {"model": found.model_name, "outputs": outputs, "has_id": bool(found.id)}


def _plain(values: Any) -> list[Any]:  # noqa: ANN401 - an array of any kind
    flat = values.reshape(-1).tolist()
    return [value.decode() if isinstance(value, bytes) else value for value in flat]


async def _answer(awaited: Awaitable[Any]) -> Any:  # noqa: ANN401 - see above
    try:
        return await awaited
    except httpx.HTTPStatusError as error:
        return {"refused": error.response.status_code}
    except grpc.RpcError as error:
        return {"refused": error.code().name}
    except Exception as error:  # noqa: BLE001 - the client itself stumbles over an answer
        return {"stumbled": type(error).__name__}


async def _main(http: str, grpc_target: str) -> None:
    seen = {}
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as rest:
        for name, awaited in _calls(Rest(rest, http)).items():
            seen[f"rest-{name}"] = await _answer(awaited)
    async with InferenceGRPCClient(grpc_target) as over_grpc:
        for name, awaited in _calls(Grpc(over_grpc)).items():
            seen[f"grpc-{name}"] = await _answer(awaited)
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2]))
