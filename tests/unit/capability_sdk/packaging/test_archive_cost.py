"""P03: a bomb costs at most 64 MiB of memory and a second of CPU, measured in a process of its own."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.capability_sdk.packaging import forge

_READ = """\
import json, resource, sys
from pathlib import Path
from capability_sdk.packaging import archive
from capability_sdk.packaging.errors import PackageRefused
before = resource.getrusage(resource.RUSAGE_SELF)
try:
    archive.read(Path(sys.argv[1]))
    refused = False
except PackageRefused:
    refused = True
after = resource.getrusage(resource.RUSAGE_SELF)
cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(json.dumps({"refused": refused, "cpu": cpu, "kib": after.ru_maxrss - before.ru_maxrss}))
"""


def _fields_bomb() -> bytes:
    # Names the key of external data, so that the exact walk starts, then millions of fields.
    graph = b"\x0a\x08location" + b"\x10\x01" * (4 << 20)
    return b"\x08\x08" + b"\x3a" + _varint(len(graph)) + graph


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _depth_bomb() -> bytes:
    inner = b"\x0a\x08location"
    for level in range(4_998):
        tag = (b"\x32", b"\x2a", b"\x0a")[level % 3]  # attribute.g, node.attribute, graph.node
        inner = tag + _varint(len(inner)) + inner
    return b"\x08\x08" + b"\x3a" + _varint(len(inner)) + inner


BOMBS: dict[str, Callable[[], bytes]] = {
    "zeros": lambda: forge.zeros_gzip(1 << 30),
    "one-big-file": lambda: gzip.compress(
        forge.tar(forge.entry("model/w.txt", b"tree\n" + b"ab" * (60 << 20)))
    ),
    "million-entries": lambda: gzip.compress(forge.entry("README.md") * 1_000_000, 1),
    "million-breaks": lambda: gzip.compress(forge.entry("../x") * 1_000_000, 1),
    "onnx-fields": lambda: forge.packed(
        content=forge.files(**{"model/model.onnx": _fields_bomb()})
    ),
    "onnx-depth": lambda: forge.packed(content=forge.files(**{"model/model.onnx": _depth_bomb()})),
    "toml": lambda: forge.packed(
        content=forge.files(**{"capability.toml": b"a" + b".a" * 30_000 + b" = 1"})
    ),
    "toml-tables": lambda: forge.packed(
        content=forge.files(**{"capability.toml": b"".join(b"[a%d.b]\n" % n for n in range(6_000))})
    ),
}


@pytest.mark.parametrize("case", BOMBS)
def test_a_bomb_is_refused_cheaply(case: str, tmp_path: Path) -> None:
    upload = tmp_path / "upload"
    upload.write_bytes(BOMBS[case]())

    command = [sys.executable, "-c", _READ, str(upload)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    cost = json.loads(done.stdout)

    assert cost["refused"]
    assert cost["cpu"] <= 1.0
    assert cost["kib"] <= 64 * 1024
