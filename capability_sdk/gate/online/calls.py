"""From a package's samples to calls, and from answers to values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from capability_sdk.contracts.inference import BINARY_HEADER, Datatype, RequestTensor
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.gate.cases import Outputs, flat
from capability_sdk.gate.online.wire import Answer, Call
from capability_sdk.packaging.samples import Sample
from capability_sdk.profiling.columns import NUMPY_TYPES

_JSON = "content-type: application/json\r\n"


@dataclass(frozen=True, slots=True)
class Case:
    """A sample as a call with JSON tensors, and as one with binary tensors."""

    name: str
    sample: Sample
    plain: Call
    binary: Call


def model_path(manifest: Manifest) -> str:
    """Return the path of exactly this version."""
    return f"/v2/models/{manifest.name}/versions/{manifest.version}"


def case_of(manifest: Manifest, name: str, sample: Sample) -> Case:
    """Turn a sample into calls."""
    document = sample.request.model_dump(mode="json", exclude_none=True)
    return Case(
        name, sample, infer_call(manifest, document), _binary_call(manifest, document, sample)
    )


def infer_call(manifest: Manifest, document: Mapping[str, Any]) -> Call:
    """Return an infer call with a document of any content."""
    path = f"{model_path(manifest)}/infer"
    return Call("POST", path, json.dumps(document).encode(), _JSON)


def _binary_call(manifest: Manifest, document: Mapping[str, Any], sample: Sample) -> Call:
    blobs = [_encode(tensor) for tensor in sample.request.inputs]
    inputs = [
        {
            **{key: value for key, value in tensor.items() if key != "data"},
            "parameters": {"binary_data_size": len(blob)},
        }
        for tensor, blob in zip(document["inputs"], blobs, strict=True)
    ]
    parameters = {**document.get("parameters", {}), "binary_data_output": True}
    text = json.dumps({**document, "inputs": inputs, "parameters": parameters}).encode()
    head = f"content-type: application/octet-stream\r\n{BINARY_HEADER}: {len(text)}\r\n"
    return Call("POST", f"{model_path(manifest)}/infer", b"".join((text, *blobs)), head)


def _encode(tensor: RequestTensor) -> bytes:
    values = list(flat(tensor.data or []))
    if tensor.datatype is Datatype.BYTES:
        texts = [str(value).encode() for value in values]
        return b"".join(chain.from_iterable((len(t).to_bytes(4, "little"), t) for t in texts))
    dtype = np.dtype(NUMPY_TYPES[tensor.datatype]).newbyteorder("<")
    return np.array(values, dtype=dtype).tobytes()


def outputs_of(answer: Answer) -> Outputs:
    """Read the outputs of an infer answer, JSON or binary.

    Raises:
        ValueError: It holds none that could be read.
    """
    length = answer.headers.get(BINARY_HEADER)
    text = answer.body if length is None else answer.body[: int(length)]
    rest = memoryview(answer.body)[len(text) :]
    outputs: dict[str, list[Any]] = {}
    try:
        for tensor in json.loads(text)["outputs"]:
            size = tensor.get("parameters", {}).get("binary_data_size")
            if size is None:
                outputs[tensor["name"]] = tensor["data"]
            else:
                outputs[tensor["name"]] = _decode(Datatype(tensor["datatype"]), rest[:size])
                rest = rest[size:]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no {error} in it") from error
    return outputs


def _decode(datatype: Datatype, data: memoryview) -> list[Any]:
    if datatype is not Datatype.BYTES:
        dtype = np.dtype(NUMPY_TYPES[datatype]).newbyteorder("<")
        values: list[Any] = np.frombuffer(data, dtype).tolist()
        return values
    texts: list[Any] = []
    position = 0
    while position < len(data):
        end = position + 4 + int.from_bytes(data[position : position + 4], "little")
        texts.append(bytes(data[position + 4 : end]).decode())
        position = end
    return texts
