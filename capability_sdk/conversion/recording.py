"""Samples from the training data: requests with the answers that the original model gives."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import Manifest, TensorSpec
from capability_sdk.conversion.errors import ConversionFailed
from capability_sdk.conversion.parity import EXACT, row_distances
from capability_sdk.profiling.columns import Tensor

SAMPLES = 5


def record_samples(
    manifest: Manifest, feed: Mapping[str, Tensor], answers: Mapping[str, Tensor]
) -> dict[str, bytes]:
    """Write some rows as samples.

    Args:
        manifest: Names inputs and outputs.
        feed: Input tensors, shape ``(rows, ...)``.
        answers: What is right for these rows: the original's outputs where there is an original.

    Returns:
        Path in the package to content.

    Raises:
        ConversionFailed: No row is complete.
    """
    places = _sendable(manifest, feed, answers)
    if not len(places):
        raise ConversionFailed(
            "No row of the training data is without a missing value; JSON cannot write one.",
            cure="Give at least one complete row, or fill what is missing before training.",
        )
    chosen = places[np.unique(np.linspace(0, len(places) - 1, SAMPLES).astype(np.int64))]
    return {
        f"samples/row-{number}.json": _sample(manifest, feed, answers, place)
        for number, place in enumerate(chosen.tolist(), 1)
    }


def faithful(original: Mapping[str, Tensor], converted: Mapping[str, Tensor]) -> Tensor:
    """Return the rows in which no threshold flipped: these can be samples."""
    rows = len(next(iter(converted.values())))
    near = np.ones(rows, np.bool_)
    for name in converted.keys() & original.keys():
        near &= row_distances(original[name], converted[name]) <= EXACT
    return np.flatnonzero(near)


def _sendable(
    manifest: Manifest, feed: Mapping[str, Tensor], answers: Mapping[str, Tensor]
) -> Tensor:
    rows = len(next(iter(feed.values())))
    complete = np.ones(rows, np.bool_)
    for name in (*(spec.name for spec in manifest.inputs), *answers):
        values = feed.get(name, answers.get(name))
        if values is not None and values.dtype.kind == "f":
            complete &= np.isfinite(values.reshape(rows, -1)).all(axis=1)
    return np.flatnonzero(complete)


def _sample(
    manifest: Manifest, feed: Mapping[str, Tensor], answers: Mapping[str, Tensor], place: int
) -> bytes:
    inputs = [_tensor(spec, feed[spec.name][place : place + 1]) for spec in manifest.inputs]
    expected = {
        spec.name: _plain(answers[spec.name][place : place + 1], spec)
        for spec in manifest.outputs
        if spec.name in answers
    }
    content: dict[str, Any] = {
        "request": {"inputs": inputs},
        "expected": expected,
        "tolerance": EXACT,
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _tensor(spec: TensorSpec, values: Tensor) -> dict[str, Any]:
    return {
        "name": spec.name,
        "datatype": spec.datatype.value,
        "shape": list(values.shape),
        "data": values.ravel().tolist(),
    }


def _plain(values: Tensor, spec: TensorSpec) -> list[Any]:
    return list(_typed(values.ravel().tolist(), spec.datatype))


def _typed(values: list[Any], datatype: Datatype) -> Iterator[Any]:
    """Spell values as the output's type: 1.0 of a float output stays a float."""
    for value in values:
        if datatype is Datatype.BYTES:
            yield str(value)
        elif datatype in {Datatype.FP16, Datatype.FP32, Datatype.FP64}:
            yield float(value)
        else:
            yield int(value)
