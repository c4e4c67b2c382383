"""Usage as CSV: written to a file first, so that neither memory nor the database waits for readers."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import IO, Any

from fastapi.responses import StreamingResponse

from center.operations.domain import UsageDimension
from center.operations.rows import FIGURES

_SHOWN = (*FIGURES, "p50_ms", "p99_ms", "daily_quota")
_IN_MEMORY_BYTES = 1 << 20
_CHUNK_BYTES = 64 << 10


def csv_of(
    groups: Iterable[Mapping[str, Any]],
    by: Sequence[UsageDimension],
    headers: Mapping[str, str] | None = None,
) -> StreamingResponse:
    """Answer with a line for each group: its dimensions, then its figures."""
    file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 - `_chunks` closes it
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    names = (*by, *_SHOWN)
    writer.writerow(names)
    writer.writerows([_plain(group[name]) for name in names] for group in groups)
    text.detach()
    file.seek(0)
    return StreamingResponse(_chunks(file), media_type="text/csv", headers=headers)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with closing(file):
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _plain(value: Any) -> Any:  # noqa: ANN401 - a member of any type
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
