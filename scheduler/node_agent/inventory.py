"""What this machine offers: found once, at the start."""

import importlib.util
import os
import re
import socket
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from capability_sdk.contracts.manifest import AlgorithmFamily, Engine
from capability_sdk.contracts.nodes import NodeMetadata
from capability_sdk.sandbox import why_no_code

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
"""Engines that are libraries; `triton` needs a server, so it must be stated."""


def describe_machine(
    node: str | None,
    families: Sequence[AlgorithmFamily],
    engines: Sequence[Engine] | None,
) -> NodeMetadata:
    """Describe this machine.

    Args:
        node: Its name; the host name if None.
        families: Algorithm families that it offers.
        engines: Engines that it offers; those that are installed if None.
    """
    return NodeMetadata(
        node=node or host_name(),
        epoch=int(time.time()),
        families=list(families),
        engines=list(installed_engines() if engines is None else engines),
        cpu_millicores=len(os.sched_getaffinity(0)) * 1000,
        memory_mib=max(_memory_bytes() // _MIB, 1),
    )


def host_name() -> str:
    """Return the host name, in the characters that identifiers may have."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname()).strip("-._")[:100] or "node"


def installed_engines() -> list[Engine]:
    """Return the engines that can serve here: a library is installed, code can be confined."""
    found = [engine for engine, module in _MODULES.items() if importlib.util.find_spec(module)]
    return found if why_no_code() else [*found, Engine.PYTHON]


def _memory_bytes() -> int:
    total = int(psutil.virtual_memory().total)
    for file in _MEMORY_LIMITS:
        try:
            total = min(total, int(file.read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue
    return total
