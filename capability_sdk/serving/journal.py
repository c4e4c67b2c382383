"""The instance's journal: predictions and profile deltas for the agent; nothing of it is public."""

import logging
from datetime import datetime

import orjson

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.profiles import ReferenceProfile
from capability_sdk.kit.clock import Clock
from capability_sdk.serving.batching import Batch
from capability_sdk.serving.judged import Judge, judge_of
from capability_sdk.serving.window import ProfileWindow
from capability_sdk.spool.errors import SpoolUnwritable
from capability_sdk.spool.writer import SpoolWriter

_log = logging.getLogger(__name__)


class JournalSpool:
    """The instance's one journal on disk; one event loop owns it, `sync` may run in a thread.

    Where the disk refuses, answering goes on and the loss is counted: no caller is to suffer from
    a full disk of the statistics.

    Attributes:
        lost: Records that could not be written.
    """

    def __init__(self, spool: SpoolWriter) -> None:
        self.lost = 0
        self._spool = spool
        self._unwritten = 0

    def append(self, payload: bytes) -> None:
        """Buffer a record."""
        try:
            self._spool.append(payload)
        except SpoolUnwritable:
            self.lost += 1  # larger than any record may be
        else:
            self._unwritten += 1

    def flush(self) -> None:
        """Write all buffered records with one call, so that they survive a killed process."""
        if not self._unwritten:
            return
        try:
            self._spool.flush()
        except SpoolUnwritable as error:
            if not self.lost:
                _log.error("the journal cannot be written, records are lost: %s", error)
            self.lost += self._unwritten
        self._unwritten = 0

    def sync(self) -> None:
        """Bring what was written to the disk; may be called from another thread."""
        try:
            self._spool.sync()
        except SpoolUnwritable as error:
            _log.warning("the journal cannot be synced: %s", error)

    def close(self) -> None:
        """Let go of the folder."""
        try:
            self._spool.close()
        except SpoolUnwritable as error:
            _log.warning("the journal's end cannot be written: %s", error)


class Journal:
    """Writes what one version predicted and how its data were distributed.

    A prediction is in the spool before its answer is released.
    """

    def __init__(
        self,
        spool: JournalSpool,
        manifest: Manifest,
        reference: ReferenceProfile | None,
        clock: Clock,
    ) -> None:
        self._spool = spool
        self._clock = clock
        self._judge = judge_of(manifest)
        self._profile = None if reference is None else ProfileWindow(manifest, reference)
        about = f'"capability":"{manifest.name}","version":"{manifest.version}"'
        self._prediction = b'{"kind":"prediction",' + about.encode() + b',"request_id":"'

    def record(self, batch: Batch) -> None:
        """Write down a computed batch: its predictions now, its distribution by and by."""
        now = self._clock()
        if self._profile is not None:
            self._append_profile(self._profile.add(batch, now))
        if self._judge is not None:
            self._predictions(batch, now, *self._judge)
        self._spool.flush()

    def flush_profile(self) -> None:
        """Write the profile delta since the last time, if there is any."""
        if self._profile is not None:
            self._append_profile(self._profile.drain())
            self._spool.flush()

    def _predictions(self, batch: Batch, now: datetime, output: str, judge: Judge) -> None:
        values = judge(batch.outputs[output])
        middle = f'","at":"{now.isoformat()}","values":'.encode()
        start = 0
        for member in batch.members:
            end = start + member.call.rows
            # The id is an Identifier, checked at the door: there is nothing to escape.
            begin = self._prediction + member.request_id.encode() + middle
            self._spool.append(begin + orjson.dumps(values[start:end]) + b"}")
            start = end

    def _append_profile(self, delta: bytes | None) -> None:
        if delta is not None:
            self._spool.append(delta)
