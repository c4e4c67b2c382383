"""whylogs as the wire format: what it carries, and that it carries nothing else."""

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

# The carrier comes first: it prepares the import of whylogs.
from capability_sdk.profiling.carrier import NAMESPACE, AnchoredCounts, from_whylogs, to_whylogs

# isort: split
from whylogs.core.view.column_profile_view import ColumnProfileView
from whylogs.core.view.dataset_profile_view import DatasetProfileView

from capability_sdk.contracts.profiles import CategoricalAnchors, ColumnAnchors, NumericAnchors
from capability_sdk.profiling.anchors import build_reference
from capability_sdk.profiling.cells import pack, unpack
from capability_sdk.profiling.columns import Tensor
from capability_sdk.profiling.counters import AnchoredCounters
from capability_sdk.profiling.errors import AnchorMismatch, ForeignContent
from tests.unit.capability_sdk.serving.packages import manifest

ROOT = Path(__file__).parents[4]
ANCHORS: list[ColumnAnchors] = [
    NumericAnchors(column="x[0]", edges=[0.0, 1.0, 2.0]),
    NumericAnchors(column="x[1]", edges=[0.0, 1.0, 2.0]),
    CategoricalAnchors(column="c", levels=["a", "b"]),
]
COUNTS = {"x[0]": [0, 1, 2, 3, 400, 2**53], "x[1]": [0] * 6, "c": [1, 2, 3, 4, 500]}


def run(program: str) -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in os.environ.items() if "WHYLOGS" not in name}
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=environment, check=False, capture_output=True)


def test_counts_come_back_as_they_went() -> None:
    profile = to_whylogs(COUNTS, ANCHORS)

    assert from_whylogs(profile, ANCHORS) == COUNTS
    assert from_whylogs(profile) == COUNTS
    assert to_whylogs(COUNTS, ANCHORS) == profile


def test_whylogs_own_reader_sees_the_columns_and_merges_by_addition() -> None:
    small = {column: [min(count, 7) for count in counts] for column, counts in COUNTS.items()}
    view = DatasetProfileView.deserialize(to_whylogs(small, ANCHORS))

    merged = view.merge(DatasetProfileView.deserialize(to_whylogs(small, ANCHORS)))

    assert set(merged.get_columns()) == set(COUNTS)
    assert merged.get_column("c").to_summary_dict()[f"{NAMESPACE}/cells"] == [2, 4, 6, 8, 14]
    doubled = {column: [2 * count for count in counts] for column, counts in small.items()}
    assert from_whylogs(merged.serialize(), ANCHORS) == doubled


def test_counts_of_other_anchors_do_not_add_up() -> None:
    with pytest.raises(AnchorMismatch, match="do not add up"):
        AnchoredCounts((1, 2)).merge(AnchoredCounts((1, 2, 3)))


@pytest.mark.parametrize(
    "counts",
    [{**COUNTS, "c": [1, 2, 3, 4]}, {**COUNTS, "d": [1]}, {"x[0]": COUNTS["x[0]"]}],
)
def test_counts_that_do_not_fit_the_anchors_are_refused_both_ways(
    counts: dict[str, list[int]],
) -> None:
    with pytest.raises(AnchorMismatch):
        to_whylogs(counts, ANCHORS)
    view = DatasetProfileView.deserialize(to_whylogs(COUNTS, ANCHORS))
    other = DatasetProfileView(
        columns={
            name: ColumnProfileView({NAMESPACE: AnchoredCounts(tuple(cells))})
            for name, cells in counts.items()
        },
        dataset_timestamp=view.dataset_timestamp,
        creation_timestamp=view.creation_timestamp,
    )
    with pytest.raises(AnchorMismatch):
        from_whylogs(other.serialize(), ANCHORS)


def test_M17_a_profile_of_whylogs_own_making_is_foreign() -> None:
    result = run(
        "import sys; from capability_sdk.profiling import carrier; import whylogs;"
        "view = whylogs.log(row={'phone': '13912345678', 'x': 1.5}).view();"
        "sys.stdout.buffer.write(view.serialize())"
    )
    assert b"13912345678" in result.stdout, result.stderr

    with pytest.raises(ForeignContent):
        from_whylogs(result.stdout)


