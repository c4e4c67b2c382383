"""The judged output in words: what feedback is compared with."""

import math
from collections.abc import Callable

from capability_sdk.contracts.manifest import Manifest, Task
from capability_sdk.profiling.columns import Tensor

Value = str | int | float
Judge = Callable[[Tensor], list[Value]]
"""Turns the judged output of a batch into one value a row."""


def judge_of(manifest: Manifest) -> tuple[str, Judge] | None:
    """Find the judged output and how to read it.

    Of a classification, class numbers become labels and one score a label becomes the label of
    the highest score; a number that no label stands for stays a number.

    Returns:
        Name of the output and the function that reads it; None where nothing is judged, or where
        a row has several values that are no scores.
    """
    quality = manifest.quality
    spec = next((spec for spec in manifest.outputs if spec.name == quality.output), None)
    if spec is None or -1 in spec.shape:
        return None
    labels = quality.labels if quality.task is Task.CLASSIFICATION else None
    if spec.elements == 1:
        return spec.name, lambda values: [_name(v, labels) for v in values.reshape(-1).tolist()]
    if labels is not None and spec.elements == len(labels):
        return spec.name, lambda values: [
            labels[index] for index in values.reshape(-1, len(labels)).argmax(axis=1).tolist()
        ]
    return None


def _name(value: object, labels: list[str] | None) -> Value:
    if isinstance(value, bool):
        value = int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return str(value)  # JSON has no number for it
        if labels is None or not value.is_integer():
            return value
        value = int(value)
    if isinstance(value, int):
        return labels[value] if labels and 0 <= value < len(labels) else value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
