"""Looks a spool over without changing it: what ``jiuzhou doctor`` tells of it."""

import json
from dataclasses import dataclass
from pathlib import Path

from capability_sdk.spool import segment
from capability_sdk.spool.errors import SpoolDamaged
from capability_sdk.spool.mark import last_synced
from capability_sdk.spool.reader import SpoolReader
from capability_sdk.spool.recovery import QUARANTINE

_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Condition:
    """What was found.

    Attributes:
        records: Records that can be read.
        damaged: Records that cannot, by the places that they stand at.
        quarantined: Records of which damaged segments were set aside before.
        has_ballast: Whether there is space kept for a full disk.
    """

    records: int
    damaged: dict[str, int]
    quarantined: dict[str, int]
    has_ballast: bool


def examine(folder: Path) -> Condition:
    """Read a whole spool, verifying each record.

    Raises:
        OSError: The folder or a file cannot be read.
    """
    reader = SpoolReader(folder)
    records = 0
    damaged: dict[str, int] = {}
    begins = {name.epoch: name.first_seq for name in reversed(segment.segments(folder))}
    for epoch in reader.epochs():
        after = begins[epoch] - 1  # what is before was delivered, and retired
        while True:
            try:
                found = reader.read(epoch, after, _AT_ONCE)
            except SpoolDamaged as damage:
                damaged[damage.segment] = damaged.get(damage.segment, 0) + damage.last - after
                after = damage.last
                continue
            if not found:
                break
            records, after = records + len(found), found[-1].seq
        missing = _synced(folder, epoch) - after
        if missing > 0:
            damaged[f"end of epoch {epoch}"] = missing
    return Condition(records, damaged, _quarantined(folder), (folder / "ballast").exists())


def _synced(folder: Path, epoch: int) -> int:
    marked, seq = last_synced(folder / "mark")
    return seq if marked == epoch else 0


def reported_end(folder: Path, epoch: int, after: int) -> SpoolDamaged | None:
    """Return the loss that a writer reported of an epoch's end, if it begins behind ``after``.

    A reader sees only that the epoch ends; that it had gone on, the writer knew from its mark.
    """
    for report in (folder / QUARANTINE).glob(f"{epoch:020d}-*.json"):
        told = json.loads(report.read_bytes())
        if told["first"] <= after + 1 <= told["last"]:
            return SpoolDamaged(told["segment"], epoch, after + 1, told["last"], told["reason"])
    return None


def _quarantined(folder: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for report in sorted((folder / QUARANTINE).glob("*.json")):
        told = json.loads(report.read_bytes())
        found[report.name.removesuffix(".json")] = told["records"]
    return found
