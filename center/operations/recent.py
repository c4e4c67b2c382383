"""Usage of the last day by five minutes: who calls, who is limited, what fails, how slow it is."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from center.operations.domain import SlotKey, UsageSum
from center.operations.rows import LATENCY_COLUMNS, UsageHourRow, UsageSlotRow

NO_DETAIL = dict.fromkeys(("failures", "throttled", *LATENCY_COLUMNS), 0)
"""What a new row of usage begins with, beside its own figures."""


def add_detail(row: UsageHourRow | UsageSlotRow, usage: UsageSum) -> None:
    """Add failures, limited calls and latencies to a row."""
    row.failures += usage.failures
    row.throttled += usage.throttled
    for name, calls in zip(LATENCY_COLUMNS, usage.latency, strict=True):
        if calls:
            setattr(row, name, getattr(row, name) + calls)


class SlotStore:
    """Slots of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, sums: Mapping[SlotKey, UsageSum]) -> None:
        """Add to the slots; the caller holds the province's lock."""
        for key, usage in sorted(sums.items(), key=lambda item: item[0]):
            names = {name: getattr(key, name) for name in SlotKey.__dataclass_fields__}
            row = self._session.get(UsageSlotRow, tuple(names.values()))
            if row is None:
                row = UsageSlotRow(**names, calls=0, **NO_DETAIL)
                self._session.add(row)
            row.calls += usage.calls
            add_detail(row, usage)

    def forget(self, before: datetime) -> None:
        """Delete slots that began before a moment; the hourly totals stay."""
        self._session.execute(delete(UsageSlotRow).where(UsageSlotRow.slot < before))
