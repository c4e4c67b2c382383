"""The real handwritten digits, counted as the edge counts them and judged as the worker judges."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from capability_sdk.contracts.profiles import ReferenceProfile
from capability_sdk.profiling.counters import AnchoredCounters
from center.monitoring.domain import Judgement, Window
from center.monitoring.judging import judge

Images = NDArray[np.float32]
"""Shape (images, 64), grey levels 0 to 16."""

WINDOW = 500
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def split(seed: int, train: int = 1200) -> tuple[Images, Images]:
    """Return training images and unseen ones."""
    images = load_digits().data.astype(np.float32)
    order = np.random.default_rng(seed).permutation(len(images))
    return images[order[:train]], images[order[train:]]


def noisy(images: Images, level: float, generator: np.random.Generator) -> Images:
    """Add Gaussian noise of a standard deviation in grey levels, as a worn scanner does."""
    moved = images + generator.normal(0.0, level, images.shape)
    return np.clip(moved, 0, 16).astype(np.float32)


def counted(reference: ReferenceProfile, images: Images) -> dict[str, list[int]]:
    """Count images in the cells of a reference."""
    return counted_columns(reference, {"image": images})


def counted_columns(
    reference: ReferenceProfile, tensors: Mapping[str, NDArray[np.generic]]
) -> dict[str, list[int]]:
    """Count tensors in the cells of a reference."""
    counters = AnchoredCounters(reference)
    counters.add(tensors)
    return counters.drain()


def judged(reference: ReferenceProfile, hours: Sequence[Mapping[str, list[int]]]) -> Judgement:
    """Judge hourly counts, the last one newest."""
    windows = [
        Window(NOON + timedelta(hours=number), sum(next(iter(counts.values()))), dict(counts))
        for number, counts in enumerate(hours)
    ]
    return judge(reference, windows)