@pytest.mark.parametrize("member", ["metadata", "time", "trailing", "name", "empty"])
def test_M17_anything_beside_the_counts_is_foreign(member: str) -> None:
    view = DatasetProfileView.deserialize(to_whylogs(COUNTS, ANCHORS))
    if member == "metadata":
        view.metadata["phone"] = "13912345678"
    elif member == "time":
        view.set_dataset_timestamp(view.dataset_timestamp.replace(year=2026))
    elif member == "name":
        columns = {"139 1234 5678": view.get_column("c")}
        view = DatasetProfileView(
            columns=columns,
            dataset_timestamp=view.dataset_timestamp,
            creation_timestamp=view.creation_timestamp,
        )
    profile = view.serialize()
    profile = {"trailing": profile + b"13912345678", "empty": b""}.get(member, profile)

    with pytest.raises(ForeignContent):
        from_whylogs(profile)


@given(position=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_M17_a_changed_byte_makes_other_counts_or_is_refused(position: int, byte: int) -> None:
    profile = bytearray(to_whylogs(COUNTS, ANCHORS))
    profile[position % len(profile)] = byte

    try:
        counts = from_whylogs(bytes(profile), ANCHORS)
    except (ForeignContent, AnchorMismatch):
        return
    # What is let through is some counts' own writing: there is no room for anything else.
    assert len(to_whylogs(counts, ANCHORS)) == len(profile)


@given(st.binary(max_size=300))
def test_M17_bytes_that_are_no_profile_are_refused(content: bytes) -> None:
    for profile in (content, b"WHY1" + content, b"WHY1\0" + content):
        with pytest.raises(ForeignContent):
            from_whylogs(profile, ANCHORS)


@given(st.lists(st.integers(0, 2**53), max_size=80))
def test_packed_counts_come_back(counts: list[int]) -> None:
    assert unpack(pack(counts)) == counts


@pytest.mark.parametrize(
    "packed",
    [b"", b"\x02\x00", b"\x01", b"\x01\x01", b"\x01\x81\x00\x05", b"\x01\x01\x85\x00", b"\x01\xff"],
)
def test_other_spellings_of_counts_are_refused(packed: bytes) -> None:
    with pytest.raises(ForeignContent):
        unpack(packed)


def test_M17_no_raw_value_is_in_any_byte_of_a_profile() -> None:
    generator = np.random.default_rng(11)
    declared = manifest(
        inputs=[
            {"name": "x", "datatype": "FP64", "shape": [3]},
            {"name": "phone", "datatype": "INT64"},
            {"name": "c", "datatype": "BYTES", "levels": ["a", "b"]},
        ]
    )
    training: dict[str, Tensor] = {
        "x": generator.normal(size=(500, 3)),
        "phone": generator.integers(13_000_000_000, 13_999_999_999, 500),
        "c": np.array(["a", "b"] * 250, dtype=np.object_),
    }
    reference = build_reference(training, declared)
    floats = generator.normal(size=(200, 3))
    phones = generator.integers(13_000_000_000, 13_999_999_999, 200)
    texts = np.array([str(phone) for phone in phones], dtype=np.object_)
    counters = AnchoredCounters(reference)
    counters.add({"x": floats, "phone": phones, "c": texts})

    profile = to_whylogs(counters.drain(), reference.columns)

    for content in (profile, zlib.compress(profile)):
        for phone in phones.tolist():
            for form in (str(phone).encode(), struct.pack("<q", phone), struct.pack(">q", phone)):
                assert form not in content
        for value in floats.ravel().tolist():
            assert struct.pack("<d", value) not in content
            assert struct.pack("<f", value) not in content


def test_it_is_light_and_opens_no_connection() -> None:
    result = run(
        """
import sys
tried = []
sys.addaudithook(lambda event, _: tried.append(event)
                 if event in ("socket.connect", "socket.getaddrinfo") else None)
from capability_sdk.contracts.profiles import CategoricalAnchors
from capability_sdk.profiling.carrier import from_whylogs, to_whylogs
anchors = [CategoricalAnchors(column="c", levels=["a"])]
assert from_whylogs(to_whylogs({"c": [1, 2, 3, 4]}, anchors), anchors)
import threading
for thread in threading.enumerate():
    if thread is not threading.main_thread():
        thread.join(5)
assert not tried, tried
heavy = [name for name in ("scipy", "sklearn", "pandas") if name in sys.modules]
assert not heavy, heavy
import scipy, sklearn  # still there for whoever needs them
"""
    )

    assert result.returncode == 0, result.stderr.decode()
