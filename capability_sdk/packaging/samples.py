"""``samples/*.json``: requests with the answers that the author expects."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from capability_sdk.contracts.inference import InferRequest
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.model import Strict
from capability_sdk.contracts.packages import Check
from capability_sdk.packaging.errors import broken
from capability_sdk.packaging.layout import SAMPLES_FOLDER

_CURE = 'Write {"request": {"inputs": [...]}, "expected": {"output": [...]}, "tolerance": 1e-4}.'


class Sample(Strict):
    """One request and its answer."""

    request: InferRequest
    expected: Annotated[dict[str, list[Any]], Field(min_length=1)]
    """Output name to values, nested or flat, row-major."""
    tolerance: Annotated[float, Field(ge=0)] = 1e-4
    """Greatest distance of a number, absolute or relative to the expected one."""


def read_samples(folder: Path, breaks: list[Check]) -> dict[str, Sample]:
    """Read the samples of a package by file name; unreadable ones go to ``breaks``."""
    samples: dict[str, Sample] = {}
    for path in sorted((folder / SAMPLES_FOLDER).glob("*.json")):
        try:
            samples[path.name] = Sample.model_validate_json(path.read_bytes())
        except (ValidationError, RecursionError) as error:
            breaks.append(broken("samples", f"{SAMPLES_FOLDER}{path.name}: {error}"[:2000], _CURE))
    if not samples and not breaks:
        cure = "Put at least one sample into samples/: it shows callers and gate what is right."
        breaks.append(broken("samples", "there is no sample", cure))
    return samples


def declaration_breaks(name: str, sample: Sample, manifest: Manifest) -> Iterator[Check]:
    """Yield where a sample and the manifest name different tensors."""
    given = {tensor.name: tensor for tensor in sample.request.inputs}
    declared = {spec.name: spec for spec in manifest.inputs}
    cure = "Name, datatype and shape follow the manifest; the shape starts with the rows."
    for missing in sorted(given.keys() ^ declared.keys()):
        yield broken("samples", f"{name}: input {missing} is not on both sides", cure)
    for tensor in (given[key] for key in given.keys() & declared.keys()):
        spec = declared[tensor.name]
        wanted = [-1, *spec.shape]
        fits = len(tensor.shape) == len(wanted) and all(
            size in {-1, actual} for size, actual in zip(wanted, tensor.shape, strict=True)
        )
        if tensor.datatype != spec.datatype or not fits:
            yield broken(
                "samples",
                f"{name}: {tensor.name} is {tensor.datatype} {tensor.shape}, "
                f"declared {spec.datatype} {wanted}",
                cure,
            )
    for output in sorted(sample.expected.keys() - {spec.name for spec in manifest.outputs}):
        yield broken("samples", f"{name}: {output} is not an output", "Name a declared output.")


def difference(sample: Sample, answer: Mapping[str, list[Any]]) -> str | None:
    """Say where an answer leaves the expected values; None where it keeps to them.

    Args:
        sample: What is expected.
        answer: Output name to values, nested or flat, row-major.
    """
    for name, expected in sample.expected.items():
        wanted, got = list(_flat(expected)), list(_flat(answer.get(name, [])))
        if len(wanted) != len(got):
            return f"{name} has {len(got)} values, expected {len(wanted)}"
        for index, (left, right) in enumerate(zip(wanted, got, strict=True)):
            if not _close(left, right, sample.tolerance):
                return f"{name}[{index}] is {right!r}, expected {left!r}"
    return None


def _flat(values: object) -> Iterator[object]:
    if isinstance(values, list):
        for value in values:
            yield from _flat(value)
    else:
        yield values


def _close(wanted: object, got: object, tolerance: float) -> bool:
    if isinstance(wanted, float) and isinstance(got, int | float):
        return math.isclose(wanted, got, rel_tol=tolerance, abs_tol=tolerance)
    # Classes, texts and truth values are right or wrong.
    return wanted == got
