"""From bytes to a batch that is understood record by record, or a refusal that names the record."""

import base64
import binascii
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

from pydantic import ValidationError

from capability_sdk.contracts.errors import BodyTooLarge
from capability_sdk.contracts.telemetry import (
    HealthReport,
    ProfileEnvelope,
    QualityCounts,
    RecordKind,
    TelemetryBatch,
    TelemetryRecord,
)
from center.operations.domain import KINDS, Batch, Body, Record, require_order
from center.operations.errors import TelemetryRefused, UnreadableBody

MAX_INFLATED_BYTES = 16 << 20
"""Largest body after inflating; a full batch of usage records takes about 1 MiB."""

MAX_RECORD_CHARS = 1 << 20
"""Largest profile or health report."""

MAX_ROWS = 10**8
MAX_CONFUSION_CELLS = 20_000

_MODELS = {kind: model for model, kind in KINDS.items()}


async def inflate(chunks: AsyncIterator[bytes], encoding: str, budget: int) -> bytes:
    """Collect a body, inflating it where it is gzip'd, within a budget of bytes.

    Args:
        chunks: The body as it comes.
        encoding: ``Content-Encoding``; empty, ``identity`` or ``gzip``.
        budget: Bytes that the inflated body may have; memory stays near it whatever comes.

    Raises:
        BodyTooLarge: There is more; nothing behind the budget was inflated.
        UnreadableBody: The encoding is unknown, or the body is not in it.
    """
    if encoding.lower() not in ("", "identity", "gzip"):
        raise UnreadableBody("Content-Encoding may be gzip or identity.")
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16) if encoding.lower() == "gzip" else None
    body = bytearray()
    async for chunk in chunks:
        body += chunk if inflater is None else _inflated(inflater, chunk, budget + 1 - len(body))
        if len(body) > budget:
            raise BodyTooLarge(f"The body has more than {budget} bytes.", limit=budget)
    if inflater is not None and not inflater.eof:
        raise UnreadableBody("The gzip'd body ends too early.")
    return bytes(body)


def _inflated(inflater: Any, chunk: bytes, room: int) -> bytes:  # noqa: ANN401 - zlib names no type
    try:
        plain: bytes = inflater.decompress(chunk, room)
    except zlib.error as error:
        raise UnreadableBody("The body is not gzip.") from error
    if inflater.unused_data:
        raise UnreadableBody("Something follows the gzip'd body.")
    return plain


def read_batch(body: bytes) -> Batch:
    """Understand a whole batch.

    Raises:
        TelemetryRefused: A record, or the batch around the records, cannot be right.
        UnreadableBody: The body is no JSON.
    """
    try:
        plain = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableBody("The body is no JSON.") from error
    try:
        batch = TelemetryBatch.model_validate(plain)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise TelemetryRefused(
            f"{where}: {first['msg']}", seq=_seq_at(plain, first["loc"])
        ) from error
    records = tuple(_understand(record) for record in batch.records)
    require_order(records)
    return Batch(batch.stream, batch.epoch, records, batch.lost)


def _seq_at(plain: Any, location: tuple[int | str, ...]) -> int | None:  # noqa: ANN401 - JSON
    """Number of the record that an error's location lies in, if it has one."""
    match location:
        case ("records", int(index), *_):
            record = plain["records"][index]
            seq = record.get("seq") if isinstance(record, dict) else None
            return seq if type(seq) is int else None
    return None


def understand(kind: str, body: Any) -> Body:  # noqa: ANN401 - JSON
    """Read one record's content.

    Raises:
        ValidationError: It is not what its kind asks for.
    """
    return _MODELS[RecordKind(kind)].model_validate(body)


def _understand(record: TelemetryRecord) -> Record:
    try:
        body = understand(record.kind, record.body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _refused(record, f"{where}: {first['msg']}") from error
    if isinstance(body, ProfileEnvelope):
        _check_profile(record, body)
    elif isinstance(body, QualityCounts):
        _check_quality(record, body)
    elif isinstance(body, HealthReport) and len(json.dumps(record.body)) > MAX_RECORD_CHARS:
        raise _refused(record, f"the report has more than {MAX_RECORD_CHARS} characters")
    return Record(record.seq, body)


def _check_profile(record: TelemetryRecord, envelope: ProfileEnvelope) -> None:
    if len(envelope.profile) > MAX_RECORD_CHARS:
        raise _refused(record, f"the profile has more than {MAX_RECORD_CHARS} characters")
    if envelope.rows > MAX_ROWS:
        raise _refused(record, f"one envelope of more than {MAX_ROWS} rows")
    try:
        base64.b64decode(envelope.profile, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _refused(record, "the profile is not Base64") from error


def _check_quality(record: TelemetryRecord, counts: QualityCounts) -> None:
    cells = [(cell.predicted, cell.actual) for cell in counts.confusion]
    if len(cells) > MAX_CONFUSION_CELLS or len(set(cells)) != len(cells):
        raise _refused(record, "too many confusion cells, or one of them twice")
    if counts.predictions > MAX_ROWS or sum(c.count for c in counts.confusion) > MAX_ROWS:
        raise _refused(record, f"one record of more than {MAX_ROWS} rows")


def _refused(record: TelemetryRecord, why: str) -> TelemetryRefused:
    return TelemetryRefused(f"Record {record.seq} ({record.kind}): {why}.", seq=record.seq)
