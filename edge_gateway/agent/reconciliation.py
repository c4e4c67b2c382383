"""Holds a province's own usage spool against what the center counted, call by call.

The spool is the gateway's access log: it has a record of every answered call, and one of those that
were turned away within a second. Calls that the center has not acknowledged yet wait; one that it
acknowledged must be counted there, once, and nothing else may be.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from capability_sdk.client import CenterClient
from capability_sdk.contracts.errors import Unavailable
from capability_sdk.contracts.telemetry import UsageRecord
from capability_sdk.spool import SpoolReader
from edge_gateway.agent.backlog import Place, Watermarks
from edge_gateway.agent.database import AgentDatabase
from edge_gateway.agent.identity import read_identity

_AT_ONCE = 5000
_PAGE = 500
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Without a beginning the center shows the last 30 days alone."""

_TRIES = 5

Name = tuple[str, int]
"""Request id, and how many calls stand behind it."""

Group = tuple[str, str, str]
"""Hour as the center counts it (RFC 3339), application and capability."""


@dataclass(frozen=True, slots=True)
class SpooledCall:
    """One record of the usage spool.

    Attributes:
        calls: How many it stands for.
        is_acknowledged: By the center, says the agent.
    """

    request_id: str
    at: datetime
    calls: int
    is_acknowledged: bool

    @property
    def name(self) -> Name:
        """What the center must know it by."""
        return self.request_id, self.calls


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What the comparison came to.

    Attributes:
        begins: Calls answered before this were not compared: the spool no longer holds them all.
        spooled: Calls of the spool since then.
        counted: Calls of them that the center counted.
        waiting: Calls that the center has not acknowledged yet.
        uncounted: Ids of calls that the center acknowledged and did not count.
        unspooled: Ids of calls that the center counted and the spool does not hold.
        totals: For each hour, application and capability whose total at the center is not the sum
            of its single calls there: the total, and the sum.
    """

    begins: datetime | None
    spooled: int
    counted: int
    waiting: int
    uncounted: list[str]
    unspooled: list[str]
    totals: dict[Group, tuple[int, int]]

    @property
    def agrees(self) -> bool:
        """Whether every book says the same."""
        return not (self.uncounted or self.unspooled or self.totals)


def reconcile(folder: Path, center: CenterClient, begins: datetime | None) -> Reconciliation:
    """Compare a province's spool with the center; the province may be running.

    Args:
        folder: The province's folder.
        center: The center, as somebody who may read the province's calls.
        begins: Compare calls answered from here on; None: all that the spool holds.

    Raises:
        NotEnrolled: The folder holds no enrolled province.
        SpoolDamaged: The spool cannot be read.
        Unavailable: New calls were counted all the while.
    """
    province = read_identity(folder).province
    # In this order, a record that is acknowledged now is counted in what the center says next,
    # and what the center counted is in the spool that is read last.
    acknowledged = _acknowledged(folder)
    hour = begins and begins.replace(minute=0, second=0, microsecond=0)
    totals, calls = _center_books(center, province, hour)
    spooled, oldest = _spooled(folder / "spool", acknowledged, begins)
    since = max(filter(None, (begins, oldest)), default=None)
    here = {call.name: call for call in spooled if _is_in(call.at, since)}
    there = {
        (call["request_id"], call["calls"])
        for call in calls
        if _is_in(datetime.fromisoformat(call["at"]), since)
    }
    uncounted = here.keys() - there
    waiting = {name for name in uncounted if not here[name].is_acknowledged}
    return Reconciliation(
        begins=since,
        spooled=_sum(here.keys()),
        counted=_sum(here.keys() & there),
        waiting=_sum(waiting),
        uncounted=_ids(uncounted - waiting),
        unspooled=_ids(there - here.keys()),
        totals=_differing(totals, calls),
    )


def _sum(names: Iterable[Name]) -> int:
    return sum(calls for _, calls in names)


def _ids(names: Iterable[Name]) -> list[str]:
    return sorted(request_id for request_id, _ in names)


def _is_in(moment: datetime, begins: datetime | None) -> bool:
    return begins is None or moment >= begins


def _acknowledged(folder: Path) -> dict[Place, int]:
    database = AgentDatabase(folder / "agent.db")
    try:
        return Watermarks(database).applied()
    finally:
        database.close()


def _spooled(
    spool: Path, acknowledged: Mapping[Place, int], begins: datetime | None
) -> tuple[list[SpooledCall], datetime | None]:
    """Read the calls of all usage streams, and from when on the spool holds every call."""
    found: list[SpooledCall] = []
    complete_since: list[datetime] = []
    for folder in sorted(spool.glob("usage-*")):
        oldest: datetime | None = None
        for call in _calls(folder, acknowledged):
            oldest = call.at if oldest is None else min(oldest, call.at)
            if _is_in(call.at, begins):
                found.append(call)
        complete_since += [] if oldest is None else [oldest]
    return found, max(complete_since, default=None)


def _calls(folder: Path, acknowledged: Mapping[Place, int]) -> Iterator[SpooledCall]:
    reader = SpoolReader(folder)
    for epoch in reader.epochs():
        mark = acknowledged.get((folder.name, epoch), 0)
        after = reader.first(epoch) - 1
        while records := reader.read(epoch, after, _AT_ONCE):
            for record in records:
                usage = UsageRecord.model_validate_json(record.payload)
                if usage.trial:  # the center counts those with their token, not call by call
                    continue
                is_acknowledged = record.seq <= mark
                yield SpooledCall(usage.request_id, usage.at, usage.calls, is_acknowledged)
            after = records[-1].seq


def _center_books(
    center: CenterClient, province: str, begins: datetime | None
) -> tuple[dict[Group, int], list[dict[str, Any]]]:
    """Read totals and single calls of one moment."""
    since = (begins or _EVER).isoformat()
    for _ in range(_TRIES):
        before = _totals(center, province, since)
        calls = list(
            center.pages("/usage/calls", province=province, limit=_PAGE, **{"from": since})
        )
        if _totals(center, province, since) == before:
            return before, calls
    raise Unavailable("New calls are counted all the while: try again when there are fewer.")


def _totals(center: CenterClient, province: str, since: str) -> dict[Group, int]:
    found: dict[Group, int] = {}
    by = "province,hour,application,capability"
    for item in center.pages("/usage", by=by, limit=10_000, **{"from": since}):
        if item["province"] == province:
            found[item["hour"], item["application"], item["capability"]] = item["calls"]
    return found


def _differing(
    totals: Mapping[Group, int], calls: Iterable[Mapping[str, Any]]
) -> dict[Group, tuple[int, int]]:
    sums: Counter[Group] = Counter()
    for call in calls:
        sums[call["hour"], call["application"], call["capability"]] += call["calls"]
    return {
        group: (totals.get(group, 0), sums[group])
        for group in sorted(totals.keys() | sums.keys())
        if totals.get(group, 0) != sums[group]
    }
