"""The capability itself: plain Python, run by the platform in a sandbox without network."""

from collections.abc import Mapping
from typing import Any

import numpy as np

BUSY = 0.8


class Capability:
    """Judges a cell by the mean and the peak of its load."""

    def load(self, context: Any) -> None:
        """Read once what `infer` needs; ``context.model`` is the folder model/."""

    def infer(self, inputs: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Answer a batch.

        Args:
            inputs: ``load``, share of capacity, shape ``(rows, 24)``, an hour a column.
            context: ``context.log(stage, value)`` keeps a value of the process, here one a row.

        Returns:
            ``peak`` and ``state``, shape ``(rows, 1)``.
        """
        load = inputs["load"]
        peak = load.max(axis=1, keepdims=True)
        context.log("peak", peak.ravel())
        busy = (load.mean(axis=1, keepdims=True) > BUSY / 2) & (peak > BUSY)
        return {
            "peak": peak.astype(np.float32),
            "state": np.where(busy, "busy", "quiet").astype(object),
        }
