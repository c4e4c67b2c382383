"""The inference logs of a province's instances, read where they are: nothing of them leaves it."""

import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from capability_sdk.spool import SpoolDamaged, SpoolReader

_AT_ONCE = 200


def read_samples(
    province: Path,
    *,
    last: int,
    capability: str | None = None,
    request_id: str | None = None,
) -> list[dict[str, Any]]:
    """Return the newest samples, oldest first.

    Args:
        province: The province's folder.
        last: How many, at most.
        capability: Only this capability's.
        request_id: Only this call's.
    """
    found: list[dict[str, Any]] = []
    for folder in province.glob("instances/*/samples"):
        mine = (
            sample
            for sample in _samples(SpoolReader(folder))
            if capability in (None, sample["capability"])
            and request_id in (None, sample["request_id"])
        )
        found += deque(mine, last)
    return sorted(found, key=lambda sample: str(sample["at"]))[-last:]


def _samples(reader: SpoolReader) -> Iterator[dict[str, Any]]:
    for epoch in reader.epochs():
        after = reader.first(epoch) - 1
        while True:
            try:
                records = reader.read(epoch, after, _AT_ONCE)
            except SpoolDamaged as damage:
                after = damage.last  # given up meanwhile for newer ones, or broken
                continue
            except FileNotFoundError:
                break  # the oldest part just went
            if not records:
                break
            for record in records:
                yield json.loads(record.payload)
            after = records[-1].seq
