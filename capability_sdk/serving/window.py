"""The hour's profile of an instance: deltas of anchored counts, on their way to the agent."""

from collections.abc import Mapping
from datetime import datetime

import orjson

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.profiles import ReferenceProfile
from capability_sdk.profiling.columns import is_categorical, names_of, profiled
from capability_sdk.profiling.counters import AnchoredCounters
from capability_sdk.profiling.digest import anchors_digest
from capability_sdk.profiling.errors import AnchorMismatch
from capability_sdk.serving.batching import Batch
from capability_sdk.serving.errors import UnusablePackage


class ProfileWindow:
    """Counts the rows of one hour at a time."""

    def __init__(self, manifest: Manifest, reference: ReferenceProfile) -> None:
        """Prepare the cells of a package's reference.

        Raises:
            UnusablePackage: The reference does not fit the manifest, or holds a sensitive tensor.
        """
        check_reference(manifest, reference)
        self._counters = AnchoredCounters(reference)
        inputs = {spec.name for spec in manifest.inputs}
        self._inputs = sorted(self._counters.tensors & inputs)
        self._outputs = sorted(self._counters.tensors - inputs)
        self._about = {
            "kind": "profile",
            "capability": manifest.name,
            "version": manifest.version,
            "anchors": anchors_digest(reference),
        }
        self._window: datetime | None = None

    def add(self, batch: Batch, now: datetime) -> bytes | None:
        """Count a batch; return the delta of the hour before when a new one began."""
        window = self._window
        finished = None
        if window is None or now.hour != window.hour or now.date() != window.date():
            finished = self.drain()
            self._window = now.replace(minute=0, second=0, microsecond=0)
        tensors = {name: batch.inputs[name] for name in self._inputs}
        for name in self._outputs:
            tensors[name] = batch.outputs[name]
        self._counters.add(tensors)
        return finished

    def drain(self) -> bytes | None:
        """Return the rows counted since the last delta as a journal record, if there are any."""
        if self._window is None or not (rows := self._counters.rows):
            return None
        counts = self._counters.drain()
        return orjson.dumps({**self._about, "window": self._window, "rows": rows, "counts": counts})


def check_reference(manifest: Manifest, reference: ReferenceProfile) -> None:
    """Make sure that a reference describes tensors of the manifest that may be profiled.

    Raises:
        UnusablePackage: It names columns that the manifest does not have, has not all columns of
            a tensor, counts texts as numbers, or holds a sensitive tensor.
    """
    specs = profiled(manifest)
    columns = {anchors.column: anchors for anchors in reference.columns}
    allowed: Mapping[str, bool] = {
        column: is_categorical(spec)
        for spec in specs.values()
        for column in names_of(spec.name, spec.elements)
    }
    for name, anchors in columns.items():
        if name not in allowed:
            raise UnusablePackage(
                f"reference/profile.json has column {name}; the manifest has no such tensor that"
                " may be profiled."
            )
        if (anchors.kind == "categorical") != allowed[name]:
            raise UnusablePackage(f"reference/profile.json: {name} is not {anchors.kind}.")
    for spec in specs.values():
        names = names_of(spec.name, spec.elements)
        if 0 < sum(name in columns for name in names) < len(names):
            raise UnusablePackage(f"reference/profile.json lacks columns of {spec.name}.")
    try:
        AnchoredCounters(reference)
    except AnchorMismatch as error:
        raise UnusablePackage(f"reference/profile.json: {error}") from error
