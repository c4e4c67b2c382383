"""Finds what caused each alarm of a case, with a causal graph that was learnt before."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from hawkes import Alarms, Kernel, attribute, pair
from numpy.typing import NDArray

Tensor = NDArray[Any]
NO_CAUSE = -1


class Context(Protocol):
    """What the platform gives to a capability."""

    model: Path

    def log(self, stage: str, value: object) -> None:
        """Take a process value into the inference log."""


class Capability:
    """The platform's entry point; it keeps nothing between two calls."""

    def load(self, context: Context) -> None:
        """Read the causal graph once."""
        graph = json.loads((context.model / "graph.json").read_text())
        self._kernel = Kernel(graph["mean_delay_seconds"], graph["window_seconds"])
        self._background = np.array(graph["background_per_second"])
        self._excitation = np.array(graph["excitation"])

    def infer(self, inputs: Mapping[str, Tensor], context: Context) -> dict[str, Tensor]:
        """Answer cases of equally many alarms.

        Args:
            inputs: ``alarm_type``, ``device`` and ``seconds``, each ``(cases, alarms)``.
            context: Takes the share of alarms that came by themselves.
        """
        cases = [
            self._case(kinds, devices, seconds)
            for kinds, devices, seconds in zip(
                inputs["alarm_type"], inputs["device"], inputs["seconds"], strict=True
            )
        ]
        causes = np.stack([cause for cause, _ in cases])
        roots = [
            _root(kinds, cause) for kinds, cause in zip(inputs["alarm_type"], causes, strict=True)
        ]
        context.log("share_without_cause", float(np.mean(causes == NO_CAUSE)))
        return {
            "cause": causes,
            "certainty": np.stack([certainty for _, certainty in cases]).astype(np.float32),
            "root": np.array(roots, np.int64),
        }

    def _case(self, kinds: Tensor, devices: Tensor, seconds: Tensor) -> tuple[Tensor, Tensor]:
        """Return each alarm's most probable cause and its probability, in the caller's order."""
        order = np.lexsort((seconds, devices))
        alarms = Alarms(kinds[order], devices[order], seconds[order])
        pairs = pair(alarms, self._kernel)
        chance, alone = attribute(alarms, pairs, self._excitation, self._background)
        cause = np.full(len(kinds), NO_CAUSE, np.int64)
        certainty = alone.copy()
        for place, probability in enumerate(chance):
            effect = pairs.effects[place]
            if probability > certainty[effect]:
                certainty[effect], cause[effect] = probability, order[pairs.causes[place]]
        back = np.argsort(order)
        return cause[back], certainty[back]


def _root(kinds: Tensor, cause: Tensor) -> int:
    """Return the type of the alarm that most alarms of a case descend from; the first of equals."""
    ancestor = np.arange(len(cause))
    for _ in range(len(cause)):
        parent = np.where(cause[ancestor] == NO_CAUSE, ancestor, cause[ancestor])
        if np.array_equal(parent, ancestor):
            break
        ancestor = parent
    return int(kinds[np.bincount(ancestor).argmax()])
