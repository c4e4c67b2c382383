"""Cheque digits: the held-back real images, and the calls that a bank's system makes with them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from capability_sdk.client import GatewayClient
from capability_sdk.contracts.feedback import FeedbackItem

CAPABILITY = "digit-recognition"
NOISE_SEED = 2026
_GREY_LEVELS = 16.0
_FEEDBACK_ITEMS = 500


@dataclass(frozen=True, slots=True)
class Images:
    """Images and what they show.

    Attributes:
        pixels: float32, shape ``(images, 64)``, grey levels 0 to 16.
        labels: The true digit of each.
    """

    pixels: NDArray[np.float32]
    labels: tuple[str, ...]

    def scanned(self, noise: float) -> "Images":
        """Return the images as a noisy scanner sees them.

        Args:
            noise: Standard deviation of Gaussian noise, grey levels; the result is clipped.
        """
        if noise == 0:
            return self
        added = np.random.default_rng(NOISE_SEED).normal(0.0, noise, self.pixels.shape)
        pixels = np.clip(self.pixels + added, 0.0, _GREY_LEVELS).astype(np.float32)
        return Images(pixels, self.labels)


def load_images(file: Path) -> Images:
    """Read the held-back images that training wrote."""
    content = json.loads(file.read_text())
    pixels = np.asarray(content["images"], dtype=np.float32)
    return Images(pixels, tuple(str(label) for label in content["labels"]))


@dataclass(frozen=True, slots=True)
class Called:
    """What a calling system knows after its calls."""

    request_ids: tuple[str, ...]
    predicted: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def accuracy(self) -> float:
        """Share of right answers, as the caller computes it."""
        right = sum(p == t for p, t in zip(self.predicted, self.labels, strict=True))
        return right / len(self.labels)


def infer_request(pixels: NDArray[np.float32]) -> dict[str, Any]:
    """Make the request of one image."""
    tensor = {
        "name": "image",
        "datatype": "FP32",
        "shape": [1, pixels.size],
        "data": [round(float(value), 4) for value in pixels],
    }
    return {"inputs": [tensor]}


def call_all(gateway: GatewayClient, images: Images) -> Called:
    """Send every image as a call of its own."""
    answers = [gateway.infer(CAPABILITY, infer_request(pixels)) for pixels in images.pixels]
    return Called(
        request_ids=tuple(answer.request_id for answer in answers),
        predicted=tuple(str(answer.output("label")[0]) for answer in answers),
        labels=images.labels,
    )


def send_feedback(gateway: GatewayClient, called: Called) -> None:
    """Tell the true digit of every call."""
    items = [
        FeedbackItem(request_id=request_id, truth=label)
        for request_id, label in zip(called.request_ids, called.labels, strict=True)
    ]
    for start in range(0, len(items), _FEEDBACK_ITEMS):
        gateway.feedback(items[start : start + _FEEDBACK_ITEMS])
