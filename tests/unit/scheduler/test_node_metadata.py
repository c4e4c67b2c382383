"""What nodes say about themselves is held to plausibility before anything is placed on them."""

import json
from typing import Any

import pytest

from capability_sdk.directory.errors import NodeRejected
from capability_sdk.directory.nodes import check_node, node_entry, read_node
from capability_sdk.directory.ports import Entry

SOUND: dict[str, Any] = {
    "node": "node-a",
    "epoch": 1,
    "families": ["mlp"],
    "engines": ["onnx"],
    "cpu_millicores": 2000,
    "memory_mib": 8192,
}


def test_metadata_survives_the_way_through_the_directory() -> None:
    metadata = check_node("node-a", SOUND)

    assert read_node(node_entry(metadata)) == metadata


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"cpu_millicores": -5}, "cpu_millicores"),
        ({"cpu_millicores": 10**9}, "cpu_millicores"),
        ({"gpu_milli": 10**9, "gpu_model": "A100"}, "gpu_milli"),
        ({"gpu_milli": 1000}, "names no GPU model"),
        ({"memory_mib": 60_000_000}, "does not fit its cores"),
        ({"engines": ["<script>"]}, "engines"),
        ({"engines": []}, "no engine"),
        ({"families": []}, "no algorithm family"),
        ({"node": "node-b"}, "another name"),
        ({"labels": {str(i): "" for i in range(100)}}, "too many labels"),
        ({"labels": {"zone": "<script>alert(1)</script>"}}, "other characters"),
        ({"gpu_model": "A100\nx: y", "gpu_milli": 1000}, "other characters"),
        ({"cpu_score": -1}, "cpu_score"),
        ({"cpu_score": 10**9}, "cpu_score"),
        ({"memory_mib": None}, "memory_mib"),
    ],
)
def test_E07_absurd_metadata_is_rejected_with_its_reason(
    change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(NodeRejected, match=reason):
        check_node("node-a", SOUND | change)


@pytest.mark.parametrize("metadata", [{}, {"node": "no json"}, {"node": "[]"}])
def test_missing_or_damaged_metadata_is_rejected(metadata: dict[str, str]) -> None:
    with pytest.raises(NodeRejected, match="node-a"):
        read_node(Entry("nodes", "node-a", metadata=metadata))


def test_a_missing_member_is_named() -> None:
    short = {name: value for name, value in SOUND.items() if name != "cpu_millicores"}

    with pytest.raises(NodeRejected, match="cpu_millicores: Field required"):
        read_node(Entry("nodes", "node-a", metadata={"node": json.dumps(short)}))
