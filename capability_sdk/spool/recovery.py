"""What a writer does with the newest segment that it finds.

An unfinished end that the disk was never known to hold is cut off: nobody was promised those
records. Anything else that cannot be read is copied to ``quarantine/`` with a report that names
the affected sequence numbers, and the writer goes on in a new epoch. It never starts empty in
silence. What can still be read of a damaged segment stays in its place, for the readers.
"""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from capability_sdk.spool import segment
from capability_sdk.spool.errors import SpoolDamaged
from capability_sdk.spool.mark import Mark
from capability_sdk.spool.segment import SegmentHeader, SegmentName

QUARANTINE = "quarantine"
"""Folder of damaged segments, each with a report, within the spool's own."""

_RANDOM_BITS = 21


@dataclass(frozen=True, slots=True)
class Damage:
    """Records of an epoch that are lost to the spool; ``copy`` holds what is left of them."""

    segment: str
    epoch: int
    first: int
    last: int
    reason: str
    copy: Path


@dataclass(frozen=True, slots=True)
class Recovered:
    """Where the writer goes on; without a segment it begins one."""

    epoch: int
    last_seq: int
    chain: bytes
    segment: SegmentName | None = None
    damage: tuple[Damage, ...] = ()


@dataclass(frozen=True, slots=True)
class _Scan:
    last_seq: int
    chain: bytes
    end: int
    gaps: tuple[tuple[int, int], ...]
    """First and last numbers of records that cannot be read, though later ones can."""


def new_epoch(after: int = 0) -> int:
    """Make an epoch from the time and chance: greater than ``after``, never met before."""
    fresh = (int(time.time()) << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
    return max(fresh, after + 1)


def recover(folder: Path, mark: Mark) -> Recovered:
    """Examine a folder's newest segment, and decide where its writer goes on."""
    found = segment.segments(folder)
    if not found:
        return _begin(folder, mark.epoch)
    newest = found[-1]
    path = folder / newest.file_name
    data = path.read_bytes()
    header = SegmentHeader.from_bytes(data)
    synced = mark.synced_seq if mark.epoch == newest.epoch else 0
    scan = _scan(data, newest, header)
    gaps = list(scan.gaps)
    if synced > scan.last_seq:
        gaps.append((scan.last_seq + 1, synced))
    damage = [quarantine(folder, newest, gap, "unreadable") for gap in gaps]
    if header is None and scan.last_seq < newest.first_seq:
        path.unlink()  # torn while it was made, or nothing of it is left
    elif scan.end < len(data):
        _cut(path, scan.end)
    elif not damage and header is not None and not mark.is_after_power_cut:
        return Recovered(newest.epoch, scan.last_seq, scan.chain, newest)
    return _begin(folder, newest.epoch, tuple(damage))


def _begin(folder: Path, after: int, damage: tuple[Damage, ...] = ()) -> Recovered:
    epoch = new_epoch(after)
    return Recovered(epoch, 0, segment.first_seed(folder.name, epoch), damage=damage)


def _scan(data: bytes, name: SegmentName, header: SegmentHeader | None) -> _Scan:
    """Find every record that can be read, as a reader will, and the gaps between them."""
    last, at = name.first_seq - 1, segment.HEADER_BYTES
    # Without its header a segment says what follows all the same; only its first link is not held.
    chain = header.seed if header is not None else b""
    gaps: list[tuple[int, int]] = []
    while True:
        record = segment.decode_next(data, at, last, chain)
        if record is None:
            hit = segment.find_next(data, at if header is not None or gaps else 0, last)
            if hit is None:
                break
            record = hit[1]
            # A record that is whole in itself but breaks the chain is the affected one.
            gaps.append((last + 1, max(record.seq - 1, last + 1)))
        last, chain, at = record.seq, record.chain, record.end
    return _Scan(last, chain, at, tuple(gaps))


def quarantine(folder: Path, name: SegmentName, seqs: tuple[int, int], reason: str) -> Damage:
    """Copy a damaged segment aside, with a report that names the affected records.

    A segment that is gone leaves the report alone. The same damage is never reported twice.
    """
    store = folder / QUARANTINE
    store.mkdir(mode=0o700, exist_ok=True)
    mark = hashlib.blake2b(f"{name.file_name} {seqs}".encode(), digest_size=4).hexdigest()
    copy = store / f"{name.file_name}.{mark}"
    with contextlib.suppress(FileNotFoundError):
        shutil.copyfile(folder / name.file_name, copy)
    damage = Damage(name.file_name, name.epoch, seqs[0], seqs[1], reason, copy)
    report = {
        "segment": damage.segment,
        "epoch": damage.epoch,
        "first": damage.first,
        "last": damage.last,
        "records": damage.last - damage.first + 1,
        "reason": damage.reason,
    }
    copy.with_name(f"{copy.name}.json").write_text(json.dumps(report), encoding="ascii")
    return damage


def set_aside(folder: Path, damage: SpoolDamaged) -> Damage:
    """Copy the segment that a reader found damaged aside, with a report."""
    name = next(
        (name for name in segment.segments(folder) if name.file_name == damage.segment),
        SegmentName(damage.epoch, damage.first),
    )
    return quarantine(folder, name, (damage.first, damage.last), damage.reason)


def _cut(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        file.truncate(size)
        os.fsync(file.fileno())
