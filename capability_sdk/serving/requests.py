"""From the body of an infer request to a call (Open Inference Protocol v2, REST)."""

from collections.abc import Mapping
from typing import Any

import orjson

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.serving.calls import (
    Call,
    Gathering,
    Signature,
    WantedOutput,
    require_distinct,
    require_id,
    require_offered,
)
from capability_sdk.serving.errors import MalformedRequest, TensorMismatch
from capability_sdk.serving.weight import is_json_too_heavy

_MAX_DIGITS = 12
_SCALARS = frozenset({str, int, float, bool})


class RequestReader:
    """Reads the infer requests of one capability version."""

    def __init__(self, manifest: Manifest) -> None:
        self._signature = Signature(manifest)
        names = self._signature.outputs
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
        if is_json_too_heavy(text):
            raise MalformedRequest("The JSON holds too many short texts, lists and objects.")
        try:
            request = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise MalformedRequest(f"The body is not JSON: {error}.") from None
        if type(request) is not dict:
            raise MalformedRequest("The body is not a JSON object.")
        own_id = require_id(request.get("id"))
        gathering = self._read_inputs(request.get("inputs"), binary)
        return self._signature.call(own_id, gathering, self._wanted(request))

    def _read_inputs(self, inputs: object, binary: memoryview) -> Gathering:
        if type(inputs) is not list or not inputs:
            raise MalformedRequest("inputs is a list of one or more tensors.")
        gathering = self._signature.gather()
        position = 0
        for item in inputs:
            if type(item) is not dict:
                raise MalformedRequest(
                    "An input is a JSON object with name, datatype, shape, data."
                )
            reader = gathering.reader(item.get("name"))
            shape = reader.check(item.get("datatype"), item.get("shape"))
            size = _binary_size(reader.name, item, len(binary) - position)
            if size is None:
                tensor = reader.from_json(shape, item.get("data"))
            else:
                tensor = reader.from_binary(shape, binary[position : position + size])
                position += size
            gathering.add(reader.name, tensor)
        if position != len(binary):
            raise MalformedRequest(
                f"{len(binary) - position} bytes follow the tensors; the sizes of the inputs do not"
                " add up."
            )
        return gathering

    def _wanted(self, request: Mapping[str, Any]) -> tuple[WantedOutput, ...]:
        parameters = _parameters(request, "The request")
        default = _flag(parameters, "binary_data_output", is_default=False)
        outputs = request.get("outputs")
        if outputs is None or outputs == []:
            return self._all_as_binary if default else self._all_as_json
        if type(outputs) is not list:
            raise MalformedRequest("outputs is a list of JSON objects with a name.")
        return require_distinct(self._one_wanted(item, is_binary=default) for item in outputs)

    def _one_wanted(self, item: object, *, is_binary: bool) -> WantedOutput:
        if type(item) is not dict:
            raise MalformedRequest("outputs is a list of JSON objects with a name.")
        name = self._signature.require_output(item.get("name"))
        parameters = _parameters(item, f"Output {name}")
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
    if not _SCALARS.issuperset(map(type, parameters.values())):
        raise MalformedRequest(f"{owner}: a parameter is a string, a number or a boolean.")
    require_offered(parameters, owner)
    return parameters


def _flag(parameters: Mapping[str, Any], name: str, *, is_default: bool) -> bool:
    flag = parameters.get(name, is_default)
    if type(flag) is not bool:
        raise MalformedRequest(f"{name} is true or false.")
    return flag
