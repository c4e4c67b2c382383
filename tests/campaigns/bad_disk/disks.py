"""Real disks that go bad: one that is full, one that turns read-only; and a file mutator."""

import contextlib
import os
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from capability_sdk.spool import segment
from tests.campaigns.harness import Void


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Void(f"{command[0]}: {done.stderr.strip()}; mounts need root and loop devices")


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a tmpfs of a size."""
    folder.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
    try:
        yield folder
    finally:
        _unmount(folder)


class FailingDisk:
    """An ext4 in a file, which the kernel can be told to give up, as it does on an I/O error."""

    def __init__(self, folder: Path, size: int) -> None:
        folder.mkdir()
        self.folder = folder
        self._image = folder.with_name(f"{folder.name}.img")
        with self._image.open("wb") as file:
            file.truncate(size)
        _run("mkfs.ext4", "-q", self._image)
        self.mount()

    def mount(self) -> None:
        _run("mount", "-o", "loop", self._image, self.folder)

    def fail(self) -> None:
        """Turn read-only at once, under open files."""
        _run("mount", "-o", "remount,abort", self.folder)

    def mend(self) -> None:
        """Mount anew, as after a repair; nothing may be open on it."""
        _unmount(self.folder)
        _run("mount", "-o", "loop", self._image, self.folder)

    def close(self) -> None:
        _unmount(self.folder)
        self._image.unlink()


def _unmount(folder: Path) -> None:
    for _ in range(50):
        if not subprocess.run(["umount", folder], capture_output=True, check=False).returncode:
            return
        time.sleep(0.1)
    _run("umount", "--lazy", folder)


def fill(path: Path) -> None:
    """Take all space that is left."""
    with path.open("ab", buffering=0) as file:
        for size in (1 << 20, 65536, 4096, 256, 1):
            while _fits(file.fileno(), size):
                pass


def _fits(descriptor: int, size: int) -> bool:
    try:
        return os.write(descriptor, b"\0" * size) == size
    except OSError:
        return False


_NEWEST = 6
"""Damage hits one of the newest records, which nobody has read yet; but not the very last."""

PLACES = ("header", "mark", "length", "crc", "number", "chain", "payload", "cut", "torn")
ENDS = ("cut", "torn")
"""Nothing is left behind them."""

_OFFSETS = {"mark": 0, "length": 4, "crc": 8, "number": 12, "chain": 20, "payload": 36}


def mutate(path: Path, place: str, chance: random.Random) -> str:
    """Damage a segment at one structural place; returns what was done."""
    data = bytearray(path.read_bytes())
    records = _offsets(bytes(data))
    if len(records) <= _NEWEST:
        raise Void("too few records to damage one")
    at = records[-chance.randrange(2, _NEWEST)]
    if place == "header":
        at = chance.randrange(segment.HEADER_BYTES)
    if place in ENDS:
        del data[at + (0 if place == "cut" else chance.randrange(1, 60)) :]
    else:
        at += _OFFSETS.get(place, 0)
        data[at] ^= 1 << chance.randrange(8)
    path.write_bytes(data)
    return f"{place} at {at} of {path.name}"


def _offsets(data: bytes) -> list[int]:
    found, at = [], segment.HEADER_BYTES
    while (record := segment.decode(data, at)) is not None:
        found.append(at)
        at = record.end
    return found
