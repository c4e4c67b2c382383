"""The mark beside the segments: what the disk is known to hold, and since which boot.

It is written after each sync and never synced itself, so that it may be behind but never ahead.
"""

import os
import struct
from pathlib import Path

_LAYOUT = struct.Struct("<QQ40s?")


def _boot_id() -> bytes:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()[:40]
    except OSError:
        return b"unknown"


def last_synced(path: Path) -> tuple[int, int]:
    """Return the epoch and the number up to which the disk held a spool's records; 0 if unknown."""
    try:
        data = path.read_bytes()
    except OSError:
        return 0, 0
    if len(data) != _LAYOUT.size:
        return 0, 0
    epoch, synced_seq, _, _ = _LAYOUT.unpack(data)
    return epoch, synced_seq


class Mark:
    """Reads the mark that the last writer left, then keeps this writer's own."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._boot = _boot_id()
        self.epoch = self.synced_seq = 0
        self.is_after_power_cut = False
        data = os.pread(self._descriptor, _LAYOUT.size, 0)
        if len(data) == _LAYOUT.size:
            self.epoch, self.synced_seq, boot, is_clean = _LAYOUT.unpack(data)
            self.is_after_power_cut = not is_clean and boot.rstrip(b"\0") != self._boot

    def write(self, epoch: int, synced_seq: int, *, is_clean: bool = False) -> None:
        """Note that the disk holds an epoch's records up to a sequence number."""
        if self._descriptor < 0:
            return
        self.epoch, self.synced_seq = epoch, synced_seq
        os.pwrite(self._descriptor, _LAYOUT.pack(epoch, synced_seq, self._boot, is_clean), 0)

    def close(self) -> None:
        """Note that the writer ended in order."""
        self.write(self.epoch, self.synced_seq, is_clean=True)
        os.close(self._descriptor)
        self._descriptor = -1
