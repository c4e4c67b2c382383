"""Calls that a subscription's limits turn away: counted, and written down by the second.

A flood has to stay cheap, so a refused call costs no write. What was counted and is not written yet
when a gateway is killed, a second of refusals at most, is lost; never an answered call. On an
orderly stop it is written.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Final

import orjson

from edge_gateway.errors import RateLimited
from edge_gateway.gateway.admission import Gate
from edge_gateway.gateway.messages import RequestIds
from edge_gateway.gateway.metering import Meter

WRITE_SECONDS: Final = 1.0

MOST_SUBSCRIPTIONS: Final = 10_000
"""What is counted apart within a second; calls of further subscriptions stand in metrics alone."""

_Whose = tuple[str, str, str]
"""Application, subscription and capability."""


class TurnedAway:
    """Counts calls that were answered with 429, for the usage records that stand for them."""

    def __init__(self, meter: Meter, *, most: int = MOST_SUBSCRIPTIONS) -> None:
        self._meter = meter
        self._most = most
        self._ids = RequestIds()
        self._counts: dict[_Whose, int] = {}
        self._not_taken: list[bytes] = []

    def count(self, gate: Gate) -> None:
        """Count a call that a gate or a quota refused; a trial is nobody's usage."""
        if not gate.units:
            return
        terms = gate.subscription
        whose = (terms.application, terms.id, terms.capability)
        known = self._counts.get(whose, 0)
        if known or len(self._counts) < self._most:
            self._counts[whose] = known + 1

    def write(self) -> None:
        """Put what was counted into the spool; what that does not take waits, and fails no call."""
        if self._meter.is_blocked:
            return
        # The same record once more, not another: in strict mode the spool may hold it all the same.
        records, self._not_taken = self._not_taken, []
        if not records:
            counts, self._counts = self._counts, {}
            records = [self._record(whose, calls) for whose, calls in counts.items()]
        for record in records:
            self._meter.record(record, partial(self._released, record))

    def _record(self, whose: _Whose, calls: int) -> bytes:
        application, subscription, capability = whose
        return orjson.dumps(
            {
                "request_id": self._ids.next().decode(),
                "at": datetime.now(UTC),
                "application": application,
                "subscription": subscription,
                "capability": capability,
                "version": None,
                "status": RateLimited.status,
                "units": 0,
                "latency_us": 0,
                "request_bytes": 0,
                "response_bytes": 0,
                "turned_away": calls,
            }
        )

    def _released(self, record: bytes, is_recorded: bool) -> None:
        if not is_recorded:
            self._not_taken.append(record)
