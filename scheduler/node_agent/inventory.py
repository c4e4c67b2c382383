"""What this machine offers: found once, at the start."""

import importlib.util
import logging
import os
import re
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from capability_sdk.contracts.manifest import AlgorithmFamily, Engine
from capability_sdk.contracts.nodes import NodeMetadata
from capability_sdk.gate.node_score import node_score
from capability_sdk.sandbox import why_no_code
from capability_sdk.serving.triton.installation import TritonMissing, find_triton
from scheduler.domain import DEVICE_MILLI
from scheduler.node_agent.gpus import find_gpus

_log = logging.getLogger(__name__)
_MIB = 1 << 20
_MEMORY_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
_MODULES = {
    Engine.ONNX: "onnxruntime",
    Engine.XGBOOST: "xgboost",
    Engine.LIGHTGBM: "lightgbm",
}
"""Engines that are libraries."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a person says of a machine.

    Attributes:
        node: Its name; the host name if None.
        families: Algorithm families that it offers.
        engines: Engines that it offers; those that are installed if None.
        triton: Python environment that holds a tritonserver, where there is one.
        labels: What else people want to know it by.
    """

    node: str | None = None
    families: Sequence[AlgorithmFamily] = tuple(AlgorithmFamily)
    engines: Sequence[Engine] | None = None
    triton: Path | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


def describe_machine(offer: Offer) -> NodeMetadata:
    """Describe this machine: what it has is looked up, how fast it is is measured (0.1 s)."""
    gpus = find_gpus()
    engines = installed_engines(offer.triton) if offer.engines is None else offer.engines
    return NodeMetadata(
        node=offer.node or host_name(),
        epoch=int(time.time()),
        families=list(offer.families),
        engines=list(engines),
        cpu_millicores=len(os.sched_getaffinity(0)) * 1000,
        memory_mib=max(_memory_bytes() // _MIB, 1),
        gpu_model=gpus.model,
        gpu_milli=gpus.count * DEVICE_MILLI,
        cpu_score=round(node_score(), 1),
        labels=dict(offer.labels),
    )


def host_name() -> str:
    """Return the host name, in the characters that identifiers may have."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname()).strip("-._")[:100] or "node"


def installed_engines(triton: Path | None) -> list[Engine]:
    """Return the engines that can serve here: a library is installed, code can be confined.

    Args:
        triton: Python environment that holds a tritonserver, where there is one.
    """
    found = [engine for engine, module in _MODULES.items() if importlib.util.find_spec(module)]
    if why_no_code() is None:
        found.append(Engine.PYTHON)
    if triton is not None and _has_triton(triton):
        found.append(Engine.TRITON)
    return found


def _has_triton(environment: Path) -> bool:
    if importlib.util.find_spec("tritonclient") is None:
        _log.warning("engine triton is not offered: pip install 'jiuzhou[triton]'")
        return False
    try:
        find_triton(environment)
    except TritonMissing as error:
        _log.warning("engine triton is not offered: %s", error)
        return False
    return True


def _memory_bytes() -> int:
    total = int(psutil.virtual_memory().total)
    for file in _MEMORY_LIMITS:
        try:
            total = min(total, int(file.read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue
    return total
