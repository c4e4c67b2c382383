"""How long segments stay: acknowledged ones for a while, those of a ring until newer ones come."""

import time
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from capability_sdk.spool import segment


def retire(
    folder: Path, epoch: int, through_seq: int, *, keep: timedelta = timedelta(hours=72)
) -> int:
    """Delete whole segments of an epoch that are acknowledged and older than ``keep``.

    The newest segment of the folder always stays: its writer goes on from it.

    Returns:
        How many segments were deleted.
    """
    names = segment.segments(folder)
    oldest_kept = time.time() - keep.total_seconds()
    deleted = 0
    for name, following in pairwise(names):
        if name.epoch != epoch:
            continue
        path = folder / name.file_name
        is_same_epoch = following.epoch == epoch
        last = following.first_seq - 1 if is_same_epoch else _last_seq(path, name.first_seq)
        if last <= through_seq and path.stat().st_mtime < oldest_kept:
            path.unlink()
            deleted += 1
    return deleted


def evict(folder: Path, limit_bytes: int) -> int:
    """Delete the oldest segments until those left take no more than a limit.

    The newest segment always stays, so a spool takes the limit or one segment, whichever is more.

    Returns:
        How many records went with them.
    """
    names = segment.segments(folder)
    sizes = {name: (folder / name.file_name).stat().st_size for name in names}
    total = sum(sizes.values())
    gone = 0
    for name, following in pairwise(names):
        if total <= limit_bytes:
            break
        path = folder / name.file_name
        is_same_epoch = following.epoch == name.epoch
        last = following.first_seq - 1 if is_same_epoch else _last_seq(path, name.first_seq)
        gone += last - name.first_seq + 1
        total -= sizes[name]
        path.unlink()
    return gone


def _last_seq(path: Path, first_seq: int) -> int:
    """Return the last sequence number in a segment, damaged places skipped."""
    data = path.read_bytes()
    last, at = first_seq - 1, 0
    while (hit := segment.find_next(data, at, last)) is not None:
        last, at = hit[1].seq, hit[1].end
    return last
