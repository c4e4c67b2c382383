"""The inference log: a sample of calls, with inputs, outputs and process values (R065).

It stays in the province: a spool beside the journal that nothing ships, bounded on disk, of which
the oldest part goes first. No request waits for it: the event loop hands arrays over to a thread of
the log's own, and where that falls behind, samples are lost and counted.
"""

import logging
import queue
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from capability_sdk.kit.clock import Clock, system_clock
from capability_sdk.serving.batching import Batch, Failed, Waiting
from capability_sdk.serving.package import LoadedPackage
from capability_sdk.serving.sampling import Kept, Lottery, Sample, keep, open_names, rows_of
from capability_sdk.spool import SpoolUnwritable, SpoolWriter
from capability_sdk.spool.retention import evict

_log = logging.getLogger(__name__)
_MOST_WAITING: Final = 256
_SYNC_SECONDS: Final = 2.0
_SEGMENTS: Final = 16
"""Parts of the log, of which the oldest is given up at a time."""


@dataclass(frozen=True, slots=True)
class SamplingPolicy:
    """What is kept.

    Attributes:
        share: Of the calls that were answered, 0 to 1. Calls that the model failed on always are.
        limit_bytes: What the log may take on the disk.
    """

    share: float
    limit_bytes: int


class InferenceLog:
    """Writes samples in a thread of its own; everything else belongs to the event loop.

    Attributes:
        written: Samples that are in the log, or were before the oldest part of it was given up.
        evicted: Samples of parts that were given up for newer ones.
    """

    def __init__(self, folder: Path, policy: SamplingPolicy, clock: Clock = system_clock) -> None:
        """Open the log.

        Raises:
            SpoolUnwritable: The folder cannot be written.
        """
        self.written = self.evicted = 0
        self._policy = policy
        self._clock = clock
        self._folder = folder
        segment_bytes = max(policy.limit_bytes // _SEGMENTS, 1)
        self._spool = SpoolWriter(folder, segment_bytes=segment_bytes, ballast_bytes=0)
        self._synced = time.monotonic()
        self._dropped = self._unwritten = 0
        self._queue: queue.Queue[Sample | None] = queue.Queue(_MOST_WAITING)
        self._thread = threading.Thread(target=self._keep_writing, name="inference log")
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Samples that are not written yet."""
        return self._queue.qsize()

    @property
    def lost(self) -> int:
        """Samples that were never written: the log fell behind, or the disk refused."""
        return self._dropped + self._unwritten

    def of(self, package: LoadedPackage) -> "VersionLog":
        """Return the log of one version."""
        return VersionLog(self, package, self._policy.share, self._clock)

    def offer(self, sample: Sample) -> None:
        """Take a sample, if there is room for it now."""
        try:
            self._queue.put_nowait(sample)
        except queue.Full:
            self._dropped += 1

    def close(self) -> None:
        """Write what waits, and let go of the folder."""
        self._queue.put(None)
        self._thread.join()

    def _keep_writing(self) -> None:
        while (sample := self._queue.get()) is not None:
            try:
                self._write(sample)
            except Exception as error:  # noqa: BLE001 - the log goes on with the next sample
                if not self._unwritten:
                    _log.error("samples cannot be written: %s", type(error).__name__)
                self._unwritten += 1
        try:
            self._spool.close()
        except SpoolUnwritable as error:
            _log.warning("the end of the inference log cannot be written: %s", error)

    def _write(self, sample: Sample) -> None:
        self._spool.append(sample.to_json())
        self._spool.flush()
        self.written += 1
        self.evicted += evict(self._folder, self._policy.limit_bytes)
        if time.monotonic() - self._synced > _SYNC_SECONDS:
            self._spool.sync()
            self._synced = time.monotonic()


class VersionLog:
    """Chooses the calls of one version that are kept; sensitive tensors never are."""

    def __init__(
        self, log: InferenceLog, package: LoadedPackage, share: float, clock: Clock
    ) -> None:
        manifest = package.manifest
        self._about = {
            "capability": manifest.name,
            "version": manifest.version,
            "code_digest": package.code_digest,
            "weights_digest": package.weights_digest,
        }
        self._inputs = open_names(manifest.inputs)
        self._outputs = open_names(manifest.outputs)
        self._log = log
        self._lottery = Lottery(share)
        self._clock = clock

    def computed(self, batch: Batch) -> None:
        """Keep those calls of a batch that are drawn."""
        drawn = self._lottery.hits(len(batch.members))
        if not drawn:
            return
        total = sum(member.call.rows for member in batch.members)
        end = 0
        for index, member in enumerate(batch.members):
            rows = slice(end, end + member.call.rows)
            end = rows.stop
            if index in drawn:
                outputs = keep(batch.outputs, self._outputs, rows)
                self._offer(member, outputs, rows_of(batch.logged, rows, total), "")

    def failed(self, failed: Failed) -> None:
        """Keep every call that the model failed on."""
        for member in failed.members:
            self._offer(member, {}, {}, failed.error.code)

    def _offer(self, member: Waiting, outputs: Kept, logged: Mapping[str, Any], error: str) -> None:
        inputs = keep(member.call.tensors, self._inputs, slice(None))
        at = self._clock()
        self._log.offer(Sample(self._about, member.request_id, at, inputs, outputs, logged, error))
