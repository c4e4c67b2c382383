"""Anchored counts as whylogs profiles, and the egress gate's decoder of them.

The only module that imports whylogs. The decoder does not trust whylogs to read: it takes the
container apart itself and accepts exactly the bytes that `to_whylogs` writes for some counts.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import numpy as np

from capability_sdk.contracts.profiles import ColumnAnchors
from capability_sdk.kit.light import past_the_door_of, without
from capability_sdk.profiling.cells import pack, unpack
from capability_sdk.profiling.columns import COLUMN_NAME
from capability_sdk.profiling.errors import AnchorMismatch, ForeignContent

# whylogs reports its use to its makers unless it is told not to before it is imported.
os.environ["WHYLOGS_NO_ANALYTICS"] = "True"
# The name that numpy 2 dropped; whylogs 1.6.4 is frozen and still asks for it.
vars(np).setdefault("unicode_", np.str_)
# Its face brings the client of its makers' service, and its optional libraries 100 MiB (ADR 2).
with (
    past_the_door_of("whylogs", "whylogs.api"),
    without("PIL", "pandas", "scipy", "sklearn"),
):
    from google.protobuf.message import DecodeError
    from whylogs.core.configs import SummaryConfig
    from whylogs.core.metrics.metrics import Metric, MetricConfig, OperationResult, custom_metric
    from whylogs.core.preprocessing import PreprocessedColumn
    from whylogs.core.proto import (
        ChunkHeader,
        ChunkMessage,
        DatasetProfileHeader,
        MetricComponentMessage,
        MetricMessage,
    )
    from whylogs.core.view.column_profile_view import ColumnProfileView
    from whylogs.core.view.dataset_profile_view import (
        WHYLOGS_MAGIC_HEADER_BYTES,
        DatasetProfileView,
    )

NAMESPACE = "jiuzhou.anchored_counts"
_COMPONENT = "cells"
_PATH = f"{NAMESPACE}/{_COMPONENT}"
_TYPE_ID = 100
# The window travels in the envelope: equal counts are equal bytes.
_NO_TIME = datetime.fromtimestamp(0, UTC)
_MAX_BYTES = 8 << 20
# An empty segment header follows the magic bytes: no segments.
_BEGIN: bytes = WHYLOGS_MAGIC_HEADER_BYTES + b"\0"


@custom_metric
@dataclass(frozen=True)
class AnchoredCounts(Metric):  # type: ignore[misc]  # whylogs ships no types
    """Counts of one column in its anchored cells; adds up with counts of the same anchors."""

    cells: tuple[int, ...] = ()

    @property
    def namespace(self) -> str:
        """Name under which whylogs keeps the metric."""
        return NAMESPACE

    @classmethod
    def zero(cls, config: MetricConfig | None = None) -> Self:  # noqa: ARG003 - whylogs' signature
        """Return no counts at all."""
        return cls()

    def merge(self, other: Self) -> Self:
        """Add up; no counts at all are neutral.

        Raises:
            AnchorMismatch: The numbers of cells differ.
        """
        if not self.cells or not other.cells:
            return type(self)(self.cells or other.cells)
        if len(self.cells) != len(other.cells):
            raise AnchorMismatch("Counts of different anchors do not add up.")
        return type(self)(tuple(a + b for a, b in zip(self.cells, other.cells, strict=True)))

    def get_component_paths(self) -> list[str]:
        """Name the one component."""
        return [_COMPONENT]

    def to_protobuf(self) -> MetricMessage:
        """Write the counts as one component of packed varints."""
        packed = MetricComponentMessage(type_id=_TYPE_ID, serialized_bytes=pack(self.cells))
        return MetricMessage(metric_components={_COMPONENT: packed})

    @classmethod
    def from_protobuf(cls, msg: MetricMessage) -> Self:
        """Read what `to_protobuf` wrote."""
        return cls(tuple(unpack(msg.metric_components[_COMPONENT].serialized_bytes)))

    def to_summary_dict(self, cfg: SummaryConfig | None = None) -> dict[str, Any]:  # noqa: ARG002 - whylogs' signature
        """Show the counts to whylogs' own readers."""
        return {_COMPONENT: list(self.cells), "n": sum(self.cells)}

    def columnar_update(self, data: PreprocessedColumn) -> OperationResult:  # noqa: ARG002 - whylogs' signature
        """Refuse nothing and count nothing: the counters count, whylogs only carries."""
        return OperationResult.ok(0)


