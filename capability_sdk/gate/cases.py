"""Requests to an instance, made out of a package's samples."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import isclose, prod
from typing import Any

from capability_sdk.contracts.inference import InferRequest, RequestTensor
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.gate.wire import Answer, request_of
from capability_sdk.packaging.samples import Sample

Outputs = Mapping[str, list[Any]]
"""Values of each output, nested or flat, row-major."""

OK = 200
_BATCH_MATES_TOLERANCE = 1e-5
"""A matrix product may round otherwise for other numbers of rows."""


@dataclass(frozen=True, slots=True)
class Case:
    """A sample as bytes on the wire."""

    name: str
    sample: Sample
    manifest: Manifest
    request: bytes


def cases_of(manifest: Manifest, samples: Mapping[str, Sample]) -> list[Case]:
    """Turn every sample into a request."""
    return [
        Case(name, sample, manifest, infer(manifest, sample.request))
        for name, sample in samples.items()
    ]


def infer(manifest: Manifest, request: InferRequest) -> bytes:
    """Return an infer request as bytes."""
    return infer_body(manifest, request.model_dump_json(exclude_none=True).encode())


def infer_body(manifest: Manifest, body: bytes) -> bytes:
    """Return an infer request with a body of any content."""
    return request_of("POST", f"/v2/models/{manifest.name}/infer", body)


def repeated(request: InferRequest, rows: int) -> InferRequest:
    """Return a request with the first row of another, several times."""
    return joined([_first_row(request)] * rows)


def joined(requests: Sequence[InferRequest]) -> InferRequest:
    """Return one request with the rows of several, whose tensors have the same names and shapes."""
    first = requests[0]
    by_name = [{tensor.name: tensor for tensor in request.inputs} for request in requests]
    tensors = []
    for tensor in first.inputs:
        parts = [named[tensor.name] for named in by_name]
        rows = sum(part.shape[0] for part in parts)
        values = list(chain.from_iterable(flat(part.data or []) for part in parts))
        update = {"shape": [rows, *tensor.shape[1:]], "data": values}
        tensors.append(tensor.model_copy(update=update))
    return InferRequest(inputs=tensors)


def rows_of(request: InferRequest) -> int:
    """Return how many rows a request has."""
    return request.inputs[0].shape[0]


def group_of(request: InferRequest) -> str:
    """Name the shape of a row: requests of one group can be computed together."""
    return json.dumps(sorted((t.name, t.datatype, t.shape[1:]) for t in request.inputs))


def outputs_of(answer: Answer) -> Outputs | None:
    """Read the outputs of an answer; None where it holds none."""
    tensors = answer.document().get("outputs")
    if answer.status != OK or not isinstance(tensors, list):
        return None
    found = {}
    for tensor in tensors:
        if not isinstance(tensor, dict) or not isinstance(tensor.get("data"), list):
            return None
        found[str(tensor.get("name"))] = tensor["data"]
    return found


def complaint_of(answer: Answer) -> str:
    """Return what a refusal says."""
    said = answer.document().get("error")
    return f"{answer.status}: {said}" if said else f"{answer.status} without a word"


def alike(left: Outputs, right: Outputs) -> bool:
    """Say whether outputs are the same but for rounding."""
    return left.keys() == right.keys() and all(
        _values_alike(list(flat(left[name])), list(flat(right[name]))) for name in left
    )


def flat(values: Iterable[Any]) -> Iterator[Any]:
    """Yield nested values one by one."""
    for value in values:
        if isinstance(value, list):
            yield from flat(value)
        else:
            yield value


def _values_alike(left: list[Any], right: list[Any]) -> bool:
    return len(left) == len(right) and all(
        isclose(a, b, rel_tol=_BATCH_MATES_TOLERANCE, abs_tol=_BATCH_MATES_TOLERANCE)
        if isinstance(a, float) and isinstance(b, float)
        else a == b
        for a, b in zip(left, right, strict=True)
    )


def _first_row(request: InferRequest) -> InferRequest:
    return InferRequest(inputs=[_first_row_of(tensor) for tensor in request.inputs])


def _first_row_of(tensor: RequestTensor) -> RequestTensor:
    width = prod(tensor.shape[1:])
    values = list(flat(tensor.data or []))[:width]
    return tensor.model_copy(update={"shape": [1, *tensor.shape[1:]], "data": values})
