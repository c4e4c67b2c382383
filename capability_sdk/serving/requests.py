"""From the body of an infer request to arrays (Open Inference Protocol v2, REST)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.profiling.columns import Tensor
from capability_sdk.serving.errors import MalformedRequest, TensorMismatch
from capability_sdk.serving.tensors import InputReader

_MAX_ID = 500
_MAX_DIGITS = 12
_SHARED_MEMORY = "shared_memory_region"


@dataclass(slots=True, frozen=True)
class WantedOutput:
    """An output that the caller asked for, and the form it shall have."""

    name: str
    is_binary: bool


@dataclass(slots=True, frozen=True)
class Call:
    """One infer request that was found to fit the manifest.

    Attributes:
        id: The caller's own id, echoed.
        rows: Rows of the batch, the first dimension of every tensor.
        tensors: Input name to array.
        outputs: What to answer with.
        group: Calls of equal groups may share a batch: their trailing shapes are equal.
    """

    id: str | None
    rows: int
    tensors: Mapping[str, Tensor]
    outputs: tuple[WantedOutput, ...]
    group: tuple[object, ...]


class RequestReader:
    """Reads the infer requests of one capability version."""

    def __init__(self, manifest: Manifest) -> None:
        self._readers = {
            spec.name: InputReader(spec, manifest.max_batch_size) for spec in manifest.inputs
        }
        self._is_fixed = all(reader.is_fixed for reader in self._readers.values())
        names = [spec.name for spec in manifest.outputs]
        self._names = frozenset(names)
        self._all_as_json = tuple(WantedOutput(name, is_binary=False) for name in names)
        self._all_as_binary = tuple(WantedOutput(name, is_binary=True) for name in names)

    def read(self, body: bytes, json_length: bytes | None) -> Call:
        """Read a request.

        Args:
            body: JSON, followed by binary tensors where ``json_length`` says so.
            json_length: The header ``Inference-Header-Content-Length``.

        Raises:
            MalformedRequest: The body is not a request of the protocol.
            TensorMismatch: A tensor is not what the manifest declares.
        """
        text, binary = _split(body, json_length)
        try:
            request = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise MalformedRequest(f"The body is not JSON: {error}.") from None
        if type(request) is not dict:
            raise MalformedRequest("The body is not a JSON object.")
        own_id = request.get("id")
        if own_id is not None and (type(own_id) is not str or len(own_id) > _MAX_ID):
            raise MalformedRequest(f"id is a string of at most {_MAX_ID} characters.")
        rows, tensors = self._read_inputs(request.get("inputs"), binary)
        group = () if self._is_fixed else tuple(array.shape[1:] for array in tensors.values())
        return Call(own_id, rows, tensors, self._wanted(request), group)

    def _read_inputs(self, inputs: object, binary: memoryview) -> tuple[int, dict[str, Tensor]]:
        if type(inputs) is not list or not inputs:
            raise MalformedRequest("inputs is a list of one or more tensors.")
        found: dict[str, Tensor] = {}
        position = rows = 0
        for item in inputs:
            if type(item) is not dict:
                raise MalformedRequest(
                    "An input is a JSON object with name, datatype, shape, data."
                )
            reader = self._reader(item.get("name"), found)
            shape = reader.check(item.get("datatype"), item.get("shape"))
            size = _binary_size(reader.name, item, len(binary) - position)
            if size is None:
                found[reader.name] = reader.from_json(shape, item.get("data"))
            else:
                found[reader.name] = reader.from_binary(shape, binary[position : position + size])
                position += size
            rows = rows or shape[0]
            if shape[0] != rows:
                raise TensorMismatch(
                    f"Input {reader.name} has {shape[0]} rows, the inputs before it {rows}.",
                    tensor=reader.name,
                )
        self._check_complete(found, len(binary) - position)
        # In the manifest's order, whatever the caller's was: batches are put together by it.
        return rows, found if len(found) == 1 else {name: found[name] for name in self._readers}

    def _reader(self, name: object, found: Mapping[str, Tensor]) -> InputReader:
        reader = self._readers.get(name) if type(name) is str else None
        if reader is None:
            expected = ", ".join(self._readers)
            raise TensorMismatch(
                f"There is no input {ascii(name)[:80]}; the capability takes {expected}.",
                expected=list(self._readers),
            )
        if reader.name in found:
            raise TensorMismatch(f"Input {reader.name} is given twice.", tensor=reader.name)
        return reader

    def _check_complete(self, found: Mapping[str, Tensor], left_over: int) -> None:
        if len(found) != len(self._readers):
            missing = [name for name in self._readers if name not in found]
            raise TensorMismatch(
                f"Input {missing[0]} is missing; the capability takes {', '.join(self._readers)}.",
                tensor=missing[0],
                expected=list(self._readers),
            )
        if left_over:
            raise MalformedRequest(
                f"{left_over} bytes follow the tensors; the sizes of the inputs do not add up."
            )

    def _wanted(self, request: Mapping[str, Any]) -> tuple[WantedOutput, ...]:
        parameters = _parameters(request, "The request")
        default = _flag(parameters, "binary_data_output", is_default=False)
        outputs = request.get("outputs")
        if outputs is None or outputs == []:
            return self._all_as_binary if default else self._all_as_json
        if type(outputs) is not list:
            raise MalformedRequest("outputs is a list of JSON objects with a name.")
        wanted = tuple(self._one_wanted(item, is_binary=default) for item in outputs)
        if len({output.name for output in wanted}) != len(wanted):
            raise MalformedRequest("outputs names an output twice.")
        return wanted

    def _one_wanted(self, item: object, *, is_binary: bool) -> WantedOutput:
        if type(item) is not dict:
            raise MalformedRequest("outputs is a list of JSON objects with a name.")
        name = item.get("name")
        if type(name) is not str or name not in self._names:
            expected = ", ".join(sorted(self._names))
            raise TensorMismatch(
                f"There is no output {ascii(name)[:80]}; the capability gives {expected}.",
                expected=sorted(self._names),
            )
        parameters = _parameters(item, f"Output {name}")
        if "classification" in parameters:
            raise MalformedRequest(f"Output {name}: the classification extension is not offered.")
        return WantedOutput(name, _flag(parameters, "binary_data", is_default=is_binary))


def _split(body: bytes, json_length: bytes | None) -> tuple[bytes | memoryview, memoryview]:
    if json_length is None:
        return body, memoryview(b"")
    digits = json_length.decode("latin-1")
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS
    if not is_number or int(digits) > len(body):
        raise MalformedRequest(
            "Inference-Header-Content-Length is the length in bytes of the JSON part,"
            f" at most that of the body ({len(body)})."
        )
    view = memoryview(body)
    return view[: int(digits)], view[int(digits) :]


def _binary_size(name: str, item: Mapping[str, Any], available: int) -> int | None:
    if "parameters" not in item:
        return None
    parameters = _parameters(item, f"Input {name}")
    if (size := parameters.get("binary_data_size")) is None:
        return None
    if type(size) is not int or not 0 <= size <= available:
        raise TensorMismatch(
            f"Input {name}: binary_data_size is the tensor's size in bytes; {available} bytes are"
            " left in the body.",
            tensor=name,
        )
    if item.get("data") is not None:
        raise TensorMismatch(f"Input {name} has both data and binary data.", tensor=name)
    return size


def _parameters(item: Mapping[str, Any], owner: str) -> Mapping[str, Any]:
    parameters = item.get("parameters")
    if parameters is None:
        return {}
    if type(parameters) is not dict:
        raise MalformedRequest(f"{owner}: parameters is a JSON object.")
    if _SHARED_MEMORY in parameters:
        raise MalformedRequest(f"{owner}: shared memory is not offered.")
    return parameters


def _flag(parameters: Mapping[str, Any], name: str, *, is_default: bool) -> bool:
    flag = parameters.get(name, is_default)
    if type(flag) is not bool:
        raise MalformedRequest(f"{name} is true or false.")
    return flag
