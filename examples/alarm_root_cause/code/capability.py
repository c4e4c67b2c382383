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
LONGEST_SECONDS = 1e12
"""Times further from zero, 30,000 years, are no times."""


class Context(Protocol):
    """What the platform gives to a capability."""

    model: Path

    def log(self, stage: str, value: object) -> None:
        """Take a process value into the inference log."""


class Capability:
    """The platform's entry point; it keeps nothing between two calls."""

    def load(self, context: Context) -> None:
        """Read the causal graph once, and add a type for all that it does not know."""
        graph = json.loads((context.model / "graph.json").read_text())
        self._kernel = Kernel(graph["mean_delay_seconds"], graph["window_seconds"])
        # An unknown alarm causes nothing and has no cause.
        self._background = np.append(graph["background_per_second"], 1.0)
        self._excitation = np.pad(np.array(graph["excitation"]), ((0, 1), (0, 1)))

    def infer(self, inputs: Mapping[str, Tensor], context: Context) -> dict[str, Tensor]:
        """Answer cases of equally many alarms.

        Args:
            inputs: ``alarm_type``, ``device`` and ``seconds``, each ``(cases, alarms)``.
            context: Takes the share of alarms that came by themselves.
        """
        kinds, devices, seconds = (inputs[name] for name in ("alarm_type", "device", "seconds"))
        answers = [self._case(*case) for case in zip(kinds, devices, seconds, strict=True)]
        causes = np.stack([cause for cause, _ in answers])
        roots = [_root(*case) for case in zip(kinds, causes, strict=True)]
        context.log("share_without_cause", np.mean(causes == NO_CAUSE, axis=1))
        return {
            "cause": causes,
            "certainty": np.stack([certainty for _, certainty in answers]).astype(np.float32),
            "root": np.array(roots, np.int64),
        }

    def _case(self, kinds: Tensor, devices: Tensor, seconds: Tensor) -> tuple[Tensor, Tensor]:
        """Return each alarm's most probable cause and its probability, in the caller's order."""
        order = np.lexsort((seconds, devices))
        alarms = Alarms(
            self._known(kinds[order]),
            np.unique(devices[order], return_inverse=True)[1],
            np.nan_to_num(seconds[order]).clip(-LONGEST_SECONDS, LONGEST_SECONDS),
        )
        pairs = pair(alarms, self._kernel)
        chance, certainty = attribute(alarms, pairs, self._excitation, self._background)
        np.maximum.at(certainty, pairs.effects, chance)
        is_cause = (chance == certainty[pairs.effects]) & (chance > 0)
        cause = np.full(len(kinds), NO_CAUSE, np.int64)
        cause[pairs.effects[is_cause]] = order[pairs.causes[is_cause]]
        back = np.argsort(order)
        return cause[back], certainty[back]

    def _known(self, kinds: Tensor) -> Tensor:
        unknown = len(self._background) - 1
        return np.where((kinds >= 0) & (kinds < unknown), kinds, unknown)


def _root(kinds: Tensor, cause: Tensor) -> int:
    """Return the type of the alarm that most alarms of a case descend from; the first of equals."""
    if not len(kinds):
        return NO_CAUSE
    ancestor = np.where(cause == NO_CAUSE, np.arange(len(cause)), cause)
    # A cause is earlier than its effect, so that every step leads nearer to a root.
    while not np.array_equal(further := ancestor[ancestor], ancestor):
        ancestor = further
    return int(kinds[np.bincount(ancestor).argmax()])
