"""Ships every stream of the spool to the center, and goes back when the center asks for it.

A record counts as delivered only once the center has answered that it applied it. What the center
applied less of than was acknowledged, because it came back from a backup, is sent again from the
segments that are kept.
"""

import asyncio
import gzip
import json
import logging
import re
import time
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import httpx
from pydantic import ValidationError

from capability_sdk.contracts.telemetry import (
    LostRecords,
    RecordKind,
    TelemetryAnswer,
    TelemetryBatch,
    TelemetryRecord,
)
from capability_sdk.spool import Record, SpoolDamaged, SpoolReader, reported_end, retire, set_aside
from edge_gateway.agent.backlog import Backlog, Place, Watermarks
from edge_gateway.agent.center import Center
from edge_gateway.agent.egress import EgressGate
from edge_gateway.agent.errors import CenterAway, CenterRefused, EgressRefused
from edge_gateway.agent.pauses import BackOff

_log = logging.getLogger(__name__)

_STREAM = re.compile(r"(usage)-\d{1,3}|(profile)|(quality)|(health)|(issuance)")
_BATCH_RECORDS = 500
_BATCH_BYTES = 4 << 20
_FAST_SECONDS = 0.25
_SLOW_SECONDS = 1.0
_HOLD_SECONDS = 15.0
_PROBE_SECONDS = 300.0
_RETIRE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class _Batch:
    """Records ready to leave, and the last sequence number before them."""

    place: Place
    after: int
    body: bytes
    last: int


