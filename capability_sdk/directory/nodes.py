"""Node metadata in a directory: strings on the way there, plausible facts on the way back."""

import json
import re
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from capability_sdk.contracts.nodes import NodeMetadata
from capability_sdk.directory.errors import NodeRejected
from capability_sdk.directory.ports import Entry

NODES = "nodes"
"""The service that nodes register under."""

_FIELD = "node"
_MAX_MEMORY_MIB_PER_CORE = 1 << 20
_MAX_LABELS = 32
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/+-]{0,99}\Z")
"""What a person or a program may show of a node without looking at it again."""


def node_entry(metadata: NodeMetadata, address: str = "") -> Entry:
    """Write a node's metadata as an entry of the directory."""
    text = metadata.model_dump_json(by_alias=True, exclude_defaults=True)
    return Entry(NODES, metadata.node, address, {_FIELD: text}, metadata.epoch)


def read_node(entry: Entry) -> NodeMetadata:
    """Read a node's metadata back, trusting nothing of it.

    Raises:
        NodeRejected: It is missing, damaged or absurd; the message says why.
    """
    text = entry.metadata.get(_FIELD)
    if text is None:
        raise NodeRejected(f"Node {entry.instance} reports no metadata.", node=entry.instance)
    try:
        content = json.loads(text)
    except ValueError as error:
        raise NodeRejected(
            f"The metadata of node {entry.instance} is not JSON.", node=entry.instance
        ) from error
    return check_node(entry.instance, content)


def check_node(name: str, content: dict[str, Any]) -> NodeMetadata:
    """Hold what a node says about itself to the contract and to plausibility.

    Args:
        name: Name that the node is registered under.
        content: Members of `NodeMetadata`, unverified.

    Raises:
        NodeRejected: A member is missing, out of bounds, or contradicts another.
    """
    try:
        metadata = NodeMetadata.model_validate(content)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise NodeRejected(f"The metadata of node {name} is refused: {problems}", node=name) from (
            error
        )
    contradiction = _contradiction(name, metadata)
    if contradiction:
        raise NodeRejected(f"The metadata of node {name} is refused: {contradiction}", node=name)
    return metadata


def _contradiction(name: str, metadata: NodeMetadata) -> str:
    cores = metadata.cpu_millicores / 1000
    findings = {
        "it is registered under another name than it states": metadata.node != name,
        "it supports no engine": not metadata.engines,
        "it supports no algorithm family": not metadata.families,
        "it has GPU shares but names no GPU model": bool(
            metadata.gpu_milli and not metadata.gpu_model
        ),
        "its memory does not fit its cores": metadata.memory_mib
        > max(cores, 1) * _MAX_MEMORY_MIB_PER_CORE,
        "it carries too many labels": len(metadata.labels) > _MAX_LABELS,
        "a label or its GPU model has other characters than letters, digits, . _ / + - and spaces": (
            not all(_PLAIN.match(text) for text in _words(metadata))
        ),
    }
    return "; ".join(text for text, is_so in findings.items() if is_so)


def _words(metadata: NodeMetadata) -> Iterator[str]:
    """Yield the texts that a node chooses freely; a label may have no value."""
    yield from metadata.labels
    yield from filter(None, metadata.labels.values())
    if metadata.gpu_model is not None:
        yield metadata.gpu_model
