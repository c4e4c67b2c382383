"""The calls that every stock client makes at both servers."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tests.conformance.clients import Asked, Client, tensor
from tests.conformance.models import MAX_ROWS

Make = Callable[[Client], Awaitable[Any]]

_VALUES: Mapping[str, tuple[Any, Any]] = {
    "BOOL": (True, False),
    "UINT8": (0, 2**8 - 1),
    "UINT16": (0, 2**16 - 1),
    "UINT32": (0, 2**32 - 1),
    "UINT64": (0, 2**64 - 1),
    "INT8": (-(2**7), 2**7 - 1),
    "INT16": (-(2**15), 2**15 - 1),
    "INT32": (-(2**31), 2**31 - 1),
    "INT64": (-(2**63), 2**63 - 1),
    "FP32": (-1.5, 3.0000001e38),
    "FP64": (0.1, -1.7976931348623157e308),
    "BYTES": ("九州", ""),
}
_SMALL: Mapping[str, Any] = {"BOOL": True, "BYTES": "a"}
_INFINITE = ("FP32", "FP64")


def _echo(**changed: Any) -> Asked:  # noqa: ANN401 - fields of a call
    inputs = {name: tensor(name, [[_SMALL.get(name, 1)] * 2]) for name in _VALUES}
    return Asked("echo", inputs, **changed)


def _pair(rows: int = 1, **changed: Any) -> Asked:  # noqa: ANN401 - fields of a call
    values = [[float(row), row + 0.5] for row in range(rows)]
    return Asked("pair", {"x": tensor("FP32", values)}, **changed)


def _infer(asked: Asked) -> Make:
    return lambda client: client.infer(asked)


def _ask(method: str, *arguments: str) -> Make:
    return lambda client: client.ask(method, *arguments)


async def _server_metadata(client: Client) -> Any:  # noqa: ANN401 - see above
    """See what the protocol says of any server: the names of the members, their kinds."""
    found = await client.ask("get_server_metadata")
    has_binary = "binary_tensor_data" in found["extensions"]
    return {name: type(value).__name__ for name, value in found.items()}, has_binary


def _model_metadata(*arguments: str) -> Make:
    async def make(client: Client) -> Any:  # noqa: ANN401 - see above
        """See names and tensors; platform and version differ from server to server."""
        found = dict(await client.ask("get_model_metadata", *arguments))
        return {
            **found,
            "platform": type(found["platform"]).__name__,
            "versions": len(found["versions"]),
        }

    return make


def _of_datatype(kind: str) -> Asked:
    call = _echo(outputs=[f"o_{kind}"])
    return Asked(call.model, {**call.inputs, kind: tensor(kind, [_VALUES[kind]])}, call.outputs)


def _texts(*texts: str) -> Asked:
    return Asked("text", {"x": tensor("BYTES", [[text] for text in texts])})


CALLS: Mapping[str, Make] = {
    "server-live": _ask("is_server_live"),
    "server-ready": _ask("is_server_ready"),
    "server-metadata": _server_metadata,
    "model-ready": _ask("is_model_ready", "echo"),
    "model-ready-in-version": _ask("is_model_ready", "echo", "1"),
    "model-ready-unknown": _ask("is_model_ready", "stranger"),
    "model-ready-in-unknown-version": _ask("is_model_ready", "echo", "7"),
    "model-metadata": _model_metadata("echo"),
    "model-metadata-in-version": _model_metadata("pair", "1"),
    "model-metadata-of-open-shape": _model_metadata("open"),
    "model-metadata-unknown": _model_metadata("stranger"),
    "model-metadata-in-unknown-version": _model_metadata("echo", "7"),
    **{f"infer-{kind}": _infer(_of_datatype(kind)) for kind in _VALUES},
    **{
        f"infer-{kind}-not-finite": _infer(
            Asked(
                "echo",
                {**_echo().inputs, kind: tensor(kind, [[float("inf"), float("nan")]])},
                [f"o_{kind}"],
            )
        )
        for kind in _INFINITE
    },
    "infer-FP16": _infer(Asked("half", {"x": tensor("FP16", [[-1.5, 65504.0]])})),
    "infer-all-datatypes": _infer(_echo(id="all")),
    "infer-one-row": _infer(_pair()),
    "infer-full-batch": _infer(_pair(MAX_ROWS)),
    "infer-in-version": _infer(_pair(version="1")),
    "infer-with-id": _infer(_pair(id="九-1")),
    "infer-with-long-id": _infer(_pair(id="x" * 200)),
    "infer-with-parameters": _infer(_pair(parameters={"note": "x", "rank": 3, "is_new": True})),
    "infer-one-output": _infer(_echo(outputs=["o_INT8"])),
    "infer-outputs-in-order": _infer(_echo(outputs=["o_FP64", "o_BOOL", "o_BYTES"])),
    "infer-open-shape": _infer(Asked("open", {"x": tensor("INT32", [[1, 2, 3], [4, 5, 6]])})),
    "infer-open-shape-of-one": _infer(Asked("open", {"x": tensor("INT32", [[7]])})),
    "infer-texts": _infer(_texts("a", "", "两个字", '"\\\n\t', "0")),
    "infer-long-text": _infer(_texts("ab" * 50_000)),
    "infer-text-with-nul": _infer(_texts("a\x00b")),
    "refuse-unknown-model": _infer(Asked("stranger", _pair().inputs)),
    "refuse-unknown-version": _infer(_pair(version="7")),
    "refuse-unknown-input": _infer(Asked("pair", {"z": tensor("FP32", [[1, 2]])})),
    "refuse-missing-input": _infer(Asked("echo", {"INT8": tensor("INT8", [[1, 2]])})),
    "refuse-one-input-too-many": _infer(
        Asked("pair", {**_pair().inputs, "z": tensor("FP32", [[1, 2]])})
    ),
    "refuse-datatype": _infer(Asked("pair", {"x": tensor("FP64", [[1, 2]])})),
    "refuse-shape": _infer(Asked("pair", {"x": tensor("FP32", [[1, 2, 3]])})),
    "refuse-rank": _infer(Asked("pair", {"x": tensor("FP32", [1, 2])})),  # type: ignore[list-item]  # wrong on purpose
    "refuse-too-many-rows": _infer(_pair(MAX_ROWS + 1)),
    "refuse-data-that-is-too-short": _infer(_pair(1, shapes={"x": [2, 2]})),
    "refuse-data-that-is-too-long": _infer(_pair(2, shapes={"x": [1, 2]})),
    "refuse-unknown-output": _infer(_pair(outputs=["z"])),
}
