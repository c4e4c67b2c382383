"""A simulated edge: enrolled like any other, and speaking with the same client."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count, dropwhile, islice
from pathlib import Path
from typing import Any

from capability_sdk.contracts.telemetry import MAX_BATCH, RecordKind, TelemetryAnswer
from deploy.fleet.records import Records
from edge_gateway.agent.center import Center, open_http
from edge_gateway.agent.credential import Credential
from edge_gateway.agent.errors import CenterAway
from edge_gateway.agent.identity import read_identity, read_key

_EPOCH = 1
"""The spool of a simulated edge is its story, which never begins anew."""

_FAST = 1
_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between attempts while the center cannot serve."""

_Numbered = tuple[int, tuple[RecordKind, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class SimulatedEdge:
    """Sends telemetry as one province's edge."""

    center: Center

    async def ship(self, stream: str, records: Records) -> int:
        """Send what the center does not have yet of a stream.

        Args:
            stream: Name of the stream.
            records: All of it, from the first record on.

        Returns:
            How many records were sent; those of the first batch may have been known.
        """
        numbered = zip(count(1), records, strict=False)
        first = list(islice(numbered, MAX_BATCH))
        if not first:
            return 0
        applied = await self._send(stream, first)
        sent = len(first)
        fresh = dropwhile(lambda item: item[0] <= applied, numbered)
        while batch := list(islice(fresh, MAX_BATCH)):
            await self._send(stream, batch)
            sent += len(batch)
        return sent

    async def _send(self, stream: str, batch: Sequence[_Numbered]) -> int:
        content = {
            "schema": 1,
            "stream": stream,
            "epoch": _EPOCH,
            "records": [{"seq": seq, "kind": kind, "body": body} for seq, (kind, body) in batch],
        }
        body = gzip.compress(json.dumps(content).encode(), compresslevel=_FAST)
        for pause in _PAUSES:
            try:
                return await self._post(body)
            except CenterAway:
                # A busy center says so; as with any edge, what was not applied is sent again.
                await asyncio.sleep(pause)
        return await self._post(body)

    async def _post(self, body: bytes) -> int:
        answer = await self.center.send(
            "POST",
            f"/api/v1/edges/{self.center.edge}/telemetry",
            content=body,
            headers={"content-type": "application/json", "content-encoding": "gzip"},
        )
        return TelemetryAnswer.model_validate_json(answer.content).applied_through


@asynccontextmanager
async def open_edge(folder: Path) -> AsyncIterator[SimulatedEdge]:
    """Open the edge that a folder was enrolled as.

    Raises:
        NotEnrolled: The folder holds no identity.
    """
    identity = read_identity(folder)
    async with open_http(identity.center_url) as http:
        credential = Credential(http, identity.edge, read_key(folder))
        yield SimulatedEdge(Center(http, credential, identity.edge))