class Shipper:
    """Sends the streams in turn, one batch each, so that none of them starves."""

    def __init__(
        self,
        center: Center,
        spool: Path,
        gate: EgressGate,
        marks: Watermarks,
        *,
        keep: timedelta,
        longest_delay: float,
    ) -> None:
        self._center = center
        self._spool = spool
        self._gate = gate
        self._marks = marks
        self._ends = Backlog(spool, marks)
        self._keep = keep
        self._back_off = BackOff(longest_delay)
        self._readers: dict[str, SpoolReader] = {}
        self._hold_until: dict[Place, float] = {}
        self._probed_at: dict[Place, float] = {}
        self._given_up: dict[Place, int] = {}
        self._retired_at = time.monotonic()
        self.held: dict[Place, str] = {}
        """Streams that stand still until a person has looked, with the reason."""

    async def run(self) -> None:
        """Ship for good: at once while there is something, with growing pauses while there is not."""
        pause = _FAST_SECONDS
        while True:
            try:
                shipped = await self._round()
            except CenterAway as error:
                _log.debug("telemetry waits: %s", error)
                # It may come back from a backup.
                self._probed_at.clear()
                await asyncio.sleep(self._back_off.failed())
                continue
            self._back_off.succeeded()
            pause = _FAST_SECONDS if shipped else min(pause * 1.5, _SLOW_SECONDS)
            if shipped < _BATCH_RECORDS:
                await asyncio.sleep(pause)

    async def _round(self) -> int:
        shipped = 0
        for place in await asyncio.to_thread(self._places):
            if self._hold_until.get(place, 0.0) > time.monotonic():
                continue
            try:
                batch = await asyncio.to_thread(self._next_batch, place)
                if batch is not None:
                    await self._send(batch)
                    shipped += batch.last - batch.after
                self._release(place, batch)
            except (SpoolDamaged, EgressRefused, CenterRefused) as error:
                self._hold(place, str(error))
        if time.monotonic() - self._retired_at > _RETIRE_SECONDS:
            self._retired_at = time.monotonic()
            await asyncio.to_thread(self._retire)
        return shipped

    def _places(self) -> list[Place]:
        names = [path.name for path in self._spool.iterdir() if _STREAM.fullmatch(path.name)]
        return [(name, epoch) for name in sorted(names) for epoch in self._reader(name).epochs()]

    def _reader(self, stream: str) -> SpoolReader:
        return self._readers.setdefault(stream, SpoolReader(self._spool / stream))

    def _next_batch(self, place: Place) -> _Batch | None:
        """Make the next batch of a place: what is new, or now and then what was sent last."""
        mark = self._marks.get(place)
        try:
            after, records = self._read(place, mark)
            if not records and (end := reported_end(self._spool / place[0], place[1], after)):
                raise end
        except SpoolDamaged as damage:
            return self._give_up(place, mark or 0, damage)
        if not records and mark:
            after, records = mark - 1, self._probe(place, mark)
        if not records:
            return None
        self._probed_at[place] = time.monotonic()
        cleared = self._cleared(place, records)
        batch = TelemetryBatch(stream=place[0], epoch=place[1], records=cleared)
        return _Batch(place, after, _packed(batch), cleared[-1].seq)

    def _probe(self, place: Place, mark: int) -> list[Record]:
        """Take what was sent last: sent again, it shows whether the center still has it."""
        if time.monotonic() < self._probed_at.get(place, -_PROBE_SECONDS) + _PROBE_SECONDS:
            return []
        try:
            return self._reader(place[0]).read(place[1], mark - 1, 1)
        except SpoolDamaged:
            return []  # it was delivered once, and there is nothing else to ask with

    def _give_up(self, place: Place, after: int, damage: SpoolDamaged) -> _Batch:
        """Name records that cannot be read any more, so that those behind them can follow."""
        stream, epoch = place
        if place not in self._given_up or damage.last > self._given_up[place]:
            self._given_up[place] = damage.last
            _log.error("records of %s are lost: %s", stream, damage)
            set_aside(self._spool / stream, damage)
        # Only the numbers: the center has no use for the name of a file.
        lost = LostRecords(first=after + 1, last=damage.last, reason=damage.reason)
        batch = TelemetryBatch(stream=stream, epoch=epoch, lost=lost)
        return _Batch(place, after, _packed(batch), damage.last)

    def _read(self, place: Place, mark: int | None) -> tuple[int, list[Record]]:
        stream, epoch = place
        after = mark or 0
        try:
            return after, self._reader(stream).read(epoch, after, _BATCH_RECORDS)
        except SpoolDamaged as error:
            if mark is not None:
                raise
            # The agent forgot how far it was, and the first segments are gone: the center knows.
            after = error.last
            return after, self._reader(stream).read(epoch, after, _BATCH_RECORDS)

    def _cleared(self, place: Place, records: list[Record]) -> list[TelemetryRecord]:
        """Pass records through the gate, as far as the first that it refuses.

        Raises:
            EgressRefused: Already the first one is refused.
        """
        found = _STREAM.fullmatch(place[0])
        assert found is not None  # noqa: S101 - `_places` lists no other streams
        kind = RecordKind(found[found.lastindex or 0])
        cleared: list[TelemetryRecord] = []
        size = 0
        for record in records:
            size += len(record.payload)
            if cleared and size > _BATCH_BYTES:
                break
            try:
                body = self._gate.body(kind, record.payload)
            except EgressRefused:
                if not cleared:
                    raise
                break
            cleared.append(TelemetryRecord(seq=record.seq, kind=kind, body=body))
        return cleared

    async def _send(self, batch: _Batch) -> None:
        answer = await self._ask(batch)
        applied = answer.applied_through
        if applied > batch.last and applied > await asyncio.to_thread(self._ends.last, batch.place):
            raise CenterRefused(
                f"The center has applied up to {applied}, and the spool ends before that: another"
                " copy of this province may be reporting.",
                center_status=HTTPStatus.CONFLICT,
            )
        if applied < batch.after:
            _log.warning("%s/%d goes back from %d to %d", *batch.place, batch.after, applied)
            self._probed_at.clear()  # the other streams may have lost records as well
        await asyncio.to_thread(self._marks.put, batch.place, applied)

    async def _ask(self, batch: _Batch) -> TelemetryAnswer:
        try:
            response = await self._center.send(
                "POST",
                f"/api/v1/edges/{self._center.edge}/telemetry",
                content=batch.body,
                headers={"content-type": "application/json", "content-encoding": "gzip"},
                timeout=httpx.Timeout(30.0, connect=5.0),
            )
        except CenterRefused as error:
            if error.center_code != "telemetry-gap":
                raise
            return _answer(json.dumps(error.problem).encode())
        return _answer(response.content)

    def _hold(self, place: Place, reason: str) -> None:
        if self.held.get(place) != reason:
            _log.error("stream %s/%d stands still: %s", *place, reason)
        self.held[place] = reason
        self._hold_until[place] = time.monotonic() + _HOLD_SECONDS

    def _release(self, place: Place, batch: _Batch | None) -> None:
        if batch is not None and self.held.pop(place, None) is not None:
            _log.info("stream %s/%d goes on", *place)

    def _retire(self) -> None:
        for place in self._places():
            applied = self._marks.get(place)
            if applied:
                retire(self._spool / place[0], place[1], applied, keep=self._keep)


def _packed(batch: TelemetryBatch) -> bytes:
    return gzip.compress(batch.model_dump_json(by_alias=True).encode(), 6, mtime=0)


def _answer(content: bytes) -> TelemetryAnswer:
    try:
        return TelemetryAnswer.model_validate_json(content)
    except ValidationError:
        raise CenterRefused(
            "The center's answer to telemetry is not understood.", center_status=HTTPStatus.OK
        ) from None
