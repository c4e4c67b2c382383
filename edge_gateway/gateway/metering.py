"""Nothing is served unmetered: a record is in the spool before its answer is released.

Records of one tick of the event loop are written with one call; then the answers that wait for
them go out. The disk is synced by a thread; in strict mode the answers wait for that too.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import lru_cache

from capability_sdk.spool import SpoolUnwritable, SpoolWriter

Released = Callable[[bool], None]
"""Called once, with whether the record is safe; only then may the answer go out."""

_PROBE_SECONDS = 1.0
_FULL = "The disk is full; what was in flight stands on ballast."

_log = logging.getLogger(__name__)


class Meter:
    """Records to one spool, in step with the event loop."""

    def __init__(
        self, spool: SpoolWriter, *, sync_seconds: float = 0.05, is_strict: bool = False
    ) -> None:
        """Take a spool over.

        Args:
            spool: The stream's writer; closed by `close`.
            sync_seconds: What a power cut may cost, at most.
            is_strict: Whether answers wait for the disk.
        """
        self._spool = spool
        self._sync_seconds = sync_seconds
        self._is_strict = is_strict
        self._waiting: list[Released] = []
        self._unsynced: deque[tuple[int, Released]] = deque()
        self._is_dirty = False
        self._wake = asyncio.Event()
        self._disk = ThreadPoolExecutor(1, "spool-sync")
        self._loop = asyncio.get_running_loop()
        self._syncing = self._loop.create_task(self._keep_syncing())
        self._probing: asyncio.TimerHandle | None = None
        self.blocked_by: str | None = None
        """Why the spool takes no records now, so that no call may begin; None where it does."""
        if spool.is_on_ballast:
            self._block(_FULL)

    @property
    def is_blocked(self) -> bool:
        """Whether no call may begin now."""
        return self.blocked_by is not None

    @property
    def last_seq(self) -> int:
        """Sequence number of the last record."""
        return self._spool.last_seq

    def record(self, payload: bytes, released: Released, *, is_lone: bool = False) -> None:
        """Record a call; ``released`` is called after the write.

        Args:
            payload: The record.
            released: Told whether it is safe.
            is_lone: No other record is to be expected in this tick: it is written at once.
        """
        self._spool.append(payload)
        self._waiting.append(released)
        if len(self._waiting) > 1:
            return
        if is_lone:
            self._flush()
        else:
            self._loop.call_soon(self._flush)

    async def close(self) -> None:
        """Write, sync and close the spool."""
        self._flush()
        self._syncing.cancel()
        if self._probing is not None:
            self._probing.cancel()
        await asyncio.gather(self._syncing, return_exceptions=True)
        self._disk.shutdown()
        try:
            self._spool.close()
        except SpoolUnwritable as error:
            _log.critical("the spool could not be closed in order: %s", error)
        self._release_synced()

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            self._spool.flush()
        except SpoolUnwritable as error:
            self._block(str(error))
            for released in waiting:
                released(False)
            return
        if self._spool.is_on_ballast and self.blocked_by is None:
            self._block(_FULL)
        self._is_dirty = True
        if self._is_strict:
            last = self._spool.last_seq
            self._unsynced.extend((last, released) for released in waiting)
            self._wake.set()
            return
        self._wake.set()
        for released in waiting:
            released(True)

    async def _keep_syncing(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._loop.run_in_executor(self._disk, self._spool.sync)
            except SpoolUnwritable as error:
                self._block(str(error))
                self._refuse_unsynced()
            self._release_synced()
            if not self._is_strict:
                await asyncio.sleep(self._sync_seconds)

    def _release_synced(self) -> None:
        through = self._spool.synced_seq
        while self._unsynced and self._unsynced[0][0] <= through:
            self._unsynced.popleft()[1](True)

    def _refuse_unsynced(self) -> None:
        while self._unsynced:
            self._unsynced.popleft()[1](False)

    def _block(self, reason: str) -> None:
        if self.blocked_by is None:
            _log.critical("no call is served: %s", reason)
        self.blocked_by = reason
        if self._probing is None:
            self._probing = self._loop.call_later(_PROBE_SECONDS, self._probe)

    def _probe(self) -> None:
        """Serve again as soon as the disk gives the ballast back and takes a sync."""
        self._probing = None
        try:
            is_good = self._spool.reserve_ballast()
            if is_good:
                self._spool.sync()
        except SpoolUnwritable:
            is_good = False
        if is_good:
            self.blocked_by = None
            _log.warning("the spool takes records again")
        else:
            self._probing = self._loop.call_later(_PROBE_SECONDS, self._probe)


def timestamp(moment: float) -> bytes:
    """Write seconds since 1970 as RFC 3339, UTC, with microseconds."""
    second, microsecond = divmod(int(moment * 1_000_000), 1_000_000)
    return b"%b.%06d+00:00" % (_second(second), microsecond)


@lru_cache(maxsize=2)
def _second(moment: int) -> bytes:
    return datetime.fromtimestamp(moment, UTC).replace(tzinfo=None).isoformat().encode()