def to_whylogs(counts: Mapping[str, Sequence[int]], anchors: Sequence[ColumnAnchors]) -> bytes:
    """Write counts as a whylogs profile.

    Args:
        counts: Column to cells, in the order of the anchors' cells.
        anchors: Columns that the counts belong to.

    Returns:
        A serialized whylogs profile whose only metric is `AnchoredCounts`.

    Raises:
        AnchorMismatch: Columns or cells are not those of the anchors.
    """
    _check_shape(counts, anchors)
    return _encode(counts)


def from_whylogs(
    profile: bytes, anchors: Sequence[ColumnAnchors] | None = None
) -> dict[str, list[int]]:
    """Read counts, and make sure that there is nothing else in the bytes.

    Args:
        profile: What `to_whylogs` wrote, here or elsewhere.
        anchors: Columns that the counts must belong to; without, only the form is checked.

    Raises:
        ForeignContent: The profile holds anything but anchored counts: another metric, metadata,
            time stamps, unknown fields, trailing bytes.
        AnchorMismatch: Columns or cells are not those of the anchors.
    """
    if len(profile) > _MAX_BYTES:
        raise ForeignContent(f"A profile has at most {_MAX_BYTES} bytes.")
    try:
        counts = _decode(profile)
    except (DecodeError, ValueError, IndexError) as error:
        raise ForeignContent("The profile is no whylogs profile of anchored counts.") from error
    if anchors is not None:
        _check_shape(counts, anchors)
    return counts


def _check_shape(counts: Mapping[str, Sequence[int]], anchors: Sequence[ColumnAnchors]) -> None:
    expected = {column.column: column.cells for column in anchors}
    if {name: len(cells) for name, cells in counts.items()} != expected:
        different = sorted(
            name
            for name in expected.keys() | counts.keys()
            if expected.get(name) != len(counts.get(name, ()))
        )
        raise AnchorMismatch(
            f"Columns or cells differ from the anchors: {', '.join(different[:5])}."
        )


def _encode(counts: Mapping[str, Sequence[int]]) -> bytes:
    columns = {
        name: ColumnProfileView({NAMESPACE: AnchoredCounts(tuple(cells))})
        for name, cells in counts.items()
    }
    view = DatasetProfileView(
        columns=columns, dataset_timestamp=_NO_TIME, creation_timestamp=_NO_TIME
    )
    written: bytes = view.serialize()
    return written


def _decode(profile: bytes) -> dict[str, list[int]]:
    header, body = _split(profile)
    counts: dict[str, list[int]] = {}
    for name in sorted(header.column_offsets):
        if not COLUMN_NAME.fullmatch(name):
            raise ForeignContent("A column's name is not one that a manifest can have.")
        (offset,) = header.column_offsets[name].offsets
        counts[name] = _cells(body, offset)
    # What was understood, written again, must be what came. The order of a header's map is free,
    # so the header is compared as a message; equal lengths leave no room for unknown fields.
    written = _encode(counts)
    if len(written) != len(profile) or _split(written) != (header, body):
        raise ForeignContent("The profile carries something else than anchored counts.")
    return counts


def _split(profile: bytes) -> tuple[DatasetProfileHeader, bytes]:
    if not profile.startswith(_BEGIN):
        raise ForeignContent("The profile does not begin like an unsegmented whylogs profile.")
    size, start = _varint(profile, len(_BEGIN))
    header = DatasetProfileHeader.FromString(profile[start : start + size])
    return header, profile[start + size :]


def _cells(body: bytes, offset: int) -> list[int]:
    size, start = _varint(body, offset)
    chunk_header = ChunkHeader.FromString(body[start : start + size])
    begin = start + size
    chunk = ChunkMessage.FromString(body[begin : begin + chunk_header.length])
    (component,) = chunk.metric_components.values()
    return unpack(component.serialized_bytes)


def _varint(content: bytes, start: int) -> tuple[int, int]:
    """Read a length and tell where it ends."""
    number = 0
    for index in range(4):
        byte = content[start + index]
        number |= (byte & 0x7F) << 7 * index
        if byte < 0x80:  # noqa: PLR2004 - the high bit says that more follows
            return number, start + index + 1
    raise ForeignContent("A length in the profile is not plausible.")
