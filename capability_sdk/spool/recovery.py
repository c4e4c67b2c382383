"""What a writer does with the newest segment that it finds.

An unfinished end that the disk was never known to hold is cut off: nobody was promised those
records. Anything else that cannot be read is copied to ``quarantine/`` with a report that names
the affected sequence numbers, and the writer goes on in a new epoch. It never starts empty in
silence.
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
    damage: Damage | None = None


@dataclass(frozen=True, slots=True)
class _Scan:
    last_seq: int
    chain: bytes
    end: int
    last_found: int
    """Last sequence number seen behind an unreadable place; ``last_seq`` where there is none."""


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
    if header is None:
        return _recover_headless(folder, newest, data, synced)
    scan = _scan(data, header)
    lost_through = max(scan.last_found, synced)
    if lost_through > scan.last_seq:
        damage = quarantine(folder, newest, (scan.last_seq + 1, lost_through), "unreadable")
        _cut(path, scan.end)
        return _begin(folder, newest.epoch, damage)
    if scan.end < len(data) or mark.is_after_power_cut:
        _cut(path, scan.end)
        return _begin(folder, newest.epoch)
    return Recovered(newest.epoch, scan.last_seq, scan.chain, newest)


def _begin(folder: Path, after: int, damage: Damage | None = None) -> Recovered:
    epoch = new_epoch(after)
    return Recovered(epoch, 0, segment.first_seed(folder.name, epoch), damage=damage)


def _recover_headless(folder: Path, name: SegmentName, data: bytes, synced: int) -> Recovered:
    """Handle a segment whose header is unreadable: torn while it was made, or damaged."""
    at, last = 0, 0
    while (hit := segment.find_next(data, at, last)) is not None:
        last, at = hit[1].seq, hit[1].end
    through = max(last, synced)
    damage = None
    if through >= name.first_seq:
        damage = quarantine(folder, name, (name.first_seq, through), "its header is unreadable")
    (folder / name.file_name).unlink()
    return _begin(folder, name.epoch, damage)


def _scan(data: bytes, header: SegmentHeader) -> _Scan:
    last, chain, at = header.first_seq - 1, header.seed, segment.HEADER_BYTES
    while (record := segment.decode(data, at)) is not None:
        expected = segment.next_chain(chain, last + 1, record.payload)
        if record.seq != last + 1 or record.chain != expected:
            break
        last, chain, at = record.seq, record.chain, record.end
    last_found, behind = last, at
    while (hit := segment.find_next(data, behind, last_found)) is not None:
        last_found, behind = hit[1].seq, hit[1].end
    return _Scan(last, chain, at, last_found)


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
