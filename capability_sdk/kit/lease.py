"""Until when a node's instances may answer: one moment, shared by the processes of a machine.

A lease is the only thing that stops what was frozen: whoever wakes late finds out by the clock, before
anybody could tell it.
"""

import mmap
import os
import time
from pathlib import Path
from typing import Self

_SIZE = 8


class ServingLease:
    """Eight bytes of shared memory: a moment of the machine's monotonic clock, in seconds.

    Every process of the machine since its start reads the same clock, so that the moment means the
    same to all of them. Reading costs no system call but that for the time.
    """

    def __init__(self, memory: mmap.mmap) -> None:
        # One aligned store or load of eight bytes is never seen half done.
        self._moment = memoryview(memory).cast("d")

    @classmethod
    def create(cls, file: Path) -> Self:
        """Make the file anew, for its owner alone; the lease is over until it is extended."""
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.ftruncate(descriptor, _SIZE)
            lease = cls(mmap.mmap(descriptor, _SIZE))
        finally:
            os.close(descriptor)
        lease.end()
        return lease

    @classmethod
    def open(cls, file: Path) -> Self:
        """Read the lease that another process extends.

        Raises:
            OSError: There is no such file.
            ValueError: It is no lease.
        """
        with file.open("rb") as opened:
            return cls(mmap.mmap(opened.fileno(), _SIZE, prot=mmap.PROT_READ))

    @property
    def is_over(self) -> bool:
        """Whether nothing may be answered now."""
        return time.monotonic() >= self._moment[0]

    def extend_to(self, moment: float) -> None:
        """Let answers go until a moment of `time.monotonic`."""
        self._moment[0] = moment

    def end(self) -> None:
        """Let no answer go any more."""
        self._moment[0] = 0.0
