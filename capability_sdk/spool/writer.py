"""The one writer of a spool folder.

Files of the folder: the segments, ``writer.lock`` (flock), ``mark`` (how far the disk is known to
hold the records, and in which boot of the machine), ``ballast`` (space to finish what is in
flight when the disk is full) and ``quarantine/`` (damaged segments, each with a report).
"""

import errno
import fcntl
import os
import threading
from pathlib import Path
from typing import Self

from capability_sdk.spool import segment
from capability_sdk.spool.ballast import Ballast
from capability_sdk.spool.errors import SpoolBusy, SpoolUnwritable
from capability_sdk.spool.mark import Mark
from capability_sdk.spool.recovery import Damage, Recovered, recover

DEFAULT_SEGMENT_BYTES = 4 << 20


class SpoolWriter:
    """Appends records; buffers them until `flush`, which makes them survive a killed process.

    Everything but `sync` belongs to one thread.
    """

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = DEFAULT_SEGMENT_BYTES,
        ballast_bytes: int = 1 << 20,
    ) -> None:
        """Open a folder for writing: continue its newest epoch, or begin one.

        A new epoch begins in a new folder, after damage, and after a power cut: records that a
        reader took before the disk had them must not share their number with others.

        Raises:
            SpoolBusy: Another process writes to it.
            SpoolUnwritable: The folder cannot be written.
        """
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._buffer: list[bytes] = []
        self._guard = threading.Lock()
        self._syncing = threading.Lock()
        self._full: list[int] = []
        self._fd = -1
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _lock(folder)
        except OSError as error:
            raise SpoolUnwritable(f"{folder.name} cannot be opened: {error.strerror}.") from error
        try:
            self._open(ballast_bytes)
        except OSError as error:
            os.close(self._lock)
            raise SpoolUnwritable(f"{folder.name} cannot be opened: {error.strerror}.") from error

    def _open(self, ballast_bytes: int) -> None:
        self._ballast = Ballast(self._folder / "ballast", ballast_bytes)
        self._mark = Mark(self._folder / "mark")
        found = self._recover()
        self.damage: tuple[Damage, ...] = found.damage
        self._epoch = found.epoch
        self._seq = self._flushed_seq = self._synced_seq = found.last_seq
        self._chain = self._flushed_chain = found.chain
        if found.segment is None:
            self._begin_segment()
        else:
            path = self._folder / found.segment.file_name
            self._fd = os.open(path, os.O_WRONLY | os.O_APPEND)
            self._size = os.fstat(self._fd).st_size
        self._sync_folder = True
        self.sync()

    def _recover(self) -> Recovered:
        try:
            return recover(self._folder, self._mark)
        except OSError:
            # To set damaged records aside takes space; on a full disk the ballast's.
            if not self._ballast.spend():
                raise
            return recover(self._folder, self._mark)

    @property
    def epoch(self) -> int:
        """Number of the run of sequence numbers; later epochs are greater."""
        return self._epoch

    @property
    def last_seq(self) -> int:
        """Sequence number of the last appended record; 0 before the first."""
        return self._seq

    @property
    def synced_seq(self) -> int:
        """Sequence number up to which the disk holds the records (`sync`)."""
        return self._synced_seq

    @property
    def is_on_ballast(self) -> bool:
        """Whether the disk is full and only work in flight may still be recorded."""
        return not self._ballast.is_reserved

    def append(self, payload: bytes) -> int:
        """Buffer one record and return its sequence number, counted from 1."""
        if len(payload) > segment.MAX_PAYLOAD_BYTES:
            raise SpoolUnwritable(f"A record of {len(payload)} bytes is too large for the spool.")
        seq = self._seq + 1
        head, self._chain = segment.encode(self._chain, seq, payload)
        self._buffer += (head, payload)
        self._seq = seq
        return seq

    def flush(self) -> None:
        """Write all buffered records with one call.

        Raises:
            SpoolUnwritable: None of them was written; their numbers are given again.
        """
        if not self._buffer:
            return
        data = b"".join(self._buffer)
        self._buffer.clear()
        try:
            if self._size >= self._segment_bytes:
                self._begin_segment(self._flushed_seq + 1, self._flushed_chain)
            self._write(data)
        except OSError as error:
            self._seq, self._chain = self._flushed_seq, self._flushed_chain
            raise SpoolUnwritable(
                f"{self._folder.name} cannot be written: {error.strerror}."
            ) from error
        self._flushed_seq, self._flushed_chain = self._seq, self._chain

    def sync(self) -> None:
        """Bring what was flushed to the disk; may be called from another thread.

        Raises:
            SpoolUnwritable: The disk refused.
        """
        with self._syncing:
            with self._guard:
                full, self._full = self._full, []
                through, names_changed = self._flushed_seq, self._sync_folder
                self._sync_folder = False
                current = os.dup(self._fd)
            try:
                for descriptor in (*full, current):
                    os.fdatasync(descriptor)
                if names_changed:
                    _sync_names(self._folder)
                self._mark.write(self._epoch, through)
            except OSError as error:
                self._sync_folder = True
                raise SpoolUnwritable(
                    f"{self._folder.name} cannot be synced: {error.strerror}."
                ) from error
            finally:
                for descriptor in (*full, current):
                    os.close(descriptor)
            self._synced_seq = through

    def reserve_ballast(self) -> bool:
        """Try to take the ballast back after the disk was full; return whether it is there."""
        return self._ballast.reserve()

    def close(self) -> None:
        """Write and sync everything, and let another writer in."""
        if self._fd < 0:
            return
        try:
            self.flush()
            self.sync()
            self._mark.close()
        finally:
            os.close(self._fd)
            self._fd = -1
            os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin_segment(self, first_seq: int = 1, seed: bytes | None = None) -> None:
        stream = self._folder.name
        seed = segment.first_seed(stream, self._epoch) if seed is None else seed
        name = segment.SegmentName(self._epoch, first_seq).file_name
        header = segment.SegmentHeader(self._epoch, first_seq, seed, stream).to_bytes()
        path = self._folder / name
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC
        descriptor = os.open(path, flags, 0o600)
        try:
            self._write_whole(descriptor, 0, header)
        except OSError:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        with self._guard:
            if self._fd >= 0:
                self._full.append(self._fd)
            self._fd, self._size = descriptor, len(header)
            self._sync_folder = True

    def _write(self, data: bytes) -> None:
        self._write_whole(self._fd, self._size, data)
        self._size += len(data)

    def _write_whole(self, descriptor: int, size: int, data: bytes) -> None:
        """Write all or nothing; the second try stands on the space of the ballast."""
        for is_last in (False, True):
            try:
                written = os.write(descriptor, data)
                if written == len(data):
                    return
                # A short write on a regular file means that the space ran out.
                reason = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            except OSError as error:
                reason = error
            os.ftruncate(descriptor, size)
            if is_last or not self._ballast.spend():
                raise reason


def _lock(folder: Path) -> int:
    descriptor = os.open(folder / "writer.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise SpoolBusy(f"{folder.name} already has a writer.") from error
    return descriptor


def _sync_names(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
